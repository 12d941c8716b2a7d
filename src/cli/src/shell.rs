//! The shell: commands one after the other, from somebody who types or from a script, on one connection.
//!
//! [`words`] reads a line, [`place`] puts the list in use where it belongs, [`run`] does what is left. [`editor`] is
//! the line that is edited, [`history`] what is kept of it, [`link`] the way to a daemon that may be restarted meanwhile,
//! [`script`] the same without anybody there.

mod editor;
mod help;
mod history;
mod link;
mod place;
mod script;
mod words;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use mailjam_rpc::records::List;
use mailjam_wire::server::Server;
use rustyline::error::ReadlineError;

use crate::command::Outcome;
use crate::error::Error;
use crate::interrupt;
use crate::output::{Screen, Style, clean};
use crate::session::{DEFAULT_SERVER, OnInterrupt, Origin, Session, text};
use crate::{advice, finish, parser};

use editor::Editor;
use history::{Fate, History, fate};
use link::Link;
pub use words::split;

/// Does what is wanted of a command line without a command; none where nothing is wanted at all.
pub fn start(matches: &ArgMatches, session: &mut Session) -> Option<ExitCode> {
    let commands: Vec<String> = matches.get_many("execute").map(|all| all.cloned().collect()).unwrap_or_default();
    let file = matches.get_one::<PathBuf>("file");
    let done = match (commands.is_empty(), file) {
        (false, Some(_)) => Err(Error::Contradiction("either --execute or --file")),
        (false, None) => script::arguments(session, &commands),
        (true, Some(file)) => script::file(session, file),
        (true, None) if !io::stdin().is_terminal() => script::file(session, &PathBuf::from("-")),
        (true, None) if io::stdout().is_terminal() => return Some(converse(matches, session)),
        (true, None) => return None,
    };
    Some(finish(done, session))
}

/// Does what a line says.
pub fn run(session: &mut Session, line: &str) -> Result<Outcome, Error> {
    let words = split(line)?;
    if let Some(asked) = help::asked(&words) {
        return help::answer(session, asked);
    }
    if words.is_empty() {
        return Ok(Outcome::Done);
    }
    let placed = place::place(&words, session.list.as_deref());
    let in_use = session.list.clone().filter(|_| placed.is_in_use);
    if let (Some(behind), Some(in_use)) = (placed.behind.filter(|word| word.contains('@')), in_use.clone()) {
        match session.ask::<List>("list.get", vec![text(&behind)]) {
            Ok(_) => return Err(Error::TwoLists { named: behind, in_use }),
            Err(Error::Fault { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    let style = session.screen.style();
    let matches = match parser::shell_parser(style).try_get_matches_from(placed.words.iter()) {
        Ok(matches) => matches,
        // A noun alone asks what there is, at least where somebody sees the answer.
        Err(error) if is_half(&error) && session.origin == Origin::Shell => {
            show_help(session, &error.render());
            return Ok(Outcome::Done);
        }
        Err(error) if is_half(&error) => {
            let complaint = format!("{} needs a verb", words.join(" "));
            return Err(Error::NotUnderstood { complaint, placed: None });
        }
        Err(error) if error.use_stderr() => {
            return Err(Error::NotUnderstood { complaint: complaint(&error), placed: in_use });
        }
        Err(error) => {
            show_help(session, &error.render());
            return Ok(Outcome::Done);
        }
    };
    let always = session.json;
    session.json |= matches.get_flag("json");
    let done = parser::dispatch(&matches, session);
    session.json = always;
    done
}

/// Whether there is a noun without a verb.
fn is_half(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// How clap writes of a command that no program's name stands before.
const NAMELESS: &str = "Usage:  ";

/// Shows a help as it looks here.
pub fn show_help(session: &mut Session, help: &StyledStr) {
    let help = if session.screen.is_coloured() { help.ansi().to_string() } else { help.to_string() };
    // In colours, the end of one and the beginning of another stand between.
    let help = help.replace(NAMELESS, "Usage: ").replace("Usage:\x1b[0m \x1b[1m ", "Usage:\x1b[0m \x1b[1m");
    write!(session.screen, "{help}");
}

/// What is wrong, without the manner in which programs are called.
fn complaint(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).replace(NAMELESS, "Usage: ");
    let lines = text.lines().take_while(|line| !line.starts_with("For more information"));
    lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

/// Talks with somebody at a terminal until Ctrl-D.
fn converse(matches: &ArgMatches, session: &mut Session) -> ExitCode {
    let style = session.screen.style().in_shell();
    let history = History::open().unwrap_or_else(|(path, cause)| {
        style.complain(&format_args!("nothing is kept in {}: {cause}", path.display()), None);
        History::default()
    });
    let mut editor = match Editor::open(matches, style, history.before.clone()) {
        Ok(editor) => editor,
        Err(error) => {
            style.complain(&error, None);
            return Error::FAILED.into();
        }
    };
    interrupt::watch();
    session.origin = Origin::Shell;
    let mut link = Link::default();
    begin(session, style);
    let greeted = link.greet(session);
    tell(session, greeted.map(|()| Outcome::Done));
    converse_on(session, &mut editor, history, &mut link, style)
}

fn converse_on(
    session: &mut Session,
    editor: &mut Editor,
    mut history: History,
    link: &mut Link,
    style: Style,
) -> ExitCode {
    loop {
        let line = match editor.line(&prompt(session), session.list.as_deref()) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return ExitCode::SUCCESS,
            Err(error) => {
                style.complain(&format_args!("cannot read what is typed: {error}"), None);
                return Error::FAILED.into();
            }
        };
        // What is pasted may be more than one.
        for command in words::commands(&line) {
            match fate(&command, session.list.as_deref()) {
                Fate::Kept => {
                    history.keep(&command);
                    editor.remember(&command);
                }
                Fate::Remembered => editor.remember(&command),
                Fate::Forgotten => {}
            }
            begin(session, style);
            let done = link.awake(session, &command).and_then(|()| run(session, &command));
            match tell(session, done) {
                Some(Outcome::Leave) => return ExitCode::SUCCESS,
                Some(_) => {}
                None => break,
            }
        }
    }
}

/// A command begins: with a screen of the size that the terminal has now, and uninterrupted.
fn begin(session: &mut Session, style: Style) {
    session.screen = Screen::paged(style);
    session.daemon.begin(OnInterrupt::Leave);
}

/// Says what went wrong, if anything did.
fn tell(session: &mut Session, done: Result<Outcome, Error>) -> Option<Outcome> {
    let done = done.and_then(|outcome| session.screen.finish().map(|()| outcome));
    let error = match done {
        Ok(outcome) => return Some(outcome),
        Err(error) => error,
    };
    // What was written before belongs before the complaint; the complaint is what counts now.
    let _ = session.screen.finish();
    session.daemon.begin(OnInterrupt::Leave);
    let remedy = advice::remedy(session, &error).map(|remedy| remedy.replace("\"mailjam-cli ", "\""));
    session.screen.style().complain(&error, remedy.as_deref());
    None
}

/// Where one is: the list in use, and the daemon unless it is the usual one.
fn prompt(session: &Session) -> String {
    let server = match session.daemon.server() {
        Server::Unix(path) if DEFAULT_SERVER.strip_prefix("unix:") == Some(path) => None,
        Server::Unix(path) => Some(shortened(path)),
        Server::Http { authority, .. } => Some(authority.clone()),
    };
    let words = ["mailjam".to_owned()].into_iter().chain(server).chain(session.list.clone());
    format!("{}> ", words.map(|word| clean(&word).into_owned()).collect::<Vec<_>>().join(" "))
}

/// The end of a path that is too long for a prompt.
fn shortened(path: &str) -> String {
    const ROOM: usize = 20;
    match path.rsplit_once('/') {
        Some((_, name)) if path.chars().count() > ROOM => format!("…/{name}"),
        _ => path.to_owned(),
    }
}
