//! The runner: finds posts with something to do, and sees to it that each is worked on once at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use crate::daemon::{Daemon, now};
use crate::deliver::deliver;
use crate::health::Part;
use crate::pool::{self, Pool};

/// Asks whether the runner still runs; it answers by sending.
pub type Ping = oneshot::Sender<()>;

/// How often old posts are looked for.
const PURGE: Duration = Duration::from_secs(3600);

/// Posts removed in one transaction at most, so that nobody waits for long.
const PURGE_STEP: u32 = 200;

/// Seconds for which a hand-over is known again; MTAs give up after five days.
pub const HANDOVERS: i64 = 10 * 86_400;

/// When the storage cannot be read.
const STORAGE_PAUSE: Duration = Duration::from_secs(5);

/// How often to look for what becomes due while other posts are being sent.
const MEANWHILE: Duration = Duration::from_secs(5);

/// How long transactions under way may take to end when the daemon stops: less than systemd waits (90 s), more than a
/// mail server that works needs.
const DRAIN: Duration = Duration::from_secs(20);

/// Runs until `stop` says so and the transactions under way have ended.
pub async fn run(daemon: Arc<Daemon>, mut stop: watch::Receiver<bool>, mut pings: mpsc::Receiver<Ping>) {
    let pool = Arc::new(Pool::default());
    let mut workers = JoinSet::new();
    let mut busy: HashMap<Id, i64> = HashMap::new();
    let mut purge = tokio::time::interval(PURGE);
    let connections = daemon.config().smtp.connections as usize;
    while !*stop.borrow() {
        let wake = if busy.len() < connections {
            let (ready, wake) = look(&daemon, &busy, connections).await;
            for post in ready {
                let (daemon, pool, stop) = (daemon.clone(), pool.clone(), stop.clone());
                let handle = workers.spawn(async move { deliver(&daemon, &pool, &stop, post).await });
                busy.insert(handle.id(), post);
            }
            wake
        } else {
            None
        };
        tokio::select! {
            () = daemon.work.notified() => {}
            Some(ended) = workers.join_next_with_id() => {
                match ended {
                    Ok((id, ())) => drop(busy.remove(&id)),
                    Err(error) => {
                        if let Some(post) = busy.remove(&error.id()) {
                            quarantine(&daemon, post).await;
                        }
                    }
                }
            }
            () = tokio::time::sleep_until(wake.unwrap_or_else(far)) => {}
            () = tokio::time::sleep(pool::IDLE), if busy.is_empty() && !pool.is_empty() => pool.close(false).await,
            Some(ping) = pings.recv() => drop(ping.send(())),
            _ = purge.tick() => {
                if remove_old(&daemon).await {
                    purge.reset_immediately();
                }
            }
            _ = stop.changed() => {}
        }
    }
    let drain = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drain).await.is_err() {
        tracing::warn!(
            "the mail server has not answered for {DRAIN:?}; what it has and did not confirm is sent again after the next \
             start and may arrive twice"
        );
        workers.shutdown().await;
    }
    pool.close(true).await;
}

/// Takes a post out of circulation that made the code panic: it would do so again at once.
async fn quarantine(daemon: &Arc<Daemon>, post: i64) {
    tracing::error!(
        "sending post {post} panicked and it is quarantined; this is a defect of mailjam, please report it"
    );
    let problem = "sending it made the code panic; please report it";
    if let Err(error) = daemon.store.write(move |session| session.quarantine(post, problem)).await {
        daemon.health.trouble(Part::Storage, &error);
    }
}

/// A time that never comes.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(365 * 86_400)
}

/// Posts that nobody works on, as many as there are workers, and when to look again if nothing happens before.
async fn look(daemon: &Arc<Daemon>, busy: &HashMap<Id, i64>, connections: usize) -> (Vec<i64>, Option<Instant>) {
    let limit = u32::try_from(connections + busy.len()).unwrap_or(u32::MAX);
    let found = daemon.store.read(move |session| {
        let now = now();
        Ok::<_, mailjam_store::Error>((session.due(now, limit)?, session.next_due(now)?))
    });
    match found.await {
        Ok((due, next)) => {
            let free = connections - busy.len();
            let ready: Vec<i64> =
                due.into_iter().filter(|post| !busy.values().any(|other| other == post)).take(free).collect();
            // What is due now has a worker, or waits for one to end; what is due after it cannot be seen behind it.
            let pause = next.map(|at| match u64::try_from(at - now()) {
                Ok(seconds @ 1..) => Duration::from_secs(seconds),
                _ => MEANWHILE,
            });
            (ready, pause.map(|pause| Instant::now() + pause))
        }
        Err(error) => {
            daemon.health.trouble(Part::Storage, &error);
            (Vec::new(), Some(Instant::now() + STORAGE_PAUSE))
        }
    }
}

/// Lets go of posts that everybody has had for long, and of old hand-overs; answers whether there may be more.
async fn remove_old(daemon: &Arc<Daemon>) -> bool {
    let posts = now() - i64::from(daemon.config().storage.retain_posts) * 86_400;
    let handovers = now() - HANDOVERS;
    match daemon.store.write(move |session| session.purge(posts, now(), handovers, PURGE_STEP)).await {
        Ok(removed) => {
            if removed > 0 {
                tracing::info!("{removed} posts or hand-overs removed: older than [storage] retain_posts, or ten days");
            }
            removed > 0
        }
        Err(error) => {
            daemon.health.trouble(Part::Storage, &error);
            false
        }
    }
}
