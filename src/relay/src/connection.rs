//! A connection to the next hop, from the greeting to QUIT.

use bytes::{Buf, Bytes};
use tracing::debug;

use crate::body::Body;
use crate::channel::{Listener, Speaker, Timeouts, connect};
use crate::envelope::{Envelope, PersonalCopy, ReturnPath};
use crate::error::{Error, Interrupted, Step};
use crate::extensions::Extensions;
use crate::reply::{Outcome, SmtpReply};
use crate::transaction::{Awaits, Dialogue, Transaction};

/// How to reach the next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// `host:port`; a name is looked up at each connection, and all its addresses are tried.
    pub server: String,
    /// The name to introduce this machine with: a domain, or an address in brackets (RFC 5321 4.1.3).
    pub helo: String,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// An SMTP session that carries one transaction after the other.
///
/// After an error, or when a future of [`Connection::send`] or [`Connection::send_each`] was dropped half-way, it
/// is of no more use: every further transaction ends in [`Error::Ended`].
#[derive(Debug)]
pub struct Connection {
    speaker: Speaker,
    listener: Listener,
    offers: Extensions,
    name: String,
    session: Session,
    next_hop: NextHop,
}

/// What the server expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session {
    /// A new transaction.
    Ready,
    /// RSET, to forget a transaction that got no message.
    Unfinished,
    /// Nothing that we know of.
    Ended,
}

impl Connection {
    /// Connects, and greets with EHLO, or HELO where that is not known.
    ///
    /// # Errors
    /// Whatever keeps the server from being usable now; all of it may be different later.
    pub async fn open(next_hop: &NextHop) -> Result<Connection, Error> {
        let helo = &next_hop.helo;
        if helo.is_empty() || !helo.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte)) {
            return Err(Error::Helo { helo: helo.clone() });
        }
        let (mut speaker, mut listener) = connect(&next_hop.server, next_hop.timeouts).await?;
        let greeting = listener.reply(Step::Greeting).await?;
        welcome(&listener, Step::Greeting, greeting)?;

        let (mut offers, mut name) = (Extensions::default(), String::new());
        speaker.say(Step::Ehlo, &mut format!("EHLO {helo}\r\n").as_bytes()).await?;
        let mut lines = Vec::new();
        let answer = listener.reply_lines(Step::Ehlo, |line| lines.push(line.to_owned())).await?;
        if answer.code >= 500 {
            speaker.say(Step::Helo, &mut format!("HELO {helo}\r\n").as_bytes()).await?;
            let answer = listener.reply(Step::Helo).await?;
            welcome(&listener, Step::Helo, answer)?;
        } else {
            welcome(&listener, Step::Ehlo, answer)?;
            // The first line begins with the server's name.
            name = lines.first().and_then(|line| line.split(' ').next()).unwrap_or_default().to_owned();
            lines.iter().skip(1).for_each(|line| offers.note(line));
        }
        debug!(server = next_hop.server, ?offers, "connected to the next hop");
        Ok(Connection { speaker, listener, offers, name, session: Session::Ready, next_hop: next_hop.clone() })
    }

    /// What it was opened with.
    #[must_use]
    pub fn next_hop(&self) -> &NextHop {
        &self.next_hop
    }

    /// What the server calls itself in its answer to EHLO; empty if it only knows HELO.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the server offers.
    #[must_use]
    pub fn offers(&self) -> &Extensions {
        &self.offers
    }

    /// Whether a connection that was kept for a while can be used, as far as can be told without asking the server: it has
    /// neither closed it nor said anything, which could only be 421.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.session != Session::Ended && self.listener.is_silent()
    }

    /// Sends `body` to all recipients of `envelope` in one transaction; returns one outcome a recipient, in order.
    ///
    /// Recipients that cannot be named to this server are refused in its place, and so are all of them when it
    /// does not offer what the message needs: 553 5.1.3 and 5.1.7 for addresses that SMTP cannot carry, 552 5.3.4
    /// for SIZE, 554 5.6.3 for 8BITMIME, 553 5.6.7 for a return path that needs SMTPUTF8.
    ///
    /// # Errors
    /// When the connection broke or the server ended it (421). The error has one outcome a recipient, too.
    pub async fn send(&mut self, envelope: &Envelope<'_>, body: &Body) -> Result<Vec<Outcome>, Interrupted> {
        let mut transaction = Transaction::new(envelope, Bytes::new(), body, &self.offers);
        let mut sent = Ok(());
        if transaction.is_sendable() {
            sent = self.turn(None, Some(&mut transaction), body).await;
            if sent.is_ok() && transaction.awaits() != Awaits::Command {
                sent = self.turn(Some(&mut transaction), None, body).await;
            }
        }
        let outcomes = transaction.into_outcomes();
        match sent {
            Ok(()) => Ok(outcomes),
            Err(cause) => Err(Interrupted { cause, outcomes }),
        }
    }

    /// Sends `body` in one transaction for each copy, behind the fields that the copy has for itself.
    ///
    /// With PIPELINING the end of each transaction and the start of the next one travel together (RFC 2920 3.1),
    /// so that each takes one round trip. Every copy taken from `copies` is told to `on_result` exactly
    /// once, by its position, also when the connection breaks; at most two are under way at a time. Those not
    /// taken are still in the iterator: pass `&mut iterator` to go on with it on another connection.
    ///
    /// # Errors
    /// When the connection broke or the server ended it (421).
    pub async fn send_each(
        &mut self,
        copies: impl Iterator<Item = PersonalCopy>,
        body: &Body,
        mut on_result: impl FnMut(usize, Outcome),
    ) -> Result<(), Error> {
        let mut copies = copies.enumerate();
        let mut ending: Option<(usize, Transaction)> = None;
        loop {
            let mut opening = copies.find_map(|(position, copy)| {
                let return_path = ReturnPath::Shared(&copy.return_path);
                let envelope = Envelope { return_path, recipients: std::slice::from_ref(&copy.recipient) };
                let transaction = Transaction::new(&envelope, copy.head.into(), body, &self.offers);
                if transaction.is_sendable() {
                    Some((position, transaction))
                } else {
                    report(position, transaction, &mut on_result);
                    None
                }
            });
            if ending.is_none() && opening.is_none() {
                return Ok(());
            }
            let turned = self.turn(only_transaction(&mut ending), only_transaction(&mut opening), body).await;
            if let Some((position, transaction)) = ending {
                report(position, transaction, &mut on_result);
            }
            ending = opening;
            if let Some((position, transaction)) =
                ending.take_if(|(_, opened)| turned.is_err() || opened.awaits() == Awaits::Command)
            {
                report(position, transaction, &mut on_result);
            }
            turned?;
        }
    }

    /// Takes leave; whatever goes wrong now is nobody's loss.
    pub async fn quit(mut self) {
        if self.session != Session::Ended && self.speaker.say(Step::Quit, &mut &b"QUIT\r\n"[..]).await.is_ok() {
            // Waiting for the answer lets the server close first, and keeps the port out of TIME_WAIT.
            let _ = self.listener.reply(Step::Quit).await;
        }
    }

    /// Ends one transaction and opens another; either may be left out.
    ///
    /// Both know afterwards what became of their recipients, or, for the one opened, what the server awaits.
    async fn turn(
        &mut self,
        mut ending: Option<&mut Transaction>,
        mut opening: Option<&mut Transaction>,
        body: &Body,
    ) -> Result<(), Error> {
        // Until all replies are in, a session that is dropped half-way must not be taken up again.
        let session = std::mem::replace(&mut self.session, Session::Ended);
        let ready = match session {
            Session::Ready => Ok(()),
            Session::Unfinished => self.reset().await,
            Session::Ended => Err(Error::Ended { server: self.speaker.server().to_owned() }),
        };
        let turned = match ready {
            Ok(()) => self.exchange(ending.as_deref_mut(), opening.as_deref_mut(), body).await,
            Err(error) => Err(error),
        };
        match &turned {
            Ok(()) if opening.as_ref().is_some_and(|opened| opened.awaits() == Awaits::Command) => {
                self.session = Session::Unfinished;
            }
            Ok(()) => self.session = Session::Ready,
            Err(error) => {
                debug!(%error, "lost the connection to the next hop");
                [ending, opening].into_iter().flatten().for_each(|transaction| transaction.interrupt(error));
            }
        }
        turned
    }

    /// The turn on a session that is ready for it.
    async fn exchange(
        &mut self,
        mut ending: Option<&mut Transaction>,
        mut opening: Option<&mut Transaction>,
        body: &Body,
    ) -> Result<(), Error> {
        let Connection { speaker, listener, offers, .. } = self;
        let last_words = ending
            .as_deref()
            .map_or_else(|| Bytes::new().chain(Bytes::new()), |transaction| transaction.last_words(body));
        let commands = opening.as_deref_mut().map_or_else(Bytes::new, |transaction| transaction.take_commands().into());
        let group = if offers.pipelining { commands.clone() } else { Bytes::new() };

        let mut words = last_words.chain(group);
        while words.first_ref().has_remaining() {
            if let Err(error) = speaker.say_some(Step::Message, &mut words).await {
                return Err(reason_for_breaking_off(error, listener, ending).await);
            }
        }
        if let Some(transaction) = ending.as_deref_mut() {
            transaction.message_sent();
        }

        if !offers.pipelining {
            if let Some(transaction) = ending {
                transaction.close(listener).await?;
            }
            if let Some(transaction) = opening {
                transaction.open(&mut Dialogue::Lockstep { speaker, listener, commands: &commands }).await?;
            }
            return Ok(());
        }
        let speaking = async {
            // What could not be written shows in the replies that do not come.
            let _ = speaker.say(Step::Mail, &mut words).await;
            Ok(())
        };
        let hearing = async {
            if let Some(transaction) = ending {
                transaction.close(listener).await?;
            }
            if let Some(transaction) = opening {
                transaction.open(&mut Dialogue::Pipelined(listener)).await?;
            }
            Ok(())
        };
        // Both at once: a server whose replies are not read may stop reading commands (RFC 2920 3.1).
        tokio::try_join!(speaking, hearing).map(|_| ())
    }

    /// Makes the server forget a transaction that got no message.
    async fn reset(&mut self) -> Result<(), Error> {
        self.speaker.say(Step::Rset, &mut &b"RSET\r\n"[..]).await?;
        let reply = self.listener.reply(Step::Rset).await?;
        welcome(&self.listener, Step::Rset, reply).map(|_| ())
    }
}

/// The error for a message that could not be written to its end: `broken`, or the reason that the server gave.
async fn reason_for_breaking_off(broken: Error, listener: &mut Listener, ending: Option<&mut Transaction>) -> Error {
    if !matches!(broken, Error::Lost { .. }) {
        return broken;
    }
    match listener.reply(Step::Message).await {
        Ok(reply) => {
            if let (Some(transaction), Some(failure)) = (ending, reply.failure()) {
                transaction.settle(failure);
            }
            broken
        }
        Err(reason @ Error::Rejected { .. }) => reason,
        Err(_) => broken,
    }
}

/// Passes on a success and turns everything else into an error.
fn welcome(listener: &Listener, step: Step, reply: SmtpReply) -> Result<SmtpReply, Error> {
    if reply.code < 300 { Ok(reply) } else { Err(listener.rejected(step, reply)) }
}

fn only_transaction(numbered: &mut Option<(usize, Transaction)>) -> Option<&mut Transaction> {
    numbered.as_mut().map(|(_, transaction)| transaction)
}

/// Tells the outcome of a transaction with one recipient.
fn report(position: usize, transaction: Transaction, on_result: &mut impl FnMut(usize, Outcome)) {
    transaction.into_outcomes().into_iter().for_each(|outcome| on_result(position, outcome));
}
