//! Opening a database: the lock, the pragmas, the migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::sqlite;
use crate::error::{Error, Result};

/// "mjam": marks the file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x6d6a_616d;

/// The numbered files, in order; the schema version is how many were applied.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/0001_initial.sql")];

/// The schema that this version writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// How long to wait for another program's lock: somebody looks at the data with a shell.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Locks the database against a second daemon; SQLite's own locks would let both send the same posts.
pub fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = std::path::PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&lock_path)
        .map_err(|error| Error::Open { path: lock_path.clone(), detail: error.to_string() })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: lock_path }),
        Err(TryLockError::Error(error)) => Err(Error::Open { path: lock_path, detail: error.to_string() }),
    }
}

/// Opens the connection that writes, and brings the schema up to date.
pub fn writer(path: &Path) -> Result<Connection> {
    // Members' addresses and held mail are nobody else's business.
    let created = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    created.map_err(|error| Error::Open { path: path.to_owned(), detail: error.to_string() })?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // The first statement that reads the file tells whether it is a database at all.
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| opening(path, &e))?;
    let application: i64 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(|e| opening(path, &e))?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|e| opening(path, &e))?;
    if application != APPLICATION_ID && tables > 0 {
        return Err(Error::Foreign { path: path.to_owned() });
    }
    if version > SCHEMA_VERSION {
        return Err(Error::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|e| opening(path, &e))?;
    // FULL syncs the log at every commit: an accepted message survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(sqlite)?;
    connection.pragma_update(None, "cache_size", -2048).map_err(sqlite)?;
    // A log that grew in a busy hour is cut back at the next checkpoint.
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024).map_err(sqlite)?;
    migrate(&mut connection, version)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens a connection that only reads.
pub fn reader(path: &Path) -> Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true).map_err(sqlite)?;
    connection.pragma_update(None, "cache_size", -1024).map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| opening(path, &error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, version: i64) -> Result<()> {
    for (position, migration) in MIGRATIONS.iter().enumerate().skip(version.try_into().unwrap_or(0)) {
        let transaction = connection.transaction().map_err(sqlite)?;
        transaction.execute_batch(migration).map_err(sqlite)?;
        transaction.pragma_update(None, "user_version", position as i64 + 1).map_err(sqlite)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sqlite)?;
        transaction.commit().map_err(sqlite)?;
        tracing::info!(schema = position + 1, "database migrated");
    }
    Ok(())
}

fn opening(path: &Path, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Foreign { path: path.to_owned() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        _ => Error::Open { path: path.to_owned(), detail: error.to_string() },
    }
}
