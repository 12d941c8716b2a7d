//! The SQLite backend: one file, one writer at a time, readers beside it (WAL).

mod accounts;
mod audit;
mod bans;
mod bounces;
mod counters;
mod digests;
mod held;
mod lists;
mod members;
mod open;
#[cfg(test)]
mod plans;
mod privacy;
mod queue;
mod readers;
mod requests;
mod roles;
mod templates;
mod tokens;
mod writer;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row, ffi};

pub use self::open::SCHEMA_VERSION;
use self::readers::Readers;
use self::writer::Writer;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::{Backend, Job};

/// An open database.
pub struct Sqlite {
    readers: Readers,
    writer: Writer,
}

impl Sqlite {
    /// Opens, creates or migrates a database; waits up to `patience` for another program's lock, now and later.
    pub fn open(path: &Path, patience: Duration) -> Result<Sqlite> {
        let lock = open::lock(path)?;
        let connection = open::writer(path, patience)?;
        let writer = Writer::start(lock, connection)?;
        Ok(Sqlite { readers: Readers::new(path, patience), writer })
    }
}

impl Backend for Sqlite {
    fn read(&self, work: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        self.readers.read(work)
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.writer.submit(job)
    }

    fn run(&self, job: Box<dyn Job>) -> Result<()> {
        self.writer.run(job)
    }

    fn close(&self) -> Result<()> {
        // The readers first: while one has the database open, the log cannot be cut.
        self.readers.close();
        self.writer.close()
    }
}

/// A session inside an open transaction of a connection.
struct Sql<'c> {
    connection: &'c Connection,
    /// Why SQLite took the transaction back, once it has.
    lost: Option<Error>,
}

impl<'c> Sql<'c> {
    fn new(connection: &'c Connection) -> Sql<'c> {
        Sql { connection, lost: None }
    }

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
        // Without its transaction, whatever the job still does would be committed by itself.
        if self.connection.is_autocommit() {
            return Err(self.lost());
        }
        let result =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(sqlite);
        if let Err(error) = &result
            && self.connection.is_autocommit()
        {
            self.lost = Some(error.clone());
        }
        result
    }

    /// Why there is no transaction any more.
    fn lost(&self) -> Error {
        self.lost.clone().unwrap_or(Error::Lost)
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

/// Texts for `json_each`, which makes a table of them: one prepared statement serves any number.
fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// Bytes that nobody can guess.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Sqlite(format!("the system gives no random bytes for it: {error}")))?;
    Ok(bytes)
}

/// The number of a row as a key of a page. What is none stands before all of them.
fn number(after: &str) -> i64 {
    after.parse().unwrap_or_default()
}

/// A part of a pattern for `LIKE … ESCAPE '\'` that matches just `text`.
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// A pattern for `LIKE … ESCAPE '\'` that matches texts which contain `part`.
fn containing(part: &str) -> String {
    format!("%{}%", literally(part))
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
    // SQLite cannot say of its index of the log that there is no room for it; there is hardly another reason.
    if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) {
        return Error::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied,
        ) => Error::ReadOnly { detail: error.to_string() },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged { detail: error.to_string() },
        _ => Error::Sqlite(error.to_string()),
    }
}
