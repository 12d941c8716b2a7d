//! What can go wrong, in words that name the thing, and the exit code that follows.

use std::io;
use std::path::Path;

use mailjam_rpc::{Fault, Mismatch};
use mailjam_wire::client;
use mailjam_wire::server::{AddressError, Server};

use crate::interrupt::Interrupted;
use crate::output::clean;

/// Why a command failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", clean(fault.text()))]
    Fault {
        method: String,
        /// What the call was about: its first parameter, where that is a name.
        subject: Option<String>,
        fault: Fault,
    },
    #[error("{}", connection_words(.0))]
    Connection(#[from] client::Error),
    #[error("{server} answered with HTTP status {status}")]
    Status { server: Server<String>, status: u16 },
    #[error("{server} is no mailjam daemon: {reason}")]
    NotOurs { server: Server<String>, reason: String },
    #[error("the answer to {method} is not understood ({mismatch})")]
    Answer { method: String, mismatch: Mismatch },

    #[error("{url:?} is no address of a daemon: {reason}")]
    Server { url: String, reason: AddressError },
    #[error("{origin} has no token in it")]
    NoToken { origin: String },
    #[error("{origin} has no password in it")]
    NoPassword { origin: String },
    #[error("{word:?} is no setting: it has no \"=\"")]
    NotASetting { word: String },
    #[error("{word:?} is neither a time nor a duration")]
    NotATime { word: String },
    #[error("the parameters are no JSON array: {reason}")]
    NotParameters { reason: String },
    #[error("{0}")]
    Contradiction(&'static str),
    #[error("{what} cannot be undone, and there is no terminal to ask on")]
    NobodyToAsk { what: String },
    #[error("not confirmed, nothing was done")]
    NotConfirmed,
    #[error("interrupted")]
    Interrupted,

    #[error("{complaint}")]
    NotUnderstood {
        complaint: String,
        /// The list in use that stood where a word for one may have been typed.
        placed: Option<String>,
    },
    #[error("{found:?} stands for nothing here; put it in quotes if it is meant")]
    Operator { found: char },
    #[error("{what} has no end")]
    Unfinished { what: &'static str },
    #[error("there is no {what:?} to explain")]
    NothingToExplain { what: String },
    #[error("{named} is a list, and {in_use} is in use")]
    TwoLists { named: String, in_use: String },
    #[error("{place}: {cause}")]
    Script { place: String, cause: Box<Error> },
    #[error("some of it was refused")]
    SomeRefused,
    #[error("{what}: {reason}")]
    NotAConfiguration { what: String, reason: String },
    #[error("{cause} ({list} is there by now, but not all that belongs to it)")]
    HalfAClone { list: String, cause: Box<Error> },
    #[error("{cause} ({done} of {planned} changes are made)")]
    ApplyStopped { done: usize, planned: usize, cause: Box<Error> },

    #[error("cannot read {what}: {}", system_words(cause))]
    Read { what: String, cause: io::Error },
    #[error("cannot write {what}: {}", system_words(cause))]
    Write { what: String, cause: io::Error },
    #[error("lines refused: {refused}; nothing was changed")]
    SyncRefused { refused: usize },
    #[error("{cause} (after line {line} of {what})")]
    ImportStopped { what: String, line: u64, cause: Box<Error> },
    #[error("the audit does not hold: entry {entry} is not as it was written, or one before it is missing")]
    AuditBroken { entry: String },
    #[error("there is no copy to write: {verdict}")]
    NoCopy { verdict: String },
    #[error("the report is not kept any more, or there was none")]
    NoReport,

    #[error("{server} is not installed: there is no {program}")]
    NotInstalled { server: &'static str, program: String },
    #[error("cannot run {program}: {}", system_words(cause))]
    Run { program: String, cause: io::Error },
    #[error("{program} does not do what it is asked: {complaint}")]
    Unasked { program: String, complaint: String },
    #[error("{count} {} wrong", if *count == 1 { "thing is" } else { "things are" })]
    Unwell { count: usize },
    #[error("{server} is not set up for mailjam: {count} {} wrong", if *count == 1 { "thing is" } else { "things are" })]
    Findings { server: &'static str, count: usize },
}

impl Error {
    /// The daemon refused, or something on this side failed.
    pub const FAILED: u8 = 1;
    /// The command line was not understood.
    pub const USAGE: u8 = 2;
    /// There is no daemon to talk to.
    pub const UNREACHABLE: u8 = 3;
    /// Some of several items were refused.
    pub const SOME_REFUSED: u8 = 4;
    /// Ctrl-C, as shells tell it: 128 and the number of the signal.
    pub const INTERRUPTED: u8 = 130;

    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Connection(_) | Error::NotOurs { .. } => Error::UNREACHABLE,
            Error::Status { status, .. } => {
                if matches!(status, 401 | 403 | 413) {
                    Error::FAILED
                } else {
                    Error::UNREACHABLE
                }
            }
            Error::Server { .. }
            | Error::NoToken { .. }
            | Error::NoPassword { .. }
            | Error::NotASetting { .. }
            | Error::NotATime { .. }
            | Error::NotParameters { .. }
            | Error::Contradiction(_)
            | Error::NotUnderstood { .. }
            | Error::Operator { .. }
            | Error::Unfinished { .. }
            | Error::NothingToExplain { .. }
            | Error::TwoLists { .. }
            | Error::NobodyToAsk { .. } => Error::USAGE,
            Error::ImportStopped { cause, .. }
            | Error::Script { cause, .. }
            | Error::HalfAClone { cause, .. }
            | Error::ApplyStopped { cause, .. } => cause.exit_code(),
            Error::Interrupted => Error::INTERRUPTED,
            Error::SomeRefused => Error::SOME_REFUSED,
            Error::Fault { .. }
            | Error::Answer { .. }
            | Error::NotConfirmed
            | Error::Read { .. }
            | Error::Write { .. }
            | Error::SyncRefused { .. }
            | Error::NotAConfiguration { .. }
            | Error::AuditBroken { .. }
            | Error::NoCopy { .. }
            | Error::NoReport
            | Error::NotInstalled { .. }
            | Error::Run { .. }
            | Error::Unasked { .. }
            | Error::Unwell { .. }
            | Error::Findings { .. } => Error::FAILED,
        }
    }

    /// Reading a file or standard input failed.
    pub fn read(file: &Path) -> impl FnOnce(io::Error) -> Error {
        let what = name_of(file);
        move |cause| {
            let interrupted = cause.get_ref().is_some_and(|inner| inner.is::<Interrupted>());
            if interrupted { Error::Interrupted } else { Error::Read { what, cause } }
        }
    }

    /// Writing a file failed.
    pub fn write(file: &Path) -> impl FnOnce(io::Error) -> Error {
        let what = name_of(file);
        move |cause| Error::Write { what, cause }
    }
}

/// How a file is called when speaking of it.
pub fn name_of(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

/// The client's words without the advice at their end, which this program gives on a line of its own.
fn connection_words(error: &client::Error) -> String {
    match error {
        client::Error::Connect { server, cause } => format!("cannot reach {server}: {}", system_words(cause)),
        other => other.to_string(),
    }
}

/// What the system said, without the number that says it again.
fn system_words(cause: &io::Error) -> String {
    let words = cause.to_string();
    words.split(" (os error").next().unwrap_or_default().to_owned()
}
