//! One post on its way out: composes the copy, walks the cursor over the recipients, hands batches to the next hop and
//! writes down what became of each.
//!
//! Results are written down while the next transaction is under way already, always in the order of the cursor. After a
//! crash only what the next hop took since the last of these small transactions is sent again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mailjam_core::address::Address;
use mailjam_core::compose::{self, Context};
use mailjam_core::list::List;
use mailjam_core::message::Message;
use mailjam_core::return_path;
use mailjam_core::settings::VerpMode;
use mailjam_relay::{Body, Connection, Envelope, Outcome, ReturnPath, backoff};
use mailjam_store::{Error, ListRow, PostKind, PostRow, PostState, Progress, Target, Troubled};
use tokio::sync::{mpsc, watch};

use crate::daemon::{Daemon, now};
use crate::health::Part;
use crate::pool::Pool;

/// How long a post is left alone when the storage fails under it.
const STORAGE_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between attempts to reach the next hop, in seconds: it is our own mail server, which comes back.
const LONGEST_PAUSE: i64 = 60;

/// A recipient of this run.
#[derive(Clone, Debug)]
struct Recipient {
    target: Target,
    /// Attempts before this one, and when the first was.
    before: u32,
    first: Option<i64>,
}

/// A post with all that its copies have in common.
struct Post {
    row: PostRow,
    list: List,
    body: Body,
}

/// Does all that is due for a post now. Failures are written down or logged; nothing is left to the caller.
pub async fn deliver(daemon: &Arc<Daemon>, pool: &Pool, stop: &watch::Receiver<bool>, id: i64) {
    if let Err(error) = attempt(daemon, pool, stop, id).await {
        daemon.health.trouble(Part::Storage, &error);
        pause(STORAGE_PAUSE, stop).await;
    }
}

/// Waits, but not for longer than the daemon runs.
async fn pause(time: Duration, stop: &watch::Receiver<bool>) {
    let _ = tokio::time::timeout(time, stop.clone().wait_for(|stop| *stop)).await;
}

async fn attempt(daemon: &Arc<Daemon>, pool: &Pool, stop: &watch::Receiver<bool>, id: i64) -> Result<(), Error> {
    let loaded = daemon.store.read(move |session| {
        let Some(row) = session.post(id)? else { return Ok(None) };
        let list = session.list_by_key(row.list)?;
        Ok::<_, Error>(list.zip(session.message(id)?).map(|(list, bytes)| (row, list, bytes)))
    });
    // A post that is gone was dropped meanwhile.
    let Some((row, list, bytes)) = loaded.await? else { return Ok(()) };
    let post = match prepare(row, list, &bytes) {
        Ok(post) => post,
        Err(problem) => {
            tracing::error!("post {id} is quarantined: {problem}");
            return daemon.store.write(move |session| session.quarantine(id, &problem)).await;
        }
    };
    drop(bytes);
    let connection = match pool.open(&daemon.config().smtp).await {
        Ok(connection) => connection,
        Err(error) => return postpone(daemon, &post.row, &error).await,
    };
    daemon.health.fine(Part::NextHop);
    match expand(daemon, &post, stop, connection).await? {
        Run::Good(connection) => pool.keep(connection),
        Run::Broken => {}
        Run::Fruitless(error) => postpone(daemon, &post.row, &error).await?,
    }
    Ok(())
}

/// The copy, or why it cannot be made. A message that makes the code panic must not come back for ever.
fn prepare(row: PostRow, list: ListRow, bytes: &[u8]) -> Result<Post, String> {
    let list = list.list;
    let composed = catch_unwind(AssertUnwindSafe(|| {
        let message = Message::parse(bytes).map_err(|error| error.to_string())?;
        let copy = match row.kind {
            PostKind::Post => compose::list_copy(&message, &list, &Context { now: row.received, post_id: row.id }),
            _ => compose::owner_copy(&message, &list),
        };
        Ok(Body::new(&copy.to_vec()))
    }));
    let body =
        composed.unwrap_or_else(|_| Err("composing the copy made the code panic; please report it".to_owned()))?;
    Ok(Post { row, list, body })
}

/// Puts the whole post off.
async fn postpone(daemon: &Daemon, row: &PostRow, error: &mailjam_relay::Error) -> Result<(), Error> {
    daemon.health.trouble(Part::NextHop, error);
    let (id, attempts, error) = (row.id, row.attempts.saturating_add(1), error.to_string());
    let pause = (5i64 << attempts.min(10)).min(LONGEST_PAUSE);
    daemon.store.write(move |session| session.postpone(id, attempts, now() + pause, &error)).await
}

/// How a run over the recipients of a post ended.
enum Run {
    /// The connection can be used again.
    Good(Connection),
    /// The connection broke; what is left can be tried on another one at once.
    Broken,
    /// The connection broke before anybody got a copy: the next one will hardly do better.
    Fruitless(mailjam_relay::Error),
}

/// Sends to everybody who is due.
async fn expand(
    daemon: &Arc<Daemon>,
    post: &Post,
    stop: &watch::Receiver<bool>,
    mut connection: Connection,
) -> Result<Run, Error> {
    let (news, heard) = mpsc::unbounded_channel();
    let (written, progress) = watch::channel(0u64);
    let sending = async {
        let mut ledger =
            Ledger { news, expanding: post.row.state == PostState::Sending, expanded: false, sent: 0, delivered: 0 };
        let mut after = if ledger.expanding { post.row.cursor.clone() } else { String::new() };
        let mut written = progress;
        loop {
            let (batch, last) = next_batch(daemon, post, &after).await?;
            after = batch.last().map_or(after, |recipient| recipient.target.key.clone());
            if let Err(error) = send(daemon, post, &batch, &mut connection, &mut ledger, last).await {
                daemon.health.trouble(Part::NextHop, &error);
                let fruitless = ledger.expanding && !ledger.expanded && ledger.delivered == 0;
                return Ok(if fruitless { Run::Fruitless(error) } else { Run::Broken });
            }
            if last || *stop.borrow() {
                return Ok::<_, Error>(Run::Good(connection));
            }
            // At most one batch is ahead of what is written down.
            let behind = ledger.sent - batch.len() as u64;
            if written.wait_for(|written| *written >= behind).await.is_err() {
                return Ok(Run::Good(connection));
            }
        }
    };
    let (run, recorded) = tokio::join!(sending, record(daemon, stop, post.row.id, heard, written));
    recorded?;
    run
}

/// The next recipients behind a key, and whether they are the last.
async fn next_batch(daemon: &Daemon, post: &Post, after: &str) -> Result<(Vec<Recipient>, bool), Error> {
    let limit = daemon.config().smtp.recipients;
    let (id, list, kind, state) = (post.row.id, post.row.list, post.row.kind, post.row.state);
    let after = after.to_owned();
    let mut batch: Vec<Recipient> = daemon
        .store
        .read(move |session| {
            if !after.is_empty() && session.post(id)?.is_none() {
                // Dropped meanwhile: who has not got it never will.
                return Ok(Vec::new());
            }
            if state == PostState::Sending {
                let targets = session.targets(list, kind, &after, limit + 1)?;
                let fresh = |target| Recipient { target, before: 0, first: None };
                return Ok::<_, Error>(targets.into_iter().map(fresh).collect());
            }
            let due = session.due_recipients(id, now(), &after, limit + 1)?;
            let again = |troubled: Troubled| Recipient {
                target: troubled.target,
                before: troubled.attempts,
                first: Some(troubled.first),
            };
            Ok(due.into_iter().map(again).collect())
        })
        .await?;
    let last = batch.len() <= limit as usize;
    batch.truncate(limit as usize);
    Ok((batch, last))
}

/// Where results go on their way to the storage.
struct Ledger {
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
    /// Notes what became of the next recipients in the order of the cursor.
    fn settle(&mut self, recipients: &[Recipient], outcomes: impl Iterator<Item = Outcome>, expanded: bool) {
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

/// Whether the connection ended before the next hop looked at a recipient: a server that was restarted, or lets only so
/// many messages through a connection, says no more than that.
fn unheard(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred(reply) if reply.code == 421)
}

/// Hands a batch to the next hop, in as many transactions as it takes, and on another connection where one ends.
async fn send(
    daemon: &Daemon,
    post: &Post,
    batch: &[Recipient],
    connection: &mut Connection,
    ledger: &mut Ledger,
    last: bool,
) -> Result<(), mailjam_relay::Error> {
    let bounces = return_path::bounces(&post.list.address);
    // Owners' mail has no member in its return path: nobody is removed from the owners for a bounce.
    let verp = if post.row.kind == PostKind::Post { post.list.settings.verp } else { VerpMode::None };
    let xverp = connection.offers().xverp;
    if verp == VerpMode::Always && !xverp {
        return send_each(post, batch, connection, ledger, last).await;
    }
    let bounces = bounces.envelope();
    let return_path =
        if verp == VerpMode::None || !xverp { ReturnPath::Shared(&bounces) } else { ReturnPath::Xverp(&bounces) };
    let addresses: Vec<String> = batch.iter().map(envelope_address).collect();
    let mut outcomes: Vec<Outcome> = vec![Outcome::TooMany; batch.len()];
    let mut error = None;
    let mut fresh = false;
    loop {
        let open: Vec<usize> = (0..batch.len()).filter(|&i| outcomes[i] == Outcome::TooMany).collect();
        if open.is_empty() {
            break;
        }
        let asked = open.len();
        let recipients: Vec<String> = open.iter().map(|&i| addresses[i].clone()).collect();
        let envelope = Envelope { return_path, recipients: &recipients };
        let results = match connection.send(&envelope, &post.body).await {
            Ok(results) => results,
            Err(interrupted) => {
                error = Some(interrupted.cause);
                interrupted.outcomes
            }
        };
        for (i, outcome) in open.into_iter().zip(results) {
            outcomes[i] = outcome;
        }
        if error.is_none() {
            continue;
        }
        let again: Vec<&mut Outcome> = outcomes.iter_mut().filter(|outcome| unheard(outcome)).collect();
        if again.is_empty() || (fresh && again.len() == asked) {
            break;
        }
        fresh = true;
        match Pool::connect(&daemon.config().smtp).await {
            Ok(another) => *connection = another,
            Err(_) => break,
        }
        again.into_iter().for_each(|outcome| *outcome = Outcome::TooMany);
        error = None;
    }
    // Without an answer the batch is the last of this run, and recipients behind it have their turn in the next.
    ledger.settle(batch, outcomes.into_iter(), last);
    error.map_or(Ok(()), Err)
}

/// Hands each recipient a copy with a return path of its own.
async fn send_each(
    post: &Post,
    batch: &[Recipient],
    connection: &mut Connection,
    ledger: &mut Ledger,
    last: bool,
) -> Result<(), mailjam_relay::Error> {
    let list = &post.list.address;
    let transactions = batch.iter().map(|recipient| {
        let return_path = Address::parse(&recipient.target.address)
            .ok()
            .and_then(|member| return_path::verp(list, '+', &member))
            .unwrap_or_else(|| return_path::bounces(list));
        (return_path.envelope(), envelope_address(recipient))
    });
    // Results may come out of order; the cursor passes only what has one.
    let mut outcomes: Vec<Option<Outcome>> = vec![None; batch.len()];
    let mut settled = 0;
    let sent = connection
        .send_each(transactions, &post.body, |position, outcome| {
            outcomes[position] = Some(outcome);
            let ready = outcomes[settled..].iter().take_while(|outcome| outcome.is_some()).count();
            if ready > 0 {
                let results = outcomes[settled..settled + ready].iter_mut().filter_map(Option::take);
                ledger.settle(&batch[settled..settled + ready], results, last && settled + ready == batch.len());
                settled += ready;
            }
        })
        .await;
    if batch.is_empty() {
        ledger.settle(batch, std::iter::empty(), last);
    }
    sent
}

/// A recipient as RCPT names it.
fn envelope_address(recipient: &Recipient) -> String {
    let text = &recipient.target.address;
    Address::parse_foreign(text).map_or_else(|_| text.clone(), |address| address.envelope())
}

/// Writes results down, several at once where they come faster than the disk.
async fn record(
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
        match daemon.store.write(move |session| session.record(post, &step, now())).await {
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
    for troubled in &progress.troubled {
        let verdict = if troubled.refused { "refused" } else { "deferred" };
        tracing::info!(post, "{verdict} for {}: {}", troubled.target.address, troubled.reply);
    }
    Ok(())
}
