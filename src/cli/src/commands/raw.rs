//! `call` for scripts that need more than the other commands offer, and the scripts for completion in shells.

use std::path::Path;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::complete;
use crate::error::Error;
use crate::output::json;
use crate::session::Session;

const METHOD: Arg =
    Arg::new("method", Form::Required, "METHOD", "Method of the catalogue, such as list.get").names(Names::Method);
const PARAMETERS: Arg =
    Arg::new("parameters", Form::Optional, "JSON-ARRAY", "Parameters; - reads them from standard input").secret();
const SHELL: Arg =
    Arg::new("shell", Form::Required, "SHELL", "Which shell").names(Names::Words(&["bash", "zsh", "fish"]));

pub const CALL: Command =
    Command::new("call", "Call any method and print what it answers, as JSON", &[], &[METHOD, PARAMETERS], call)
        .details(
            "\
Bytes are written {\"$base64\": \"…\"}, times {\"$dateTime\": \"2026-11-24T08:30:00Z\"}.
\"call system.listMethods\" names all methods, \"call system.methodHelp '[\"list.get\"]'\" explains one.",
        );

pub const COMPLETIONS: Command =
    Command::new("completions", "Print completions for a shell", &[], &[SHELL], completions).hidden();

fn call(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let mut typed = args.optional("parameters").unwrap_or("[]").to_owned();
    if typed == "-" {
        typed = session.read(Path::new("-"))?;
    }
    let parameters = json::parameters(&typed).map_err(|reason| Error::NotParameters { reason })?;
    let answer = session.call(args.text("method"), parameters)?;
    session.screen.json(&answer);
    Ok(Outcome::Done)
}

fn completions(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.screen.bytes(complete::script(args.text("shell")).as_bytes());
    Ok(Outcome::Done)
}
