//! Connections to the next hop, kept for a moment between posts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mailjam_relay::{Connection, Error, NextHop, Timeouts};
use tokio::task::JoinSet;

use crate::config::Smtp;

/// How long a connection without work stays open: a busy list's next post finds it, an idle daemon holds none.
pub const IDLE: Duration = Duration::from_secs(3);

/// How long to wait for the answers to QUIT: a courtesy, for which nothing else should wait.
const FAREWELL: Duration = Duration::from_secs(1);

/// Connections without work.
#[derive(Default)]
pub struct Pool {
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl Pool {
    /// A connection that is ready for a transaction: a kept one, unless the configuration has changed since.
    pub async fn open(&self, smtp: &Smtp) -> Result<Connection, Error> {
        let next_hop = next_hop(smtp);
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some((connection, since)) = kept
            && since.elapsed() < IDLE
            && *connection.next_hop() == next_hop
            && connection.is_ready()
        {
            return Ok(connection);
        }
        Connection::open(&next_hop).await
    }

    /// A new connection.
    pub async fn connect(smtp: &Smtp) -> Result<Connection, Error> {
        Connection::open(&next_hop(smtp)).await
    }

    /// Takes a connection back.
    pub fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
    }

    /// Whether no connection is kept.
    pub fn is_empty(&self) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Closes what has been idle for too long, or everything.
    pub async fn close(&self, everything: bool) {
        let old: Vec<_> = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.extract_if(.., |(_, since)| everything || since.elapsed() >= IDLE).collect()
        };
        let mut farewells: JoinSet<()> = old.into_iter().map(|(connection, _)| connection.quit()).collect();
        let _ = tokio::time::timeout(FAREWELL, async { while farewells.join_next().await.is_some() {} }).await;
    }
}

fn next_hop(smtp: &Smtp) -> NextHop {
    let helo = if smtp.helo.is_empty() { host_name() } else { smtp.helo.clone() };
    NextHop { server: smtp.server.clone(), helo, timeouts: Timeouts::default() }
}

/// What to say in EHLO: the host's name if it can be said there, else an address (RFC 5321 4.1.4).
fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if good { name } else { "[127.0.0.1]".to_owned() }
}
