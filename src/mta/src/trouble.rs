//! Everything that can keep a message from reaching a verdict, and the words for it.
#![forbid(unsafe_code)]

use mailjam_wire::server::AddressError;
use mailjam_wire::xml::Text;
use mailjam_wire::{Malformed, exit};

use crate::line::Line;
use crate::sys::Errno;

/// Why there is no verdict. The MTA keeps the message and tries again, except for [`Trouble::TooLarge`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble<'a> {
    /// An option that does not exist.
    UnknownOption(&'a [u8]),
    /// An option at the end of the line, or before `--`.
    MissingValue(&'static str),
    /// An option or key that may be given once only.
    Repeated(&'static str),
    /// A second operand; recipients come one by one.
    TwoRecipients,
    /// Neither `--sender` nor SENDER.
    NoSender,
    /// Neither an operand nor RECIPIENT nor LOCAL_PART and DOMAIN.
    NoRecipient,
    /// A server's address that is not understood.
    Server { text: &'a [u8], why: AddressError },
    /// More servers than there is room for.
    TooManyServers,
    /// Not a number of seconds in range.
    Deadline(&'a [u8]),
    /// `--help` or `--version` where a message is expected.
    NoTerminal,
    /// A file that cannot be read.
    File { path: &'a [u8], errno: Errno },
    /// A file with something in it that should not be there.
    Content { path: &'a [u8], line: u64, why: &'static str },
    /// A server given by a name only a resolver understands.
    Unresolved { server: &'a str },
    /// Standard input cannot be read.
    Input(Errno),
    /// Not one byte on standard input.
    NoMessage,
    /// More than any list takes.
    TooLarge,
    /// No memory to hold the message.
    Memory,
    /// No server to try.
    NoServer,
    /// No connection.
    Connect { server: &'a str, errno: Errno },
    /// The connection broke before all was sent.
    Send { server: &'a str, errno: Errno },
    /// The connection broke, or closed, before the whole answer was there.
    Receive { server: &'a str, errno: Option<Errno> },
    /// The deadline passed.
    TimedOut { server: &'a str, doing: &'static str },
    /// The answer is not the answer of a mailjam daemon.
    Answer { server: &'a str, why: Malformed },
    /// An HTTP status other than 200.
    Status { server: &'a str, status: u16 },
    /// The daemon's own trouble.
    Fault { server: &'a str, code: Text<'a>, text: Text<'a> },
    /// An action that is none, or one that its status code contradicts.
    Verdict { server: &'a str, action: Text<'a>, dsn: Text<'a> },
}

impl Trouble<'_> {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self {
            Self::TooLarge => exit::UNAVAILABLE,
            _ => exit::TEMPFAIL,
        }
    }

    /// The status code of RFC 3463: configuration, size, or the system in general.
    fn status(&self) -> &'static str {
        match self {
            Self::UnknownOption(_)
            | Self::MissingValue(_)
            | Self::Repeated(_)
            | Self::TwoRecipients
            | Self::NoSender
            | Self::NoRecipient
            | Self::Server { .. }
            | Self::TooManyServers
            | Self::NoServer
            | Self::Deadline(_)
            | Self::NoTerminal
            | Self::File { .. }
            | Self::Content { .. }
            | Self::Unresolved { .. } => "4.3.5 ",
            Self::TooLarge => "5.3.4 ",
            _ => "4.3.0 ",
        }
    }

    /// Writes the line: the status code, what is wrong, and what to do about it.
    pub fn describe(&self, line: &mut Line) {
        line.words(self.status());
        match *self {
            Self::UnknownOption(option) => {
                line.words("unknown option ").bytes(option).words("; see mailjam-mta --help")
            }
            Self::MissingValue(option) => line.words(option).words(" has no value"),
            Self::Repeated(what) => line.words(what).words(" is given twice"),
            Self::TwoRecipients => line.words("more than one recipient; call mailjam-mta once for each"),
            Self::NoSender => line.words("no sender; give --sender ADDRESS or set SENDER"),
            Self::NoRecipient => line.words("no recipient; give it as the last argument or set RECIPIENT"),
            Self::Server { text, why } => line.words("server ").bytes(text).words(": ").words(why.words()),
            Self::TooManyServers => line.words("more than eight servers"),
            Self::Deadline(text) => line.words("deadline ").bytes(text).words(": give it in seconds, from 1 to 900"),
            Self::NoTerminal => line.words("--help and --version are for terminals; here a message is expected"),
            Self::File { path, errno } => named(line.words("cannot read ").bytes(path).words(": "), errno),
            Self::Content { path, line: number, why } => {
                line.bytes(path).words(", line ").number(number).words(": ").words(why)
            }
            Self::Unresolved { server } => line
                .words(server)
                .words(": names are not looked up; give a numeric address, localhost, or a unix socket"),
            Self::Input(errno) => named(line.words("cannot read standard input: "), errno),
            Self::NoMessage => line.words("no message on standard input"),
            Self::TooLarge => line.words("the message is larger than 383 MiB"),
            Self::NoServer => line.words("no server to try"),
            Self::Memory => line.words("not enough memory to hold the message"),
            Self::Connect { server, errno } => connect(line.words(server).words(": cannot connect: "), errno),
            Self::Send { server, errno } => named(line.words(server).words(": cannot send the message: "), errno),
            Self::Receive { server, errno: Some(errno) } => named(line.words(server).words(": no answer: "), errno),
            Self::Receive { server, errno: None } => line.words(server).words(": closed without an answer"),
            Self::TimedOut { server, doing } => line.words(server).words(": no time left ").words(doing),
            Self::Answer { server, why } => line.words(server).words(": not an answer of mailjamd: ").words(why.0),
            Self::Status { server, status } => {
                line.words(server).words(": HTTP status ").number(status.into()).words(match status {
                    401 | 403 => "; check token_file in mta.conf",
                    404 => "; is this mailjamd?",
                    429 | 503 => "; mailjamd is busy",
                    _ => "",
                })
            }
            Self::Fault { server, code, text } => {
                line.words(server).words(": fault ").text(code).words(": ").text(text)
            }
            Self::Verdict { server, action, dsn } => {
                line.words(server).words(": a verdict of no known kind: ").text(action).words(" ").text(dsn)
            }
        };
    }
}

fn named(line: &mut Line, errno: Errno) -> &mut Line {
    match errno.words() {
        Some(words) => line.words(words),
        None => line.words("error ").number(errno.0.unsigned_abs().into()),
    }
}

fn connect(line: &mut Line, errno: Errno) -> &mut Line {
    named(line, errno).words(match errno.0 {
        libc::ENOENT | libc::ECONNREFUSED => "; is mailjamd running?",
        libc::EACCES => "; is this user in the group of the socket?",
        _ => "",
    })
}
