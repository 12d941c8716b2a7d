//! `config`: lists as a file describes them: what differs, how that is made good, and how such a file is had.
//!
//! [`document`] is the file, [`state`] what the daemon has in the same shape, [`plan`](mod@plan) the calls that make
//! one of the other.

pub mod document;
pub mod plan;
pub mod state;

use std::collections::BTreeSet;
use std::path::Path;

use mailjam_rpc::Value;
use mailjam_rpc::records::{List, Page, Query};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::{Error, name_of};
use crate::output::replace_file;
use crate::session::{Session, param, text};

use document::Document;
use plan::{Part, Plan};

const FILE: Arg =
    Arg::new("file", Form::Required, "FILE", "File that describes lists; - for standard input").names(Names::File);
const LISTS: Arg =
    Arg::new("list", Form::Any, "LIST", "Only these lists; else all, and what is for the site").names(Names::List);
const OUTPUT: Arg =
    Arg::new("output", Form::Value, "FILE", "Write to FILE instead of standard output").names(Names::File);

/// Lists a call.
const PAGE: i32 = 1_000;

/// Names of lists that are told; of more only the number.
const NAMED: usize = 10;

const FORMAT: &str = "\
The file is TOML. What it does not mention stays as it is: lists, and of a list its settings and each of closed, \
owners, moderators, bans and templates. Whom and what one of those names is all that there is of it afterwards.

  [lists.\"talk@lists.example.org\"]
  owners = [\"ann@example.org\"]
  settings.post_policy = \"moderated\"
  settings.subject_prefix = \"[talk]\"
  bans = [{ pattern = \"evil.example\", reason = \"spam\" }]
  templates.welcome.en = \"Subject: Welcome...\"

  [site]
  bans = []

The members of lists are no part of it; \"member sync\" is for those.";

pub const NOUN: Command = Command::group(
    "config",
    "Lists as a file describes them",
    &[
        Command::new("plan", "Show what \"config apply\" would change, change nothing", READ, &[FILE], plan)
            .details(FORMAT),
        Command::new("apply", "Make the lists what a file says", WRITTEN, &[FILE], apply).details(
            "\
It stops at the first error and says what is made by then; the same command again does the rest. Of a list that \
somebody has changed meanwhile no setting is changed. \"config plan\" explains the file.",
        ),
        Command::new("export", "Print such a file of what is there", READ, &[LISTS, OUTPUT], export)
            .details("Settings that have their defaults are left out."),
    ],
);

const READ: &[&str] =
    &["list.list", "list.get", "list.update", "role.list", "ban.list", "template.list", "template.get"];

const WRITTEN: &[&str] = &[
    "list.create",
    "list.update",
    "list.close",
    "list.reopen",
    "role.grant",
    "role.revoke",
    "ban.add",
    "ban.remove",
    "template.set",
    "template.reset",
];

fn plan(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (document, plan) = read(session, args)?;
    if session.json {
        session.screen.json(&plan.to_value());
        return Ok(Outcome::Done);
    }
    for part in &plan.parts {
        title(session, part);
        for step in &part.steps {
            tell(session, &step.lines);
        }
    }
    let (changes, left) = (plan.changes(), others(session, &document)?);
    match changes {
        0 => writeln!(session.screen, "nothing to change"),
        _ => writeln!(session.screen, "changes: {changes}; \"config apply\" makes them"),
    }
    if !left.is_empty() {
        let named = left.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if left.len() > NAMED { format!(" and {} more", left.len() - NAMED) } else { String::new() };
        let note = format!("not in the file, and left alone: {named}{more}");
        session.screen.note(format_args!("{}", session.screen.wrap(&note, 0).join("\n")));
    }
    Ok(Outcome::Done)
}

fn apply(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (_, plan) = read(session, args)?;
    perform(session, &plan)?;
    match plan.changes() {
        _ if session.json => {}
        0 => writeln!(session.screen, "nothing to change"),
        changes => writeln!(session.screen, "changes made: {changes}"),
    }
    Ok(Outcome::Done)
}

/// The file, and what is to be done.
fn read(session: &mut Session, args: &Args<'_>) -> Result<(Document, Plan), Error> {
    let file = args.file("file").unwrap_or(Path::new("-"));
    let document = Document::read(&name_of(file), &session.read(file)?)?;
    let plan = Plan::make(session, &document)?;
    Ok((document, plan))
}

/// Does what was planned, and says each thing when it is done.
///
/// # Errors
/// [`Error::ApplyStopped`] with what is done by then.
pub fn perform(session: &mut Session, plan: &Plan) -> Result<(), Error> {
    let mut done = 0;
    // Whoever stops it is to know what is done.
    session.daemon.finish_calls();
    for part in &plan.parts {
        for (position, step) in part.steps.iter().enumerate() {
            let answer = if session.daemon.is_interrupted() {
                Err(Error::Interrupted)
            } else {
                session.call(step.method, step.params.clone())
            };
            let stopped = |cause| match done {
                0 => cause,
                _ => Error::ApplyStopped { done, planned: plan.changes(), cause: Box::new(cause) },
            };
            let answer = answer.map_err(stopped)?;
            done += step.changes();
            if session.json {
                session.screen.json(&answer);
                continue;
            }
            if position == 0 {
                title(session, part);
            }
            tell(session, &step.lines);
        }
    }
    Ok(())
}

fn title(session: &mut Session, part: &Part) {
    let title = session.screen.title(&part.place);
    writeln!(session.screen, "{title}");
}

fn tell(session: &mut Session, lines: &[(char, String)]) {
    for (mark, line) in lines {
        let line = session.screen.marked(*mark, line);
        writeln!(session.screen, "  {line}");
    }
}

/// Addresses of lists that the file does not mention.
fn others(session: &mut Session, document: &Document) -> Result<Vec<String>, Error> {
    let mentioned: BTreeSet<String> = document.lists.keys().map(|name| name.to_lowercase()).collect();
    let all = match all_lists(session) {
        // Who may not see all of them is not told of others.
        Err(Error::Fault { .. }) => vec![],
        other => other?,
    };
    let names = |list: &List| [&list.address, &list.list_id].map(|name| name.to_lowercase());
    let left = all.into_iter().filter(|list| !names(list).iter().any(|name| mentioned.contains(name)));
    Ok(left.map(|list| list.address).collect())
}

fn all_lists(session: &mut Session) -> Result<Vec<List>, Error> {
    let mut lists = Vec::new();
    let mut cursor = None;
    loop {
        let query = Query { cursor, limit: Some(PAGE), filter: None };
        let page: Page<List> = session.ask("list.list", vec![param(query)])?;
        lists.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(lists);
        }
    }
}

fn export(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let names = args.many("list");
    let mut document = Document::default();
    let lists = if names.is_empty() {
        document.site = state::site(session)?;
        all_lists(session)?
    } else {
        let get = |name: &&str| session.ask("list.get", vec![text(name)]);
        names.iter().map(get).collect::<Result<_, _>>()?
    };
    let defaults = state::defaults(session)?;
    for list in lists {
        let mut described = state::describe(session, &list)?;
        if let Some(settings) = &mut described.settings {
            settings.retain(|key, value| defaults.get(key) != Some(&document::as_text(value)));
        }
        document.lists.insert(list.address, described);
    }
    let written = document.write(&session.daemon.server().to_string())?;
    match args.file("output").filter(|file| *file != Path::new("-")) {
        Some(file) => {
            replace_file(file, written.as_bytes())?;
            let count = document.lists.len();
            session.screen.note(format_args!("lists described in {}: {count}", file.display()));
        }
        None if session.json => session.screen.json(&Value::String(written)),
        None => session.screen.bytes(written.as_bytes()),
    }
    Ok(Outcome::Done)
}
