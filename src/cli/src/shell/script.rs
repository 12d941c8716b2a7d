//! Scripts: commands from a file, from standard input or from arguments, one after the other, until the first that
//! fails. Nobody is asked anything.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::{run, words};
use crate::command::Outcome;
use crate::error::{Error, name_of};
use crate::interrupt;
use crate::session::{OnInterrupt, Origin, Session};

/// Does what the arguments say.
pub fn arguments(session: &mut Session, commands: &[String]) -> Result<Outcome, Error> {
    session.origin = Origin::Script;
    let commands: Vec<String> = commands.iter().flat_map(|argument| words::commands(argument)).collect();
    for (position, command) in commands.iter().enumerate() {
        let place = || if commands.len() > 1 { format!("command {}", position + 1) } else { String::new() };
        if step(session, command, place)? == Outcome::Leave {
            break;
        }
    }
    Ok(Outcome::Done)
}

/// Does what a file says, or standard input where it is `-`.
pub fn file(session: &mut Session, file: &Path) -> Result<Outcome, Error> {
    session.origin = Origin::Script;
    let input = session.input(file)?;
    if file == Path::new("-") {
        session.origin = Origin::ScriptOnStdin;
    }
    let mut lines = BufReader::new(input).lines().zip(1_u64..);
    while let Some((line, number)) = lines.next() {
        let place = || match session_name(file) {
            Some(name) => format!("{name}, line {number}"),
            None => format!("line {number}"),
        };
        let mut command = line.map_err(Error::read(file))?;
        while words::scan(&command).open_end().is_some() {
            let Some((line, _)) = lines.next() else { break };
            command.push('\n');
            command.push_str(&line.map_err(Error::read(file))?);
        }
        if step(session, &command, place)? == Outcome::Leave {
            break;
        }
    }
    Ok(Outcome::Done)
}

/// How a file is called in front of a line's number; standard input needs no name.
fn session_name(file: &Path) -> Option<String> {
    (file != Path::new("-")).then(|| name_of(file))
}

/// Does one command, and writes what it says before the next one begins. `place` says where it stands.
fn step(session: &mut Session, command: &str, place: impl Fn() -> String) -> Result<Outcome, Error> {
    interrupt::watch();
    session.daemon.begin(OnInterrupt::Leave);
    let done = run(session, command).and_then(|outcome| session.screen.finish().map(|()| outcome));
    // Who presses Ctrl-C means all of it, also where the command was done before it noticed.
    let interrupted = done.is_ok() && session.daemon.is_interrupted();
    let done = if interrupted { Err(Error::Interrupted) } else { done };
    let error = match done {
        Ok(Outcome::SomeRefused) => Error::SomeRefused,
        Ok(outcome) => return Ok(outcome),
        Err(error) => error,
    };
    let place = place();
    Err(if place.is_empty() { error } else { Error::Script { place, cause: Box::new(error) } })
}
