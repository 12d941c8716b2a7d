//! The SQLite backend: one file, one writer thread, readers beside it (WAL).

mod lists;
mod members;
mod open;
mod queue;
mod roles;
mod tokens;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row};

pub use self::open::SCHEMA_VERSION;
use self::writer::Writer;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::{Backend, Job};

/// Connections kept for readers; more are opened when needed and closed again.
const IDLE_READERS: usize = 2;

/// An open database.
pub struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    /// Held for as long as the database is open, so that no second daemon sends the same posts.
    _lock: File,
}

impl Sqlite {
    /// Opens, creates or migrates a database.
    pub fn open(path: &Path) -> Result<Sqlite> {
        let lock = open::lock(path)?;
        let connection = open::writer(path)?;
        let writer = Writer::start(connection)?;
        Ok(Sqlite { path: path.to_owned(), writer, readers: Mutex::new(Vec::new()), _lock: lock })
    }

    fn idle_readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Sqlite {
    fn read(&self, work: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        let idle = self.idle_readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        connection.execute_batch("BEGIN").map_err(sqlite)?;
        let session = Sql { connection: &connection };
        let result = work(&session);
        connection.execute_batch("ROLLBACK").map_err(sqlite)?;
        let mut readers = self.idle_readers();
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.writer.submit(job)
    }

    fn close(&self) -> Result<()> {
        self.idle_readers().clear();
        self.writer.close()
    }
}

/// A session inside an open transaction of a connection.
struct Sql<'c> {
    connection: &'c Connection,
}

impl Sql<'_> {
    fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.query_row(params, read)).map_err(sqlite)
    }

    fn maybe<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(sqlite)
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(sqlite)
    }

    fn count(&self, sql: &str, params: impl Params) -> Result<u64> {
        self.one(sql, params, |row| row.get(0)).map(unsigned)
    }

    /// Executes a statement; answers how many rows it changed.
    fn change(&mut self, sql: &str, params: impl Params) -> Result<usize> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(sqlite)
    }
}

/// A count as SQLite keeps it. Counts are never negative.
fn unsigned(count: i64) -> u64 {
    count.try_into().unwrap_or_default()
}

/// A number for SQLite, whose integers end at 2^63.
fn signed(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A pattern for `LIKE … ESCAPE '\'` that matches texts which contain `part`.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// Cuts a result that was asked for with one row more than wanted, so that the last page is known as such.
fn cut<T>(mut items: Vec<T>, limit: u32, key: impl FnOnce(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = limit as usize;
    if items.len() <= limit {
        return (items, None);
    }
    items.truncate(limit);
    let next = items.last().map(key);
    (items, next)
}

/// SQLite's error as ours.
fn sqlite(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied,
        ) => Error::ReadOnly { detail: error.to_string() },
        _ => Error::Sqlite(error.to_string()),
    }
}
