//! The readers: connections of their own, which see a snapshot while the writer goes on.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::Connection;

use super::{Sql, open, sqlite};
use crate::error::{Error, Result};
use crate::session::Session;

/// Connections kept, as many as read at the same time when it is busy; more are opened when needed and closed again. To open
/// one costs more than most of what is read: SQLite reads the whole schema.
const IDLE: usize = 8;

/// The connections that read.
pub struct Readers {
    path: PathBuf,
    patience: Duration,
    /// `None` once closed. Held for reading while somebody reads, so that closing waits for them.
    idle: RwLock<Option<Mutex<Vec<Connection>>>>,
}

impl Readers {
    /// Opens nothing yet.
    pub fn new(path: &Path, patience: Duration) -> Readers {
        Readers { path: path.to_owned(), patience, idle: RwLock::new(Some(Mutex::default())) }
    }

    /// Runs `work` on a snapshot.
    pub fn read(&self, work: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        let idle = self.idle.read().unwrap_or_else(PoisonError::into_inner);
        let idle = idle.as_ref().ok_or(Error::Stopped)?;
        let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = taken.map_or_else(|| open::reader(&self.path, self.patience), Ok)?;
        connection.execute_batch("BEGIN").map_err(sqlite)?;
        let result = work(&Sql::new(&connection));
        // A connection whose snapshot does not end, or whose `work` panicked, is closed instead of kept.
        if connection.execute_batch("ROLLBACK").is_ok() {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE {
                idle.push(connection);
            }
        }
        result
    }

    /// Waits for those who read, and closes the connections; later reads fail with [`Error::Stopped`].
    pub fn close(&self) {
        self.idle.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
