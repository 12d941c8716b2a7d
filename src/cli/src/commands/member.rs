//! `member`: who is on which list.

use mailjam_rpc::Value;
use mailjam_rpc::records::{Member, MemberAttributes, Membership, RemoveOptions};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{Screen, clean, or_dash};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::{ADDRESS, DRY_RUN, FILTER, LANGUAGE, LIMIT, LIST, MEMBER, MODE, NAME, export, import, moment};

const NEW_MEMBERS: Arg = Arg::new("address", Form::Several, "ADDRESS", "Mail address");
const MEMBERS: Arg = NEW_MEMBERS.names(Names::Member);
const OWN_POSTS: Arg =
    Arg::new("own-posts", Form::Value, "YES-OR-NO", "Whether to send copies of own posts, yes or no")
        .names(Names::Words(&["yes", "no"]));
const POSTING: Arg = Arg::new(
    "posting",
    Form::Value,
    "WHAT",
    "What becomes of the member's posts: accept, hold, refuse or discard; default: as the list's policy says",
)
.names(Names::Words(&["default", "accept", "hold", "refuse", "discard"]));
const WELCOME: Arg = Arg::flag("welcome", "Send the list's welcome to the new members");
const NOTIFY: Arg = Arg::flag("notify", "Tell the people by mail");
const REASON: Arg = Arg::new("reason", Form::Value, "TEXT", "Why, for that mail and for the audit");
const UNTIL: Arg = Arg::new(
    "until",
    Form::Value,
    "T",
    "When mail is sent again: a date or time such as 2027-01-31, or from now on, such as 14d; else from now on",
);
const MESSAGE_ID: Arg = Arg::new("message-id", Form::Required, "MESSAGE-ID", "Message-ID of any post of the thread");
const UNDO: Arg = Arg::flag("undo", "Send the thread again");
const FILE: Arg =
    Arg::new("file", Form::Required, "FILE", "File with one member a line; - for standard input").names(Names::File);
const TO_FILE: Arg =
    Arg::new("file", Form::Optional, "FILE", "File to write; else, and for -, standard output").names(Names::File);
const FORMAT: Arg =
    Arg::new("format", Form::Value, "FORM", "csv, jsonl for one JSON document a line, or text; else csv")
        .names(Names::Words(export::FORMS));
const SORT: Arg =
    Arg::new("sort", Form::Value, "ORDER", "By address, name, since (the oldest first) or newest; else by address")
        .names(Names::Words(&["address", "name", "since", "newest"]));
const OLD: Arg = Arg::new("old", Form::Required, "OLD", "Address so far");
const NEW: Arg = Arg::new("new", Form::Required, "NEW", "Address from now on");
const LISTS: Arg =
    Arg::new("list", Form::Any, "LIST", "Only on these lists; on all, if none is named").names(Names::List);

const FILE_FORMAT: &str = "\
The file is UTF-8, one ADDRESS or Name <ADDRESS> a line; blank lines and lines that begin with # are skipped.";

const IMPORT_DETAILS: &str = "\
The file is UTF-8, one ADDRESS or Name <ADDRESS> a line; blank lines and lines that begin with # are skipped.
Lines that are refused are told on standard error with their number, do not stop the others, and make the exit code 4.
Members are added in portions. After an interruption those of the portions before are members; run it again for the rest.";

pub const NOUN: Command = Command::group(
    "member",
    "Members of lists",
    &[
        Command::new("list", "Show the members of a list", &["member.list"], &[LIST, FILTER, SORT, LIMIT], list),
        Command::new("get", "Show one member", &["member.get"], &[LIST, MEMBER], get).alias("show"),
        Command::new(
            "add",
            "Add members",
            &["member.add"],
            &[LIST, NEW_MEMBERS, NAME, MODE, LANGUAGE, OWN_POSTS, POSTING, WELCOME],
            add,
        ),
        Command::new(
            "update",
            "Change what a member gets and may",
            &["member.get", "member.update"],
            &[LIST, MEMBER, NAME, MODE, LANGUAGE, OWN_POSTS, POSTING],
            update,
        )
        .details("An empty LANGUAGE stands for that of the list."),
        Command::new("remove", "Remove members", &["member.remove"], &[LIST, MEMBERS, NOTIFY, REASON], remove),
        Command::new("pause", "Send a member no mail for a time", &["member.pause"], &[LIST, MEMBER, UNTIL], pause)
            .details("Without --until a pause ends now."),
        Command::new(
            "mute",
            "Send a member nothing more of a thread",
            &["member.mute"],
            &[LIST, MEMBER, MESSAGE_ID, UNDO],
            mute,
        ),
        Command::new("trust", "Let a member post without approval", &["member.trust"], &[LIST, MEMBER], trust),
        Command::new(
            "import",
            "Add the members that a file names",
            &["member.import"],
            &[LIST, FILE, DRY_RUN],
            import::import,
        )
        .details(IMPORT_DETAILS),
        Command::new(
            "sync",
            "Make the members exactly those that a file names",
            &["member.sync"],
            &[LIST, FILE, DRY_RUN],
            import::sync,
        )
        .details(FILE_FORMAT),
        Command::new(
            "export",
            "Write the members of a list to a file",
            &["member.list"],
            &[LIST, TO_FILE, FORMAT],
            export::export,
        )
        .details("What text writes, one Name <ADDRESS> a line, \"member import\" and \"member sync\" read again."),
        Command::new("find", "Show all lists that somebody is a member of", &["member.find"], &[ADDRESS], find),
        Command::new(
            "change-address",
            "Give a member another address on all lists",
            &["member.change_address"],
            &[OLD, NEW, LISTS],
            change_address,
        ),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "member.list",
        called: "members",
        columns: [words("ADDRESS"), whole("MODE"), whole("SINCE"), words("NAME")],
        row: |member: Member| {
            let mode = mode(&member);
            [member.address, mode, member.since.to_string(), or_dash(&member.name)]
        },
    }
    .show(
        session,
        args,
        &[text(args.text("list"))],
        &[("filter", args.optional("filter")), ("sort", args.optional("sort"))],
    )
}

/// What the member gets, or that mail is stopped.
fn mode(member: &Member) -> String {
    if member.disabled.is_some() { "stopped".to_owned() } else { member.mode.clone() }
}

fn get(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let params = vec![text(args.text("list")), text(args.text("address"))];
    session.show("member.get", params, |screen, member: Member| {
        let title = screen.title(&member.address);
        writeln!(screen, "{title}");
        let mut fields = wishes(&member);
        fields.push(("away until", member.away_until.map_or_else(|| "-".to_owned(), |time| time.to_string())));
        if let Some(since) = member.disabled {
            fields.push(("mail stopped", format!("{since}; \"bounce member\" says why")));
        }
        fields.push(("approved posts", member.approved.to_string()));
        fields.push(("since", member.since.to_string()));
        screen.fields(2, &fields);
    })
}

/// What "member update" can change, in words.
fn wishes(member: &Member) -> Vec<(&'static str, String)> {
    let own_posts = if member.own_posts { "yes" } else { "no" };
    vec![
        ("name", or_dash(&member.name)),
        ("mode", or_dash(&member.mode)),
        ("language", or_dash(member.language.as_deref().unwrap_or_default())),
        ("own posts", own_posts.to_owned()),
        ("posting", or_dash(&member.posting)),
    ]
}

fn attributes(args: &Args<'_>) -> MemberAttributes {
    let given = |name| args.optional(name).map(str::to_owned);
    MemberAttributes {
        name: given("name"),
        mode: given("mode"),
        language: given("language"),
        own_posts: args.optional("own-posts").map(|word| word == "yes"),
        posting: given("posting"),
        welcome: None,
    }
}

fn add(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let addresses = args.many("address");
    if addresses.len() > 1 && args.optional("name").is_some() {
        return Err(Error::Contradiction("--name names one member, but there are several addresses"));
    }
    let welcome = args.flag("welcome").then_some(true);
    let attributes = param(MemberAttributes { welcome, ..attributes(args) });
    session.each(&addresses, |session, address| {
        let params = vec![text(args.text("list")), text(address), attributes.clone()];
        session.show("member.add", params, |screen, member: Member| {
            writeln!(screen, "added {}", clean(&member.address))
        })?;
        Ok(())
    })
}

fn update(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let attributes = param(attributes(args));
    if attributes == Value::Struct([].into()) {
        return Err(Error::Contradiction("nothing to change: give one of the options at least"));
    }
    let member = vec![text(args.text("list")), text(args.text("address"))];
    let before: Member = session.ask("member.get", member.clone())?;
    let params = member.into_iter().chain([attributes]).collect();
    session.show("member.update", params, |screen, after: Member| {
        show_changes(screen, &before, &after);
    })
}

/// What changed, from what to what.
fn show_changes(screen: &mut Screen, before: &Member, after: &Member) {
    let pairs = wishes(before).into_iter().zip(wishes(after));
    let changes: Vec<_> = pairs.filter(|((_, from), (_, to))| from != to).collect();
    if changes.is_empty() {
        writeln!(screen, "nothing to change");
    }
    for ((what, from), (_, to)) in changes {
        writeln!(screen, "{}: {what}: {from} → {to}", clean(&after.address));
    }
}

fn remove(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let reason = args.optional("reason").map(str::to_owned);
    let options = RemoveOptions { notify: args.flag("notify").then_some(true), reason };
    session.each(&args.many("address"), |session, address| {
        let params = vec![text(args.text("list")), text(address), param(options.clone())];
        session.show("member.remove", params, |screen, _: bool| writeln!(screen, "removed {address}"))?;
        Ok(())
    })
}

fn pause(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let mut params = vec![text(args.text("list")), text(args.text("address"))];
    params.extend(moment::given(args, "until")?.map(param));
    session.show("member.pause", params, |screen, member: Member| {
        let address = clean(&member.address);
        match member.away_until {
            Some(until) => writeln!(screen, "{address} gets no mail until {until}"),
            None => writeln!(screen, "{address} gets mail again"),
        }
    })
}

fn mute(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (address, thread, undo) = (args.text("address"), args.text("message-id"), args.flag("undo"));
    let mut params = vec![text(args.text("list")), text(address), text(thread)];
    params.extend(undo.then(|| param(false)));
    session.show("member.mute", params, |screen, _: bool| {
        let gets = if undo { "everything" } else { "nothing more" };
        writeln!(screen, "{address} gets {gets} of the thread of {thread}");
    })
}

fn trust(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let params = vec![text(args.text("list")), text(args.text("address"))];
    session.show("member.trust", params, |screen, member: Member| {
        writeln!(screen, "{}: posting: {}", clean(&member.address), clean(&member.posting));
    })
}

fn find(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    session.show("member.find", vec![text(address)], |screen, memberships: Vec<Membership>| {
        if memberships.is_empty() {
            screen.note(format_args!("{address} is a member of no list"));
        }
        let rows: Vec<_> = memberships
            .into_iter()
            .map(|found| [found.list, found.address, found.mode, found.since.to_string(), or_dash(&found.name)])
            .collect();
        let columns = [words("LIST"), words("ADDRESS"), whole("MODE"), whole("SINCE"), words("NAME")];
        Table::new(columns).rows(screen, &rows);
    })
}

fn change_address(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (old, new) = (args.text("old"), args.text("new"));
    let lists = args.many("list");
    let mut params = vec![text(old), text(new)];
    if !lists.is_empty() {
        params.push(param(lists.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    }
    session.show("member.change_address", params, |screen, changed: Vec<String>| {
        for list in &changed {
            writeln!(screen, "{}: {old} → {new}", clean(list));
        }
        if changed.is_empty() {
            writeln!(screen, "nothing to change");
        }
    })
}
