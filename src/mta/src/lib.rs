//! mailjam-mta: one message from the MTA to the daemon, and the daemon's verdict back as an exit code.
//!
//! An MTA starts it for every message, so that its start is its performance: `no_std`, nothing allocated for an ordinary
//! post, a dozen system calls. It has no state and no policy. The way of a message through it is `run`, from top to
//! bottom; [`glue`] is the only file with `unsafe` in it, and everything else goes through the trait `Sys`.
//!
//! # What the MTA sees
//!
//! | situation | exit | the line on standard output |
//! |---|---|---|
//! | `accept`, `hold`, `discard` | 0 | `2.0.0` and the post's id |
//! | `no-list` | 67 | the daemon's status code and text, as in `5.1.1 no such list` |
//! | `closed`, `need-smtputf8` | 69 | the same |
//! | `too-large`, fault −32050, HTTP 413, or more than fits into memory here | 69 | the same, or `5.3.4 …` |
//! | `refuse` | 77 | the same |
//! | `bad-message` | 65 | the same |
//! | `retry` | 75 | the same, with a code of class 4 |
//! | wrong command line, configuration or token file; `--help` without a terminal | 75 | `4.3.5 …` |
//! | everything else: no daemon, no answer in time, another fault or HTTP status, a verdict that contradicts its code, unreadable or empty standard input, a panic | 75 | `4.3.0 …` |
//!
//! 75, because with any other code some MTA returns the message to its sender. The line is one, printable, and
//! begins with a code decided on here, because an MTA believes a `5.x.x` there more than the exit code.
//!
//! # Decisions
//!
//! - Standard input is read whole before anything is opened: its size goes first in the request, so that a daemon can
//!   refuse it unseen; and a descriptor 0 that was closed is noticed before a file or socket could take its place.
//! - The deadline is 60 seconds unless configured, counts from the end of the message, and covers all servers together.
//! - Host names are not looked up: a resolver means NSS modules in a program that may be linked statically. `localhost`
//!   is both loopback addresses.
//! - A token in `token_file` goes to every server.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod answer;
mod args;
mod config;
#[allow(unsafe_code, reason = "the one file that talks to C")]
pub mod glue;
mod line;
mod message;
mod outgoing;
mod submit;
mod sys;
#[cfg(test)]
mod tests;
mod trouble;
mod verdict;

use mailjam_wire::exit;

use args::{Options, Purpose};
use config::Config;
use line::Line;
use message::Input;
use submit::Submission;
use sys::{Fd, STDIN, STDOUT, Sys, uninterrupted};
use trouble::Trouble;
use verdict::Verdict;

/// Where a daemon on this host listens.
const DEFAULT_SERVER: &[u8] = b"unix:/run/mailjam/mta.sock";

/// Time for all servers together, in seconds: long for a daemon that starts, short beside the limits of MTAs.
const DEFAULT_DEADLINE: u64 = 60;

/// All the memory an ordinary post needs. Pages that are never touched cost nothing, and those that are cost a fault
/// each: so an ordinary answer shares one page with its head, and what is long begins with a page.
#[repr(C, align(4096))]
struct Memory {
    incoming: [u8; 2 << 10],
    body: [u8; 14 << 10],
    message: [u8; message::FIRST_PART],
    /// The base64 of that, and what surrounds it.
    outgoing: [u8; message::FIRST_PART / 3 * 4 + 4096],
    config: [u8; 8 << 10],
    token: [u8; 1 << 10],
}

impl Memory {
    /// All zeros, which costs no room in the program's file.
    const fn new() -> Self {
        Self { message: [0; _], outgoing: [0; _], incoming: [0; _], body: [0; _], config: [0; _], token: [0; _] }
    }
}

/// Does everything and returns the exit code. `arguments` are those behind the program's name, `environment` is made of
/// `NAME=value`.
fn run<'a, S: Sys>(
    sys: &mut S,
    arguments: impl Iterator<Item = &'a [u8]>,
    environment: impl Iterator<Item = &'a [u8]> + Clone,
    memory: &'a mut Memory,
) -> u8 {
    let mut options = Options::default();
    let purpose = options.read(arguments);
    if !matches!(purpose, Ok(Purpose::Submit)) && sys.is_terminal(STDIN) {
        return talk(sys, purpose);
    }
    let mut input = Input::default();
    let verdict = match purpose {
        Ok(Purpose::Submit) => submit(sys, &options, environment, &mut input, memory),
        Ok(Purpose::Help | Purpose::Version) => Err(Trouble::NoTerminal),
        Err(trouble) => Err(trouble),
    };
    input.drain(sys);
    let mut line = Line::new();
    let exit = match verdict {
        Ok(verdict) => {
            line.text(verdict.dsn).words(" ").text(verdict.text);
            verdict.exit
        }
        Err(trouble) => {
            trouble.describe(&mut line);
            trouble.exit()
        }
    };
    write_all(sys, STDOUT, line.finish());
    exit
}

/// A person called: no message is to be expected.
fn talk<S: Sys>(sys: &mut S, purpose: Result<Purpose, Trouble<'_>>) -> u8 {
    match purpose {
        Ok(Purpose::Version) => write_all(sys, STDOUT, args::VERSION.as_bytes()),
        Ok(_) => write_all(sys, STDOUT, args::HELP.as_bytes()),
        Err(trouble) => {
            let mut line = Line::new();
            trouble.describe(&mut line);
            write_all(sys, STDOUT, line.finish());
            return trouble.exit();
        }
    }
    exit::OK
}

fn submit<'a, S: Sys>(
    sys: &mut S,
    options: &Options<'a>,
    environment: impl Iterator<Item = &'a [u8]> + Clone,
    input: &mut Input,
    memory: &'a mut Memory,
) -> Result<Verdict<'a>, Trouble<'a>> {
    let message = input.read(sys, &mut memory.message)?;
    let variable = |name: &[u8]| environment.clone().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="));
    let sender = options.sender.or_else(|| variable(b"SENDER")).ok_or(Trouble::NoSender)?;
    let recipient = match options.recipient.or_else(|| variable(b"RECIPIENT")) {
        Some(recipient) => [recipient, b"", b""],
        None => match (variable(b"LOCAL_PART"), variable(b"DOMAIN")) {
            (Some(local), Some(domain)) => [local, b"@", domain],
            _ => return Err(Trouble::NoRecipient),
        },
    };
    if recipient[0].is_empty() {
        return Err(Trouble::NoRecipient);
    }
    let config = Config::load(sys, options.config, &mut memory.config)?;
    let mut servers = if options.servers.is_empty() { config.servers } else { options.servers };
    if servers.is_empty() {
        servers.push(DEFAULT_SERVER)?;
    }
    let token = match config.token_file {
        Some(path) => Some(config::load_token(sys, path, &mut memory.token)?),
        None => None,
    };
    let seconds = options.deadline.or(config.deadline).unwrap_or(DEFAULT_DEADLINE);
    let deadline = sys.now() + seconds * 1000;
    let submission = Submission {
        sender: without_null_name(sender),
        recipient,
        queue_id: options.queue_id.filter(|id| !id.is_empty()),
        message,
        token,
    };
    let buffers =
        submit::Buffers { outgoing: &mut memory.outgoing, incoming: &mut memory.incoming, body: &mut memory.body };
    submission.offer(sys, &servers, deadline, buffers).and_then(Verdict::read)
}

/// The null return path under one name, the empty one. Postfix says MAILER-DAEMON unless told otherwise.
fn without_null_name(sender: &[u8]) -> &[u8] {
    if sender == b"<>" || sender.eq_ignore_ascii_case(b"MAILER-DAEMON") { b"" } else { sender }
}

/// Writes as much as can be written. That nobody reads it is no reason for another exit code.
fn write_all<S: Sys>(sys: &mut S, fd: Fd, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        match uninterrupted(|| sys.write(fd, rest)) {
            Ok(size @ 1..) => rest = &rest[size..],
            _ => return,
        }
    }
}
