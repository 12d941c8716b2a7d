//! `list`: the lists and their settings.

mod clone;
mod posts;
mod preview;
mod stats;

use mailjam_rpc::records::{Change, List, Role, SettingSchema, UpdateOptions};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{number, whole, words};
use crate::output::{Screen, clean, or_dash};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::{DRY_RUN, FILTER, LIMIT, LIST, YES, confirm, setting};

const SETTINGS: Arg =
    Arg::new("setting", Form::Any, "KEY=VALUE", "Setting; \"list settings\" explains them").names(Names::Setting);
const CHANGES: Arg =
    Arg::new("setting", Form::Several, "KEY=VALUE", "Setting; KEY= sets it back to its default").names(Names::Setting);
const NEW_LIST: Arg = Arg::new("address", Form::Required, "ADDRESS", "Posting address, such as talk@lists.example.org")
    .names(Names::NewList);
const OWNER: Arg = Arg::new("owner", Form::Repeated, "ADDRESS", "Owner of the list; may be repeated");
const REVISION: Arg = Arg::new("if-revision", Form::Value, "N", "Refuse if somebody else has changed the list since")
    .names(Names::Number);
const NEW_ADDRESS: Arg =
    Arg::new("new-address", Form::Required, "NEW-ADDRESS", "New posting address").names(Names::NewList);
const LAST: Arg =
    Arg::new("last", Form::Value, "N", "Look at the last N posts, 1000 at most; else at 100").names(Names::Number);
const LAST_POSTS: Arg = Arg::new("last", Form::Value, "N", "The last N, 200 at most; else 20").names(Names::Number);
const DAYS: Arg = Arg::new("days", Form::Value, "N", "Of the last N days; else of 30").names(Names::Number);

pub const NOUN: Command = Command::group(
    "list",
    "Mailing lists and their settings",
    &[
        Command::new("list", "Show all lists", &["list.list"], &[FILTER, LIMIT], list),
        Command::new("show", "Show one list", &["list.get", "list.settings.schema", "role.list"], &[LIST], show)
            .alias("get"),
        Command::new("create", "Create a list", &["list.create", "role.grant"], &[NEW_LIST, SETTINGS, OWNER], create)
            .details("A missing domain is created as well. The mail server learns of a new list by \"mta-config postfix --maps\"."),
        Command::new(
            "clone",
            "Create a list that is like another one, without its members",
            &["list.get", "list.create", "role.list", "role.grant", "ban.list", "ban.add", "template.get", "template.set"],
            &[LIST, NEW_ADDRESS, SETTINGS],
            clone::clone,
        )
        .details("Settings, owners, moderators, bans and texts are those of the other; KEY=VALUE makes exceptions."),
        Command::new("set", "Change settings of a list", &["list.update"], &[LIST, CHANGES, DRY_RUN, REVISION], set)
            .alias("update")
            .details(
                "\
All of the settings are changed or, on an error, none. header and footer may have several lines: header=@FILE takes \
them from a file.",
            ),
        Command::new(
            "preview",
            "Show which of the last posts other settings would treat differently",
            &["list.preview"],
            &[LIST, CHANGES, LAST],
            preview::preview,
        )
        .details("Nothing is changed. Posts that were refused are not stored, so they are not looked at."),
        Command::new("posts", "Show the last posts", &["list.posts"], &[LIST, LAST_POSTS], posts::posts)
            .details("Those that went to the members, as long as they are kept: see the setting retention."),
        Command::new("settings", "Explain all settings", &["list.settings.schema"], &[], settings),
        Command::new("stats", "Count members, posts and what waits", &["list.stats"], &[LIST, DAYS], stats::stats),
        Command::new("delete", "Delete a list with its members, roles and queue", &["list.delete"], &[LIST, YES], delete),
        Command::new("rename", "Give a list another address", &["list.rename"], &[LIST, NEW_ADDRESS], rename)
            .details("Its list-id stays, so that the filters of its members keep working."),
        Command::new("close", "Refuse posts until the list is reopened", &["list.get", "list.close"], &[LIST], close),
        Command::new("reopen", "Take posts again", &["list.get", "list.reopen"], &[LIST], reopen),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "list.list",
        called: "lists",
        columns: [words("LIST"), number("MEMBERS"), whole("STATE"), words("DESCRIPTION")],
        row: |list: List| {
            let description = list.settings.get("description").map(setting::display).unwrap_or_default();
            [list.address, list.members.to_string(), state(list.closed).to_owned(), description]
        },
    }
    .show(session, args, &[], &[("filter", args.optional("filter"))])
}

fn state(closed: bool) -> &'static str {
    if closed { "closed" } else { "open" }
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let name = text(args.text("list"));
    if session.json {
        return session.show("list.get", vec![name], |_, _: List| ());
    }
    let list: List = session.ask("list.get", vec![name.clone()])?;
    let schema: Vec<SettingSchema> = session.ask("list.settings.schema", vec![])?;
    let roles: Vec<Role> = session.ask("role.list", vec![name])?;
    let screen = &mut session.screen;
    let title = screen.title(&list.address);
    writeln!(screen, "{title}");
    let state = screen.state(state(list.closed));
    let mut fields = vec![
        ("list-id", clean(&list.list_id).into_owned()),
        ("state", state),
        ("members", list.members.to_string()),
        ("created", list.created.to_string()),
        ("revision", list.revision.to_string()),
    ];
    for role in ["owner", "moderator"] {
        let people: Vec<_> =
            roles.iter().filter(|known| known.role == role).map(|known| clean(&known.address)).collect();
        fields.push((role, or_dash(&people.join(", "))));
    }
    screen.fields(2, &fields);

    let title = screen.title("Settings");
    writeln!(screen, "\n{title}");
    let fields: Vec<(&str, String)> = list
        .settings
        .iter()
        .map(|(key, value)| {
            let value = setting::display(value);
            let default = schema.iter().find(|known| known.key == *key).map(|known| known.default.as_str());
            match default {
                Some(default) if !default.is_empty() && default != value => {
                    (key.as_str(), format!("{value}  (default: {})", clean(default)))
                }
                _ => (key.as_str(), value),
            }
        })
        .collect();
    screen.fields(2, &fields);
    Ok(Outcome::Done)
}

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    let settings = setting::parse(&args.many("setting"))?;
    session.show("list.create", vec![text(address), param(settings)], |screen, list: List| {
        writeln!(screen, "created {} (list-id {})", list.address, list.list_id);
    })?;
    let mut outcome = Outcome::Done;
    for owner in args.many("owner") {
        match session.ask::<bool>("role.grant", vec![text(address), text(owner), text("owner")]) {
            Ok(_) if session.json => {}
            Ok(_) => writeln!(session.screen, "owner {owner}"),
            // The list exists by now, so this is no failure of the whole.
            Err(Error::Fault { fault, .. }) => {
                session.screen.complain(format_args!("owner {owner}: {}", fault.text()));
                outcome = Outcome::SomeRefused;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(outcome)
}

fn set(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let settings = setting::parse(&args.many("setting"))?;
    let dry_run = args.flag("dry-run");
    let options = UpdateOptions { if_revision: args.number("if-revision"), dry_run: dry_run.then_some(true) };
    let params = vec![text(args.text("list")), param(settings), param(options)];
    session.show("list.update", params, |screen, changes: Vec<Change>| show_changes(screen, &changes, dry_run))
}

/// What changed, from what to what.
fn show_changes(screen: &mut Screen, changes: &[Change], dry_run: bool) {
    if changes.is_empty() {
        writeln!(screen, "nothing to change");
    }
    let would = if dry_run { "would change " } else { "" };
    for Change { key, from, to } in changes {
        let shown = |value: &str| or_dash(&setting::one_line(value));
        writeln!(screen, "{would}{}: {} → {}", clean(key), shown(from), shown(to));
    }
}

fn settings(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("list.settings.schema", vec![], |screen, schema: Vec<SettingSchema>| {
        for (position, setting) in schema.iter().enumerate() {
            let key = screen.title(&setting.key);
            let gap = if position > 0 { "\n" } else { "" };
            writeln!(screen, "{gap}{key} = {}  (default: {})", clean(&setting.r#type), or_dash(&setting.default));
            for line in screen.wrap(&setting.help, 2) {
                writeln!(screen, "  {line}");
            }
        }
    })
}

fn delete(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let name = args.text("list");
    if !args.flag("yes") {
        confirm::somebody_there(session, || format!("deleting {name}"))?;
        let List { address, members, .. } = session.ask("list.get", vec![text(name)])?;
        let what = format!("This deletes {address} with its {members} members, roles and queue, for good.");
        confirm::by_typing(&what, &address)?;
    }
    session.show("list.delete", vec![text(name)], |screen, _: bool| writeln!(screen, "deleted {name}"))
}

fn rename(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (old, new) = (args.text("list"), args.text("new-address"));
    session.show("list.rename", vec![text(old), text(new)], |screen, list: List| {
        writeln!(screen, "address: {old} → {} (list-id {} stays)", list.address, list.list_id);
    })
}

fn close(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    open_or_close(session, args.text("list"), "list.close")
}

fn reopen(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    open_or_close(session, args.text("list"), "list.reopen")
}

fn open_or_close(session: &mut Session, name: &str, method: &'static str) -> Result<Outcome, Error> {
    let before: List = session.ask("list.get", vec![text(name)])?;
    session.show(method, vec![text(name)], |screen, _: bool| {
        let (from, to) = (state(before.closed), state(method == "list.close"));
        if from == to {
            writeln!(screen, "{} is {to} already", before.address);
        } else {
            writeln!(screen, "{}: {from} → {to}", before.address);
        }
    })
}
