//! Results on their way from the next hop to the storage.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mailjam_relay::{Outcome, backoff};
use mailjam_store::{Error, Progress, Session, Target, Troubled};
use tokio::sync::{mpsc, watch};

use super::pause;
use crate::bounces;
use crate::daemon::{Daemon, now};
use crate::health::Part;

/// A recipient of this run.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Who.
    pub target: Target,
    /// Attempts before this one, and when the first was.
    pub before: u32,
    /// See `before`.
    pub first: Option<i64>,
}

/// Where results go on their way to the storage.
pub struct Ledger {
    news: mpsc::UnboundedSender<(u64, Progress)>,
    /// Whether the cursor moves; otherwise recipients that were deferred are tried again.
    expanding: bool,
    /// Whether it has passed everybody.
    expanded: bool,
    /// Recipients settled so far.
    sent: u64,
    /// Of those, the ones that have their copy.
    delivered: u64,
}

impl Ledger {
    /// An empty one, whose other end is [`record`].
    pub fn new(news: mpsc::UnboundedSender<(u64, Progress)>, expanding: bool) -> Ledger {
        Ledger { news, expanding, expanded: false, sent: 0, delivered: 0 }
    }

    /// Recipients settled so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether nothing came of it: nobody has a copy, and somebody still waits for one.
    pub fn is_fruitless(&self) -> bool {
        !self.expanded && self.delivered == 0
    }

    /// Notes what became of the next recipients in the order of the cursor.
    pub fn settle(&mut self, recipients: &[Recipient], outcomes: impl Iterator<Item = Outcome>, expanded: bool) {
        let mut progress = Progress {
            cursor: recipients.last().filter(|_| self.expanding).map(|recipient| recipient.target.key.clone()),
            expanded: expanded && self.expanding,
            ..Progress::default()
        };
        for (recipient, outcome) in recipients.iter().zip(outcomes) {
            note(&mut progress, recipient, outcome);
        }
        self.expanded |= progress.expanded;
        self.sent += recipients.len() as u64;
        self.delivered += progress.delivered;
        // The other end lives as long as this one.
        let _ = self.news.send((self.sent, progress));
    }
}

/// One outcome in words of the storage.
fn note(progress: &mut Progress, recipient: &Recipient, outcome: Outcome) {
    let (reply, refused) = match outcome {
        Outcome::Delivered => {
            progress.delivered += 1;
            if recipient.first.is_some() {
                progress.settled.push(recipient.target.key.clone());
            }
            return;
        }
        Outcome::Refused(reply) => (reply.to_string(), true),
        Outcome::Deferred(reply) => (reply.to_string(), false),
        Outcome::Unconfirmed(reply) => (format!("{reply}; the copy may arrive twice"), false),
        Outcome::TooMany => ("452 4.5.3 the mail server takes fewer recipients at once".to_owned(), false),
    };
    let now = now();
    let first = recipient.first.unwrap_or(now);
    let attempts = recipient.before + 1;
    let next = if refused { None } else { backoff::next_attempt(first, attempts, now) };
    let reply = if next.is_none() && !refused { format!("given up after five days: {reply}") } else { reply };
    progress.troubled.push(Troubled {
        target: recipient.target.clone(),
        refused: next.is_none(),
        attempts,
        first,
        next_attempt: next.unwrap_or_default(),
        reply,
    });
}

/// Writes results down, several at once where they come faster than the disk.
pub async fn record(
    daemon: &Arc<Daemon>,
    stop: &watch::Receiver<bool>,
    post: i64,
    mut news: mpsc::UnboundedReceiver<(u64, Progress)>,
    written: watch::Sender<u64>,
) -> Result<(), Error> {
    while let Some((mut sent, mut progress)) = news.recv().await {
        while let Ok((more, next)) = news.try_recv() {
            sent = more;
            merge(&mut progress, next);
        }
        write_down(daemon, stop, post, &progress).await?;
        written.send_replace(sent);
    }
    Ok(())
}

fn merge(progress: &mut Progress, next: Progress) {
    progress.cursor = next.cursor.or(progress.cursor.take());
    progress.expanded |= next.expanded;
    progress.delivered += next.delivered;
    progress.settled.extend(next.settled);
    progress.troubled.extend(next.troubled);
}

/// Writes one step down, however long the storage takes: what was sent is known here only until then. A daemon that is to
/// stop cannot wait for a storage that fails; then it is sent again.
async fn write_down(
    daemon: &Arc<Daemon>,
    stop: &watch::Receiver<bool>,
    post: i64,
    progress: &Progress,
) -> Result<(), Error> {
    let mut wait = Duration::from_millis(500);
    loop {
        let step = progress.clone();
        let work = move |session: &mut dyn Session| {
            session.record(post, &step, now())?;
            // What the next hop refuses counts as what comes back.
            if step.troubled.iter().any(|troubled| troubled.refused) {
                match bounces::refused(session, post, &step.troubled) {
                    // What was sent must be known, whatever stands in the way of counting.
                    Err(error @ Error::Unreadable { .. }) => {
                        tracing::error!("refusals of post {post} do not count: {error}")
                    }
                    other => other?,
                }
            }
            Ok(())
        };
        match daemon.store.write(work).await {
            Ok(()) => break,
            Err(error) if error == Error::Stopped || *stop.borrow() => return Err(error),
            Err(error) => {
                daemon.health.trouble(Part::Storage, &error);
                pause(wait, stop).await;
                wait = (wait * 2).min(Duration::from_secs(30));
            }
        }
    }
    daemon.health.fine(Part::Storage);
    let refused = progress.troubled.iter().filter(|troubled| troubled.refused).count() as u64;
    daemon.tally.delivered.fetch_add(progress.delivered, Ordering::Relaxed);
    daemon.tally.refused.fetch_add(refused, Ordering::Relaxed);
    if refused > 0 {
        // There may be probes to send, or owners to tell.
        daemon.work.notify_one();
    }
    for troubled in &progress.troubled {
        let verdict = if troubled.refused { "refused" } else { "deferred" };
        tracing::info!(post, "{verdict} for {}: {}", troubled.target.address, troubled.reply);
    }
    Ok(())
}
