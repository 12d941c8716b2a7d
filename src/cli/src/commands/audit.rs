//! `audit`: what was changed and decided.

use mailjam_rpc::records::{AuditEntry, Verified};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::or_dash;
use crate::output::table::{whole, words};
use crate::session::{Session, understand};

use super::LIMIT;
use super::collection::Collection;

const OF_LIST: Arg = Arg::new("list", Form::Value, "LIST", "Only what was done to this list").names(Names::List);
const BY_OR_TO: Arg = Arg::new("address", Form::Value, "ADDRESS", "Only what ADDRESS did, or had done to it");

pub const NOUN: Command = Command::group(
    "audit",
    "What was changed and decided, and by whom",
    &[
        Command::new("list", "Show entries, the newest first", &["audit.list"], &[OF_LIST, BY_OR_TO, LIMIT], list)
            .details("--json has the numbers of the entries as well."),
        Command::new("verify", "Make sure that no entry was changed or removed", &["audit.verify"], &[], verify)
            .details("Entries whose contents were erased do not count as changed."),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "audit.list",
        called: "entries",
        columns: [whole("AT"), words("ACTION"), words("WHO"), words("ABOUT"), words("CHANGE")],
        row,
    }
    .show(session, args, &[], &[("list", args.optional("list")), ("address", args.optional("address"))])
}

fn row(entry: AuditEntry) -> [String; 5] {
    let AuditEntry { at, action, erased, who, how, list, target, before, after, .. } = entry;
    let (at, nothing) = (at.to_string(), || "-".to_owned());
    if erased {
        return [at, action, "(erased)".to_owned(), nothing(), nothing()];
    }
    let about = match (target.as_str(), list.as_str()) {
        (target, "") => or_dash(target),
        ("", list) => list.to_owned(),
        (target, list) => format!("{target} on {list}"),
    };
    let change = match (before.as_str(), after.as_str()) {
        ("", after) => or_dash(after),
        (before, after) => format!("{before} → {}", or_dash(after)),
    };
    [at, action, if how.is_empty() { who } else { format!("{who} ({how})") }, about, change]
}

fn verify(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    const METHOD: &str = "audit.verify";
    let answer = session.call(METHOD, vec![])?;
    let Verified { ok, entries, erased, first_bad } = understand(METHOD, answer.clone())?;
    if session.json {
        session.screen.json(&answer);
    }
    if !ok {
        return Err(Error::AuditBroken { entry: first_bad.unwrap_or_else(|| "-".to_owned()) });
    }
    if !session.json {
        writeln!(session.screen, "the audit holds: {entries} entries, the contents of {erased} of them erased");
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use mailjam_rpc::Time;

    use super::*;

    fn shown(list: &str, target: &str, before: &str, after: &str) -> [String; 2] {
        let text = str::to_owned;
        let [.., about, change] = row(AuditEntry {
            id: text("7"),
            at: Time(1_795_509_000),
            action: text("member.update"),
            erased: false,
            who: text("root"),
            how: text("control"),
            list: text(list),
            target: text(target),
            before: text(before),
            after: text(after),
        });
        [about, change]
    }

    #[test]
    fn what_it_was_about_and_what_changed_are_one_cell_each() {
        assert_eq!(shown("talk@x", "ann@y", "post", "nomail"), ["ann@y on talk@x", "post → nomail"]);
        assert_eq!(shown("talk@x", "", "", "new"), ["talk@x", "new"]);
        assert_eq!(shown("", "y.org", "old", ""), ["y.org", "old → -"]);
        assert_eq!(shown("", "", "", ""), ["-", "-"]);
    }
}
