//! What can go wrong between this machine and the next hop.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::reply::{Outcome, SmtpReply};

/// Why a connection could not be made or can no longer be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No TCP connection.
    #[error("cannot connect to mail server {server}: {source}; is it running, and is smtp.server right?")]
    Connect {
        /// The server as configured.
        server: String,
        /// What the system said.
        source: io::Error,
    },
    /// A deadline passed.
    #[error("mail server {server} took more than {limit:?} at {step}; look at its log and its load")]
    Timeout {
        /// The server as configured.
        server: String,
        /// What was waited for.
        step: Step,
        /// The deadline.
        limit: Duration,
    },
    /// The connection ended where it should not.
    #[error("mail server {server} closed the connection at {step}: {source}; its log says why")]
    Lost {
        /// The server as configured.
        server: String,
        /// What was under way.
        step: Step,
        /// What the system said.
        source: io::Error,
    },
    /// An answer that is no SMTP reply.
    #[error("{server} answered {step} with what is not SMTP: {line:?}; does smtp.server name a mail server's port?")]
    Garbled {
        /// The server as configured.
        server: String,
        /// What was answered.
        step: Step,
        /// The beginning of the line.
        line: String,
    },
    /// The server ends the conversation (421), does not want it, or answers out of turn.
    #[error("mail server {server} answered {step} with \"{reply}\"; its log says why")]
    Rejected {
        /// The server as configured.
        server: String,
        /// What was answered.
        step: Step,
        /// The answer.
        reply: SmtpReply,
    },
    /// Our own name cannot be said in SMTP.
    #[error("{helo:?} is no name to greet a mail server with; set a host name like lists.example.org")]
    Helo {
        /// The name as configured.
        helo: String,
    },
    /// The connection ended in an earlier transaction.
    #[error("the connection to mail server {server} has ended; open another one")]
    Ended {
        /// The server as configured.
        server: String,
    },
}

impl Error {
    /// The reply to note for a recipient whom the error left without one.
    pub(crate) fn as_reply(&self) -> SmtpReply {
        match self {
            Error::Rejected { reply, .. } if reply.code == 421 => reply.clone(),
            other => SmtpReply::local(421, (4, 4, 2), &other.to_string()),
        }
    }
}

/// The connection broke during a transaction and cannot be used any more.
///
/// Whom it deferred with code 421 may be sent to again at once on another connection: a server that was restarted, or
/// tired of an idle connection, says no more than that.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Interrupted {
    /// Why.
    #[source]
    pub cause: Error,
    /// What is known of each recipient all the same: one outcome a recipient, in order.
    pub outcomes: Vec<Outcome>,
}

/// A step of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Making the TCP connection.
    Connect,
    /// The server's first words.
    Greeting,
    /// EHLO.
    Ehlo,
    /// HELO, to servers that know no EHLO.
    Helo,
    /// RSET, after a transaction that failed.
    Rset,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The message itself.
    Message,
    /// The dot after the message.
    End,
    /// QUIT.
    Quit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "the connection",
            Step::Greeting => "the greeting",
            Step::Ehlo => "EHLO",
            Step::Helo => "HELO",
            Step::Rset => "RSET",
            Step::Mail => "MAIL",
            Step::Rcpt => "RCPT",
            Step::Data => "DATA",
            Step::Message => "the message",
            Step::End => "the end of the message",
            Step::Quit => "QUIT",
        })
    }
}
