//! `explain`, `check` and `resolve`: what would happen to mail, without sending any.

use std::io::Read;
use std::path::Path;

use mailjam_rpc::records::{CheckRequest, ExplainRequest, Explanation, Resolved, Verdict};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{Screen, clean, or_dash, replace_file};
use crate::session::{Session, param, text, understand};

use super::ADDRESS;

/// Recipients shown to people; JSON has all that the daemon tells.
const SHOWN: usize = 5;

const RECIPIENT: Arg =
    Arg::new("recipient", Form::Required, "RECIPIENT", "Envelope recipient, with or without extension")
        .names(Names::List);
const LIST: Arg =
    Arg::new("list", Form::Required, "LIST", "The list's address, with or without extension").names(Names::List);
const LIST_ADDRESS: Arg = ADDRESS.names(Names::List);
const SENDER: Arg = Arg::new("sender", Form::NeededValue, "SENDER", "Envelope sender; empty for the null return path")
    .names(Names::Member);
const SIZE: Arg = Arg::new("size", Form::Value, "OCTETS", "Size of the message").names(Names::Number);
const MESSAGE: Arg =
    Arg::new("message", Form::Value, "FILE", "Read the message from FILE; else from standard input").names(Names::File);
const OUTPUT: Arg = Arg::new(
    "output",
    Form::Value,
    "FILE",
    "Write the copy that would be sent to FILE; - for nothing else on standard output",
)
.names(Names::File);

pub const EXPLAIN: Command = Command::new(
    "explain",
    "Say what would happen to a message, rule by rule; sends nothing",
    &["message.explain"],
    &[LIST, SENDER, MESSAGE, OUTPUT],
    explain,
);

pub const CHECK: Command = Command::new(
    "check",
    "Say whether the mail server should take a message, by its envelope",
    &["mta.check"],
    &[RECIPIENT, SENDER, SIZE],
    check,
);

pub const RESOLVE: Command = Command::new(
    "resolve",
    "Say which list and extension an address means",
    &["mta.resolve"],
    &[LIST_ADDRESS],
    resolve,
);

fn explain(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let file = args.file("message").unwrap_or(Path::new("-"));
    let mut message = Vec::new();
    session.input(file)?.read_to_end(&mut message).map_err(Error::read(file))?;
    let request =
        ExplainRequest { list: args.text("list").to_owned(), sender: args.text("sender").to_owned(), message };
    let answer = session.call("message.explain", vec![param(request)])?;
    let explanation: Explanation = understand("message.explain", answer.clone())?;
    if let Some(file) = args.file("output") {
        let verdict = &explanation.verdict;
        let no_copy = || Error::NoCopy { verdict: format!("{} {}", verdict.dsn, clean(&verdict.text)) };
        let copy = explanation.output.as_deref().ok_or_else(no_copy)?;
        if file == Path::new("-") {
            session.screen.bytes(copy);
            return Ok(Outcome::Done);
        }
        replace_file(file, copy)?;
    }
    if session.json {
        session.screen.json(&answer);
    } else {
        show_explanation(&mut session.screen, explanation);
    }
    Ok(Outcome::Done)
}

fn show_explanation(screen: &mut Screen, explanation: Explanation) {
    show_verdict(screen, &explanation.verdict);
    writeln!(screen);
    let rows: Vec<_> = explanation.rules.into_iter().map(|rule| [rule.rule, rule.result, rule.detail]).collect();
    Table::new([whole("RULE"), whole("RESULT"), words("BECAUSE")]).rows(screen, &rows);

    if !explanation.changes.is_empty() {
        let title = screen.title("Changes in the copy");
        writeln!(screen, "\n{title}");
        for change in &explanation.changes {
            writeln!(screen, "  {}", clean(change));
        }
    }
    if let Some(return_path) = &explanation.return_path {
        let count = explanation.recipient_count;
        let title = screen.title(&format!("Recipients: {count}"));
        writeln!(screen, "\n{title}");
        writeln!(screen, "  return path <{}>", clean(return_path));
        for recipient in explanation.recipients.iter().take(SHOWN) {
            writeln!(screen, "  {}", clean(recipient));
        }
        let shown = explanation.recipients.len().min(SHOWN);
        if let more @ 1.. = usize::try_from(count).unwrap_or(0).saturating_sub(shown) {
            writeln!(screen, "  and {more} more");
        }
    }
}

fn show_verdict(screen: &mut Screen, verdict: &Verdict) {
    let action = screen.state(&verdict.action);
    writeln!(
        screen,
        "{action}: {} {} (mailjam-mta exits with {})",
        clean(&verdict.dsn),
        clean(&verdict.text),
        verdict.code
    );
}

fn check(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let request = CheckRequest {
        sender: args.text("sender").to_owned(),
        recipient: args.text("recipient").to_owned(),
        size: args.number("size"),
    };
    session.show("mta.check", vec![param(request)], |screen, verdict: Verdict| show_verdict(screen, &verdict))
}

fn resolve(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    session.show("mta.resolve", vec![text(address)], |screen, resolved: Resolved| {
        let part = |part: Option<String>| or_dash(&part.unwrap_or_default());
        let fields = [
            ("address", clean(address).into_owned()),
            ("kind", resolved.kind),
            ("list", part(resolved.list)),
            ("extension", part(resolved.extension)),
        ];
        screen.fields(0, &fields);
    })
}
