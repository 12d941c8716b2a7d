//! One mail transaction: its commands, and what the replies mean for its recipients.

use bytes::buf::Chain;
use bytes::{Buf as _, Bytes};

use crate::body::{Body, END_OF_DATA};
use crate::channel::{Listener, Speaker};
use crate::envelope::{Envelope, mail_command, refuse_recipient};
use crate::error::{Error, Step};
use crate::extensions::Extensions;
use crate::reply::{Outcome, SmtpReply};

/// A transaction under way.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// MAIL, RCPT… and DATA, a line each; empty when there is nobody to send to.
    commands: Vec<u8>,
    /// The outcome of each recipient, or `None` for those that share the transaction's fate.
    verdicts: Vec<Option<Outcome>>,
    /// What goes before the message, in the form in which it crosses the wire.
    head: Bytes,
    /// What becomes of all those without a verdict of their own, once it is known.
    fate: Option<Outcome>,
    awaits: Awaits,
}

/// What the server waits for after the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// The next command.
    Command,
    /// The message, which at least one recipient is to get.
    Message,
    /// The message, although every recipient was refused. RFC 2920 3.1: answered with a single dot, so that there
    /// is nothing to be delivered to nobody.
    NoMessage,
    /// Patience: it has the whole message, and is to answer.
    Answer,
}

impl Transaction {
    /// Writes the commands for those recipients that can be named to this server; the others are refused.
    ///
    /// `head` are header fields for this transaction alone, each ended by CRLF.
    pub(crate) fn new(envelope: &Envelope<'_>, head: Bytes, body: &Body, offers: &Extensions) -> Transaction {
        let recipients = envelope.recipients;
        let verdicts: Vec<_> = recipients.iter().map(|address| refuse_recipient(address, offers)).collect();
        let named = || recipients.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_none());
        let utf8 = named().any(|(address, _)| !address.is_ascii());

        let mut commands = Vec::new();
        let mut fate = None;
        match mail_command(envelope.return_path, utf8, head.len() as u64, body, offers) {
            Err(reply) => fate = Some(Outcome::Refused(reply)),
            Ok(_) if named().next().is_none() => {}
            Ok(mail) => {
                commands.extend_from_slice(mail.as_bytes());
                for (address, _) in named() {
                    commands.extend_from_slice(b"RCPT TO:<");
                    commands.extend_from_slice(address.as_bytes());
                    commands.extend_from_slice(b">\r\n");
                }
                commands.extend_from_slice(b"DATA\r\n");
            }
        }
        Transaction { commands, verdicts, head, fate, awaits: Awaits::Command }
    }

    /// The commands, once; empty when no server need be asked.
    pub(crate) fn take_commands(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.commands)
    }

    /// Whether there is anything to ask a server.
    pub(crate) fn is_sendable(&self) -> bool {
        !self.commands.is_empty()
    }

    /// What the server waits for after [`Transaction::open`].
    pub(crate) fn awaits(&self) -> Awaits {
        self.awaits
    }

    /// The bytes that the server waits for.
    pub(crate) fn last_words(&self, body: &Body) -> Chain<Bytes, Bytes> {
        let (head, rest) = match self.awaits {
            Awaits::Command | Awaits::Answer => (Bytes::new(), Bytes::new()),
            Awaits::Message => (self.head.clone(), body.wire()),
            Awaits::NoMessage => (Bytes::new(), Bytes::from_static(END_OF_DATA)),
        };
        head.chain(rest)
    }

    /// Hears the replies to MAIL, RCPT and DATA.
    pub(crate) async fn open(&mut self, dialogue: &mut Dialogue<'_>) -> Result<(), Error> {
        if let Some(failure) = dialogue.reply(Step::Mail).await?.failure() {
            self.fate = Some(failure);
        }
        if self.fate.is_some() && dialogue.is_lockstep() {
            return Ok(());
        }
        let mut accepted = 0;
        for verdict in self.verdicts.iter_mut().filter(|verdict| verdict.is_none()) {
            let reply = dialogue.reply(Step::Rcpt).await?;
            // After a refused MAIL the replies to RCPT say nothing of the recipients.
            if self.fate.is_none() {
                *verdict = judge_recipient(reply, accepted);
                accepted += usize::from(verdict.is_none());
            }
        }
        if accepted == 0 && dialogue.is_lockstep() {
            return Ok(());
        }
        match dialogue.reply(Step::Data).await?.failure() {
            Some(failure) => self.settle(failure),
            None if accepted == 0 => self.awaits = Awaits::NoMessage,
            None => self.awaits = Awaits::Message,
        }
        Ok(())
    }

    /// Hears the reply to the end of the message.
    pub(crate) async fn close(&mut self, listener: &mut Listener) -> Result<(), Error> {
        let reply = listener.reply(Step::End).await?;
        self.settle(reply.failure().unwrap_or(Outcome::Delivered));
        Ok(())
    }

    /// Notes that [`Transaction::last_words`] are out, the final dot included.
    pub(crate) fn message_sent(&mut self) {
        self.awaits = Awaits::Answer;
    }

    /// Notes that the connection broke.
    pub(crate) fn interrupt(&mut self, error: &Error) {
        let reply = error.as_reply();
        let answered = matches!(error, Error::Rejected { reply, .. } if reply.code == 421);
        self.settle(match self.awaits {
            Awaits::Answer if !answered => Outcome::Unconfirmed(reply),
            _ => Outcome::Deferred(reply),
        });
    }

    /// Decides on the recipients without a verdict of their own; the first word is the last.
    pub(crate) fn settle(&mut self, fate: Outcome) {
        self.fate.get_or_insert(fate);
    }

    /// One outcome a recipient, in order.
    pub(crate) fn into_outcomes(self) -> Vec<Outcome> {
        let untried = || Outcome::Deferred(SmtpReply::local(451, (4, 3, 0), "not tried yet"));
        let fate = self.fate.unwrap_or_else(untried);
        self.verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| fate.clone())).collect()
    }
}

/// What a reply to RCPT means, after `accepted` recipients of the transaction; `None` when it is accepted.
fn judge_recipient(reply: SmtpReply, accepted: usize) -> Option<Outcome> {
    if accepted > 0 && reply.says_too_many() { Some(Outcome::TooMany) } else { reply.failure() }
}

/// How the replies to a group of commands come about.
#[derive(Debug)]
pub(crate) enum Dialogue<'a> {
    /// The commands were sent as one group; every one of them will be answered.
    Pipelined(&'a mut Listener),
    /// Each command waits for the answer to the one before.
    Lockstep {
        /// Says the next command.
        speaker: &'a mut Speaker,
        /// Hears its reply.
        listener: &'a mut Listener,
        /// The commands that are left.
        commands: &'a [u8],
    },
}

impl Dialogue<'_> {
    fn is_lockstep(&self) -> bool {
        matches!(self, Dialogue::Lockstep { .. })
    }

    /// The reply to the next command, which is the one of `step`.
    pub(crate) async fn reply(&mut self, step: Step) -> Result<SmtpReply, Error> {
        match self {
            Dialogue::Pipelined(listener) => listener.reply(step).await,
            Dialogue::Lockstep { speaker, listener, commands } => {
                let end = commands.iter().position(|&byte| byte == b'\n').map_or(commands.len(), |at| at + 1);
                let (mut line, rest) = commands.split_at(end);
                *commands = rest;
                speaker.say(step, &mut line).await?;
                listener.reply(step).await
            }
        }
    }
}
