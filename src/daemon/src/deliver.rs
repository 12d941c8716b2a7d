//! One post on its way out: composes the copy, walks the cursor over the recipients, hands batches to the next hop and
//! writes down what became of each.
//!
//! Results are written down while the next transaction is under way already, always in the order of the cursor. After a
//! crash only what the next hop took since the last of these small transactions is sent again.

mod ledger;

use std::sync::Arc;
use std::time::Duration;

use mailjam_core::address::Address;
use mailjam_core::compose;
use mailjam_core::list::List;
use mailjam_core::message::Message;
use mailjam_core::return_path;
use mailjam_core::settings::VerpMode;
use mailjam_core::token::{Bearer, Secret};
use mailjam_relay::{Body, Connection, Envelope, Outcome, PersonalCopy, ReturnPath};
use mailjam_store::{Audience, Error, ListRow, PostKind, PostRow, PostState, Troubled};
use tokio::sync::{mpsc, watch};

use self::ledger::{Ledger, Recipient, record};
use crate::daemon::{Daemon, now};
use crate::health::Part;
use crate::outgoing::{self, Outgoing, Seal, Source};
use crate::pool::Pool;

/// How long a post is left alone when the storage fails under it.
const STORAGE_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between attempts to reach the next hop, in seconds: it is our own mail server, which comes back.
const LONGEST_PAUSE: i64 = 60;

/// A post with all that its copies have in common.
struct Post {
    row: PostRow,
    list: List,
    body: Body,
    audience: Audience,
    /// What return paths and links are signed with.
    secret: Secret,
    /// What each member's copy has for itself; `None` where all members share copies.
    one_click: Option<OneClick>,
}

/// What goes into a member's own copy.
struct OneClick {
    /// Where the link to leave leads.
    public_url: String,
    /// What signs the copy.
    seal: Option<Seal>,
}

impl Post {
    fn return_paths(&self) -> return_path::Writer<'_> {
        return_path::Writer { list: &self.list.address, number: self.row.list, secret: &self.secret }
    }
}

/// How long a message for owners waits, in seconds, before it is looked again whether there are any.
const NOBODY_PAUSE: i64 = 600;

/// Does all that is due for a post now. Failures are written down or logged; nothing is left to the caller.
pub async fn deliver(daemon: &Arc<Daemon>, pool: &Pool, stop: &watch::Receiver<bool>, id: i64) {
    let Err(error) = attempt(daemon, pool, stop, id).await else { return };
    if let Error::Unreadable { .. } = error {
        // It would stand in the way of the others for ever.
        let problem = error.to_string();
        tracing::error!("post {id} is quarantined: {problem}");
        if daemon.store.write(move |session| session.quarantine(id, &problem)).await.is_ok() {
            return;
        }
    }
    daemon.health.trouble(Part::Storage, &error);
    pause(STORAGE_PAUSE, stop).await;
}

/// Waits, but not for longer than the daemon runs.
async fn pause(time: Duration, stop: &watch::Receiver<bool>) {
    let _ = tokio::time::timeout(time, stop.clone().wait_for(|stop| *stop)).await;
}

async fn attempt(daemon: &Arc<Daemon>, pool: &Pool, stop: &watch::Receiver<bool>, id: i64) -> Result<(), Error> {
    let loaded = daemon.store.read(move |session| {
        let Some(row) = session.post(id)? else { return Ok(None) };
        let list = session.list_by_key(row.list)?;
        // Who writes to the owners is told that it was accepted; it must not go to nobody.
        let forward = row.state == PostState::Sending && row.cursor.is_empty() && row.kind == PostKind::Owner;
        let nobody = forward && session.target_count(&Audience::of(row.list, row.kind, now()))? == 0;
        let secret = session.secret("token")?;
        Ok::<_, Error>(list.zip(session.message(id)?).map(|(list, bytes)| (row, list, bytes, nobody, secret)))
    });
    // A post that is gone was dropped meanwhile.
    let Some((row, list, bytes, nobody, secret)) = loaded.await? else { return Ok(()) };
    if nobody {
        return wait_for_owners(daemon, &row).await;
    }
    let post = match prepare(daemon, row, list, &bytes, secret).await {
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

/// The copy, or why it cannot be made.
async fn prepare(daemon: &Daemon, row: PostRow, list: ListRow, bytes: &[u8], secret: Secret) -> Result<Post, String> {
    let (config, signing, list) = (daemon.config(), daemon.signing(), list.list);
    let one_click = config.one_click(&list.settings).filter(|_| is_named(row.kind)).map(str::to_owned);
    let source = Source { kind: row.kind, id: row.id, received: row.received, bytes, one_click: one_click.is_some() };
    let Outgoing { bytes: copy, seal, .. } = outgoing::make(&config, &signing, &list, source).await?;
    let mut audience = Audience::of(row.list, row.kind, now());
    if row.kind == PostKind::Post {
        let message = Message::parse(bytes).map_err(|error| error.to_string())?;
        audience.spare(&message);
    }
    let body = match &seal {
        // Where each member's copy has a link of its own, each is signed by itself.
        Some(seal) if one_click.is_none() => Body::new(&[seal.fields(b""), copy].concat()),
        _ => Body::new(&copy),
    };
    let one_click = one_click.map(|public_url| OneClick { public_url, seal });
    Ok(Post { row, list, body, audience, secret, one_click })
}

/// Puts off a message for owners that a list does not have.
async fn wait_for_owners(daemon: &Daemon, row: &PostRow) -> Result<(), Error> {
    let list = &row.list_address;
    let problem = format!("{list} has no owner and the site no admin; mailjam-cli role grant {list} ADDRESS owner");
    tracing::warn!("post {} waits: {problem}", row.id);
    let (id, attempts) = (row.id, row.attempts.saturating_add(1));
    daemon.store.write(move |session| session.postpone(id, attempts, now() + NOBODY_PAUSE, &problem)).await
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
        let expanding = post.row.state == PostState::Sending;
        let mut ledger = Ledger::new(news, expanding);
        let mut after = if expanding { post.row.cursor.clone() } else { String::new() };
        let mut written = progress;
        loop {
            let (batch, last) = next_batch(daemon, post, &after).await?;
            after = batch.last().map_or(after, |recipient| recipient.target.key.clone());
            if let Err(error) = send(daemon, post, &batch, &mut connection, &mut ledger, last).await {
                daemon.health.trouble(Part::NextHop, &error);
                return Ok(if ledger.is_fruitless() { Run::Fruitless(error) } else { Run::Broken });
            }
            if last || *stop.borrow() {
                return Ok::<_, Error>(Run::Good(connection));
            }
            // At most one batch is ahead of what is written down.
            let behind = ledger.sent() - batch.len() as u64;
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
    let (id, state) = (post.row.id, post.row.state);
    let (audience, after) = (post.audience.clone(), after.to_owned());
    let mut batch: Vec<Recipient> = daemon
        .store
        .read(move |session| {
            if !after.is_empty() && session.post(id)?.is_none() {
                // Dropped meanwhile: who has not got it never will.
                return Ok(Vec::new());
            }
            if state == PostState::Sending {
                let targets = session.targets(&audience, &after, limit + 1)?;
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

/// Whether the connection ended before the next hop looked at a recipient: a server that was restarted, or lets only so
/// many messages through a connection, says no more than that.
fn unheard(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred(reply) if reply.code == 421)
}

/// Whether it is for members, who lose their mail if it comes back too often.
const fn is_named(kind: PostKind) -> bool {
    matches!(kind, PostKind::Post | PostKind::Digest | PostKind::PlainDigest)
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
    let named = is_named(post.row.kind);
    // Owners' mail has no member in its return path: nobody is removed from the owners for a bounce.
    let verp = if named { post.list.settings.verp } else { VerpMode::None };
    let xverp = connection.offers().xverp;
    if post.one_click.is_some() || (verp == VerpMode::Always && !xverp) {
        return send_each(post, batch, connection, ledger, last).await;
    }
    let bounces = match post.row.kind {
        // Nothing answers most of what a list writes on its own (RFC 3834 3.3).
        PostKind::Notice => post.row.sender.clone(),
        _ if named => post.return_paths().post(post.row.id).envelope(),
        _ => return_path::plain(&post.list.address).envelope(),
    };
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
    if let (2.., Some(Outcome::Refused(reply))) = (outcomes.len(), outcomes.first())
        && outcomes.iter().all(|outcome| matches!(outcome, Outcome::Refused(_)))
    {
        let (id, all) = (post.row.id, outcomes.len());
        tracing::error!(
            "the mail server refuses post {id} for {all} recipients at once: {reply}; \
             once mended: mailjam-cli queue retry --id {id}"
        );
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
    let copies = batch.iter().map(|recipient| personal_copy(post, recipient));
    // Results may come out of order; the cursor passes only what has one.
    let mut outcomes: Vec<Option<Outcome>> = vec![None; batch.len()];
    let mut settled = 0;
    let sent = connection
        .send_each(copies, &post.body, |position, outcome| {
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

/// A member's own copy: the return path names the member, unless the list wants none that does, and the header has the
/// member's way out, if the list offers one.
fn personal_copy(post: &Post, recipient: &Recipient) -> PersonalCopy {
    let paths = post.return_paths();
    let return_path = match Address::parse(&recipient.target.address) {
        Ok(member) if post.list.settings.verp != VerpMode::None => paths.copy(post.row.id, &member),
        _ => paths.post(post.row.id),
    };
    let head = post.one_click.as_ref().map(|OneClick { public_url, seal }| {
        let bearer = Bearer { list: post.row.list, key: &recipient.target.key };
        let link = compose::one_click(&post.list, public_url, &post.secret, bearer);
        // A key of RSA takes a millisecond, in which this thread does nothing else.
        let signatures = seal.as_ref().map(|seal| tokio::task::block_in_place(|| seal.fields(&link)));
        let signatures = signatures.unwrap_or_default();
        [signatures, link].concat()
    });
    PersonalCopy {
        return_path: return_path.envelope(),
        recipient: envelope_address(recipient),
        head: head.unwrap_or_default(),
    }
}

/// A recipient as RCPT names it.
fn envelope_address(recipient: &Recipient) -> String {
    let text = &recipient.target.address;
    Address::parse_foreign(text).map_or_else(|_| text.clone(), |address| address.envelope())
}
