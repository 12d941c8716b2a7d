//! What the shells' scripts ask with a hidden command, and how each of them wants the answer.
//!
//! ```text
//! mailjam-cli complete bash LINE BREAKS     LINE: up to the cursor, as it was typed; BREAKS: COMP_WORDBREAKS
//! mailjam-cli complete zsh WORD...          the words up to the cursor, the last one is being typed
//! mailjam-cli complete fish WORD...
//! ```
//!
//! The first line of the answer is for the script, each one behind it is a candidate. Whatever goes wrong, there is
//! silence: somebody is in the middle of typing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use mailjam_rpc::Value;

use super::{Candidate, Completion, Line, complete};
use crate::session::{Daemon, decode};

mod bash;

/// For all that the daemon is asked at one TAB, from its name to its last answer. Who types feels a pause of a third of
/// a second as a hang; a daemon that is well answers in a tenth of this, also over a long line.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// No answer to what is asked here needs more, in bytes.
pub const LARGEST_ANSWER: usize = 4 << 20;

/// The script that a shell reads.
pub fn script(shell: &str) -> &'static str {
    match shell {
        "zsh" => include_str!("../../../../completions/_mailjam-cli"),
        "fish" => include_str!("../../../../completions/mailjam-cli.fish"),
        _ => include_str!("../../../../completions/mailjam-cli.bash"),
    }
}

/// Answers a script, if these words, without the program's name, are a script's.
pub fn answer(words: &[String]) -> Option<()> {
    let [hidden, shell, rest @ ..] = words else { return None };
    let answer = match (hidden.as_str(), shell.as_str(), rest) {
        ("complete", "bash", [line, breaks]) => bash::answer(line, breaks),
        ("complete", "zsh", words) => for_zsh(&completion(words)),
        ("complete", "fish", words) => for_fish(&completion(words)),
        _ => return None,
    };
    // Nobody who is left to be told wants to know that a shell did not listen.
    let _ = std::io::stdout().lock().write_all(answer.as_bytes());
    Some(())
}

/// What fits, with what the daemon knows if it says so in time.
fn completion(words: &[String]) -> Completion {
    let (done, waiting) = sync_channel(1);
    let for_daemon = words.to_vec();
    // Names of hosts are looked up, and files are read, without any limit. So all of it is left to a thread that is
    // left behind when the time is over; it ends with the program.
    thread::spawn(move || {
        let line = Line::read(&for_daemon);
        let mut daemon = None;
        let found = complete(&line, &mut |method, params| {
            if daemon.is_none() {
                daemon = Some(find(&line)?);
            }
            call(daemon.as_mut()?, method, params)
        });
        // Nobody waits any more once the time is over.
        let _ = done.send(found);
    });
    let in_time = waiting.recv_timeout(PATIENCE);
    in_time.unwrap_or_else(|_| complete(&Line::read(words), &mut |_, _| None))
}

/// The daemon that the line names.
fn find(line: &Line<'_>) -> Option<Daemon> {
    let file = line.token_file().map(at_home);
    // Nothing is read from a terminal or a pipe here: it is there once, and for the command that is being typed.
    if file.as_ref().is_some_and(|file| !file.is_file()) {
        return None;
    }
    let daemon = Daemon::find(line.server(), file.as_deref(), PATIENCE).ok()?;
    Some(daemon.reply_limit(LARGEST_ANSWER))
}

pub fn call(daemon: &mut Daemon, method: &str, params: Vec<Value>) -> Option<Value> {
    let xml = daemon.fetch(method, params).ok()?;
    decode(daemon.server(), method, None, &xml).ok()
}

/// A path as it was typed, with the home directory that the shell has yet to put there.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    }
}

/// `files N` where names of files fit from character N of the word on.
fn heading(completion: &Completion) -> String {
    completion.files_from.map(|from| format!("files {from}")).unwrap_or_default() + "\n"
}

/// Each candidate as `_describe` reads it, `=` or a space in front: words that go on get no space behind them.
fn for_zsh(completion: &Completion) -> String {
    let mut answer = heading(completion);
    for candidate in &completion.candidates {
        let mark = if candidate.goes_on() { '=' } else { ' ' };
        let value = candidate.value.replace('\\', "\\\\").replace(':', "\\:");
        let colon = if candidate.description.is_empty() { "" } else { ":" };
        // A String takes all.
        let _ = writeln!(answer, "{mark}{value}{colon}{}", candidate.description);
    }
    answer
}

/// Each candidate with its description behind a tab. What goes on, fish knows from its end.
fn for_fish(completion: &Completion) -> String {
    let mut answer = heading(completion);
    for Candidate { value, description } in &completion.candidates {
        let _ = writeln!(answer, "{value}\t{description}");
    }
    answer
}
