//! What all parts of the daemon share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use mailjam_core::settings::Settings;
use mailjam_store::{PageQuery, Store};
use tokio::sync::Notify;

use crate::config::{self, Config};
use crate::health::Health;
use crate::log;
use crate::passwords::Passwords;
use crate::signing::{self, Signing};

/// The running daemon.
pub struct Daemon {
    /// Where lists and mail are kept.
    pub store: Store,
    /// What is counted since the start.
    pub tally: Tally,
    /// Whether all is well, for systemd and people.
    pub health: Health,
    /// Wakes the runner: there is something to send.
    pub work: Notify,
    /// Where passwords are looked at.
    pub passwords: Passwords,
    /// When the daemon was ready.
    pub started: Instant,
    config: RwLock<Arc<Config>>,
    signing: RwLock<Arc<Signing>>,
    config_path: PathBuf,
    log: log::Handle,
    /// Largest `max_size` of any list since the start: what a hand-over may weigh.
    largest_message: AtomicU64,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Tally {
    verdicts: Mutex<std::collections::BTreeMap<&'static str, u64>>,
    /// Recipients that the next hop took.
    pub delivered: AtomicU64,
    /// Recipients that it refused.
    pub refused: AtomicU64,
}

impl Tally {
    /// Counts the answer to a hand-over.
    pub fn verdict(&self, action: &'static str) {
        *self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).entry(action).or_default() += 1;
    }

    /// The answers so far.
    pub fn verdicts(&self) -> std::collections::BTreeMap<&'static str, u64> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Daemon {
    /// Puts the parts together; reads from the store how large messages may be.
    pub fn new(
        store: Store,
        (config, signing): (Config, Signing),
        config_path: PathBuf,
        log: log::Handle,
    ) -> mailjam_store::Result<Arc<Daemon>> {
        let largest = largest_message(&store).unwrap_or_else(|error| {
            tracing::error!("{error}; messages may be as large as the default permits");
            Settings::default().max_size
        });
        Ok(Arc::new(Daemon {
            store,
            tally: Tally::default(),
            health: Health::default(),
            work: Notify::new(),
            passwords: Passwords::default(),
            started: Instant::now(),
            config: RwLock::new(Arc::new(config)),
            signing: RwLock::new(Arc::new(signing)),
            config_path,
            log,
            largest_message: AtomicU64::new(largest),
        }))
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keys and resolver in force.
    pub fn signing(&self) -> Arc<Signing> {
        self.signing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys again, after one was made, taken or removed.
    pub fn reload_keys(&self) -> Result<(), signing::Error> {
        let signing = Signing::load(&self.config())?;
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signing);
        Ok(())
    }

    /// Reads the configuration again; a broken one changes nothing.
    pub fn reload(&self) -> Result<(), config::Error> {
        let new = Config::load(&self.config_path)?;
        let signing = Signing::load(&new).map_err(|error| config::Error::Value {
            path: self.config_path.clone(),
            key: "[[dkim]]",
            detail: error.to_string(),
        })?;
        let filter = log::filter(&new.log.level).map_err(|detail| config::Error::Value {
            path: self.config_path.clone(),
            key: "[log] level",
            detail,
        })?;
        for section in self.config().fixed_differences(&new) {
            tracing::warn!("{section} changed in the file; this takes effect when mailjamd is restarted");
        }
        if let Err(error) = self.log.reload(filter) {
            tracing::warn!(%error, "the log level stays as it was");
        }
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signing);
        tracing::info!("configuration read from {}", self.config_path.display());
        Ok(())
    }

    /// Octets that the request of a hand-over may have: the largest message in base64, in lines of 76 characters and CRLF
    /// (RFC 2045 6.8) as some clients write it, and its envelope.
    pub fn handover_limit(&self) -> u64 {
        let message = self.largest_message.load(Ordering::Relaxed);
        message / 57 * 78 + (64 << 10)
    }

    /// Takes note of a list's settings.
    pub fn note_settings(&self, settings: &Settings) {
        self.largest_message.fetch_max(settings.max_size, Ordering::Relaxed);
    }
}

fn largest_message(store: &Store) -> mailjam_store::Result<u64> {
    let mut largest = Settings::default().max_size;
    let mut query = PageQuery { limit: 1000, ..PageQuery::default() };
    loop {
        let page = store.read_blocking(|session| session.lists(&query))?;
        largest = page.items.iter().map(|row| row.list.settings.max_size).fold(largest, u64::max);
        match page.next {
            Some(next) => query.after = next,
            None => return Ok(largest),
        }
    }
}

/// The present in Unix seconds.
#[must_use]
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().try_into().unwrap_or(i64::MAX))
}
