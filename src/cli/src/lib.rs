//! mailjam-cli: the administrator on the command line.
//!
//! [`commands`] is the one table of all commands: the parser, the help and the completions are made from it, and each
//! entry names the function that carries it out. [`session`] is the way to the daemon, [`output`] the way to the reader,
//! [`shell`] all that there is between commands.
#![forbid(unsafe_code)]

mod advice;
mod command;
mod commands;
mod complete;
mod error;
mod interrupt;
#[cfg(test)]
mod manual;
mod output;
mod parser;
mod session;
mod shell;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::command::Outcome;
use crate::error::Error;
use crate::output::{Screen, Style};
use crate::session::Session;

/// The methods that commands call, in the order of the table. `call` reaches all others.
#[must_use]
pub fn methods() -> Vec<&'static str> {
    command::methods(commands::COMMANDS)
}

/// Reads the command line, does what it says, tells the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    // Before anything else, because somebody who pressed TAB waits for it; and it must never complain.
    let asked: Vec<String> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if complete::answer(&asked).is_some() {
        return ExitCode::SUCCESS;
    }
    let style = Style::of_process(words.iter().any(|word| word == "--no-color"));
    let matches = match parser::parser(style).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return not_a_command(&error, style),
    };
    let screen = Screen::new(style);
    let mut session = match Session::open(&matches, screen) {
        Ok(session) => session,
        Err(error) => {
            style.complain(&error, None);
            return error.exit_code().into();
        }
    };
    let scripts = ["execute", "file"].iter().any(|option| matches.contains_id(option));
    match (matches.subcommand_name(), scripts) {
        (Some(_), true) => {
            finish(Err(Error::Contradiction("a command, or --execute or --file with others")), &mut session)
        }
        (Some(_), false) => finish(parser::dispatch(&matches, &mut session), &mut session),
        (None, _) => shell::start(&matches, &mut session).unwrap_or_else(|| no_command(style)),
    }
}

/// Tells how it ended, when all is written.
fn finish(done: Result<Outcome, Error>, session: &mut Session) -> ExitCode {
    let done = done.and_then(|outcome| session.screen.finish().map(|()| outcome));
    match done {
        Ok(Outcome::Done | Outcome::Leave) => ExitCode::SUCCESS,
        Ok(Outcome::SomeRefused) => Error::SOME_REFUSED.into(),
        Err(error) => {
            // What was written before belongs before the complaint; the complaint is what counts now.
            let _ = session.screen.finish();
            let remedy = advice::remedy(session, &error);
            session.screen.style().complain(&error, remedy.as_deref());
            error.exit_code().into()
        }
    }
}

/// Nothing is asked for, and nobody is there who could type it.
fn no_command(style: Style) -> ExitCode {
    // If it cannot be shown, nobody is left to be told.
    let _ = io::stderr().write_all(parser::parser(style).render_help().to_string().as_bytes());
    Error::USAGE.into()
}

/// Help and the version were asked for, or what was typed is no command.
fn not_a_command(error: &clap::Error, style: Style) -> ExitCode {
    match error.render().to_string().strip_prefix("error: ") {
        Some(complaint) => style.complain(&complaint.trim_end(), None),
        // If it cannot be shown, nobody is left to be told.
        None => drop(error.print()),
    }
    if error.use_stderr() { Error::USAGE.into() } else { ExitCode::SUCCESS }
}
