//! What is due by the clock and not by mail: moderators are told of held posts, what nobody decided about is dropped,
//! members whose mail came back are warned, what is over is forgotten.

use std::sync::Arc;
use std::time::Duration;

use mailjam_core::member::DAY;
use mailjam_core::notice::{CONFIRM_DAYS, REQUEST_DAYS};
use mailjam_store::Session;
use tokio::sync::watch;

use crate::actor::Actor;
use crate::bounces::course;
use crate::daemon::{Daemon, now};
use crate::digests;
use crate::health::Part;
use crate::login;
use crate::methods::Failed;
use crate::moderation::{self, Ruling};

/// How often to look.
const PERIOD: Duration = Duration::from_secs(10);

/// Held posts that are dropped in one transaction.
const EXPIRED_AT_ONCE: u32 = 50;

/// Members whose mail came back that are looked at in one transaction.
const BOUNCING_AT_ONCE: u32 = 50;

/// Bounces that are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: u32 = 10_000;

/// Days for which it is remembered what came back.
pub const BOUNCES: i64 = 90;

/// Days for which it is remembered who decided about a held post.
pub const DECISIONS: i64 = 90;

/// Runs until `stop` says so.
pub async fn run(daemon: Arc<Daemon>, mut stop: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(PERIOD);
    while !*stop.borrow() {
        tokio::select! {
            _ = interval.tick() => look(&daemon).await,
            _ = stop.changed() => {}
        }
    }
}

/// Looks, and writes only if there is something to do: a disk may sleep.
async fn look(daemon: &Arc<Daemon>) {
    if let Err(error) = digests::send_due(daemon).await {
        tracing::error!("digests that are due are not sent: {error}");
    }
    let due = daemon.store.read(|session| Ok::<_, mailjam_store::Error>(is_due(session)? || is_forgetful(now())));
    match due.await {
        Ok(false) => return,
        Ok(true) => {}
        Err(error) => return daemon.health.trouble(Part::Storage, &error),
    }
    match daemon.store.write(work).await {
        Ok(true) => daemon.work.notify_one(),
        Ok(false) => {}
        Err(Failed(fault)) => tracing::error!("what is due by the clock was not done: {fault}"),
    }
}

fn is_due(session: &dyn Session) -> Result<bool, mailjam_store::Error> {
    Ok(!session.lists_to_tell()?.is_empty()
        || !session.expired(now(), 1)?.is_empty()
        || !session.due_bouncing(now(), 1)?.is_empty())
}

/// About once an hour it is time to forget what is over.
fn is_forgetful(now: i64) -> bool {
    now % 3600 < PERIOD.as_secs().cast_signed()
}

/// Answers whether there is something to send.
fn work(session: &mut dyn Session) -> Result<bool, Failed> {
    let mut to_send = false;
    for row in session.expired(now(), EXPIRED_AT_ONCE)? {
        // One that cannot be read must not keep the others waiting.
        match moderation::decide(session, &Actor::mailjam(), "", row.post, Ruling::Expire) {
            Ok(_) => to_send = true,
            Err(Failed(fault)) => tracing::error!("held post {} is not dropped: {fault}", row.post),
        }
    }
    for list in session.lists_to_tell()? {
        let told = match session.list_by_key(list) {
            Ok(Some(list)) => moderation::tell_in_time(session, &list),
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        match told {
            Ok(told) => to_send |= told,
            Err(error) => tracing::error!("moderators of list number {list} are not told of held posts: {error}"),
        }
    }
    for (list, state) in session.due_bouncing(now(), BOUNCING_AT_ONCE)? {
        let key = state.key.clone();
        // One that cannot be read must not keep the others waiting.
        let gone_on = match session.list_by_key(list) {
            Ok(Some(list)) => course::go_on(session, &list, state),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match gone_on {
            Ok(()) => to_send = true,
            Err(error) => tracing::error!("nothing is done about {key} on list number {list}: {error}"),
        }
    }
    if is_forgetful(now()) {
        session.forget_bounces(now() - BOUNCES * DAY, now(), FORGOTTEN_AT_ONCE)?;
        session.forget_requests(now() - CONFIRM_DAYS.max(REQUEST_DAYS) * DAY)?;
        session.forget_counters(now())?;
        session.forget_logins(now() - login::LONGEST, now() - login::IDLE, now())?;
        session.forget_decisions(now() - DECISIONS * DAY)?;
    }
    Ok(to_send)
}
