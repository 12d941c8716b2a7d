//! Opening a database: the lock, the pragmas, the migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{random, sqlite};
use crate::error::{Error, Result};

/// "mjam": marks the file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x6d6a_616d;

/// The numbered files, in order; the schema version is how many were applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_initial.sql"),
    include_str!("../../migrations/0002_life.sql"),
    include_str!("../../migrations/0003_upkeep.sql"),
    include_str!("../../migrations/0004_accounts.sql"),
];

/// The secrets that a database has, [`SECRET`] octets each.
const SECRETS: [&str; 2] = ["token", "tombstone"];

/// Octets of a secret.
const SECRET: usize = 32;

/// The schema that this version writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// Locks the database against a second daemon; SQLite's own locks would let both send the same posts.
pub fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let failed = |error: std::io::Error| Error::Open {
        path: path.to_owned(),
        detail: format!("its lock file {}: {error}", lock_path.display()),
    };
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: lock_path }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Opens the connection that writes, and brings the schema up to date.
pub fn writer(path: &Path, patience: Duration) -> Result<Connection> {
    // Members' addresses and held mail are nobody else's business.
    let created = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    created.map_err(|error| Error::Open { path: path.to_owned(), detail: error.to_string() })?;
    let mut connection = connect(path, patience)?;
    let failed = |error| opening(path, error);
    let version = identify(&connection, path)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let detail = "its file system does not allow SQLite's write-ahead log (is it a network share?)".to_owned();
        return Err(Error::Open { path: path.to_owned(), detail });
    }
    // FULL syncs the log at every commit: an accepted message survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    connection.pragma_update(None, "cache_size", -2048).map_err(failed)?;
    // What is erased does not stay in pages that are written anyway.
    connection.pragma_update(None, "secure_delete", "FAST").map_err(failed)?;
    // A log that grew in a busy hour is cut back at the next checkpoint.
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024).map_err(failed)?;
    migrate(&mut connection, version, MIGRATIONS).map_err(failed)?;
    make_secrets(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens a connection that only reads.
pub fn reader(path: &Path, patience: Duration) -> Result<Connection> {
    let connection = connect(path, patience)?;
    connection.pragma_update(None, "query_only", true).map_err(sqlite)?;
    connection.pragma_update(None, "cache_size", -1024).map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn connect(path: &Path, patience: Duration) -> Result<Connection> {
    // Readers too: they take their place in the index of the log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| opening(path, error))?;
    connection.busy_timeout(patience).map_err(sqlite)?;
    // Otherwise a statement whose parameters might fit a partial index is prepared anew for every value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(sqlite)?;
    Ok(connection)
}

/// The schema version of a database that is ours, or empty.
fn identify(connection: &Connection, path: &Path) -> Result<i64> {
    let number = |sql| connection.query_row(sql, [], |row| row.get(0)).map_err(|error| opening(path, error));
    let version: i64 = number("PRAGMA user_version")?;
    let application: i64 = number("PRAGMA application_id")?;
    let tables: i64 = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && (application, version, tables) != (0, 0, 0) {
        return Err(Error::Foreign { path: path.to_owned() });
    }
    if version > SCHEMA_VERSION {
        return Err(Error::Newer { path: path.to_owned(), found: version, known: SCHEMA_VERSION });
    }
    Ok(version)
}

/// Applies what comes after `version`, each file in a transaction of its own.
fn migrate(connection: &mut Connection, version: i64, migrations: &[&str]) -> rusqlite::Result<()> {
    for (version, migration) in (1..).zip(migrations).skip(version.try_into().unwrap_or_default()) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
        tracing::info!(schema = version, "database migrated");
    }
    Ok(())
}

/// Makes the secrets that are missing; what exists is never changed, for tokens and tombstones depend on it.
fn make_secrets(connection: &mut Connection) -> Result<()> {
    let known: i64 = connection.query_row("SELECT count(*) FROM secret", [], |row| row.get(0)).map_err(sqlite)?;
    if known >= SECRETS.len() as i64 {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(sqlite)?;
    for name in SECRETS {
        let value = random::<SECRET>()?;
        let sql = "INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        transaction.execute(sql, (name, &value[..])).map_err(sqlite)?;
    }
    transaction.commit().map_err(sqlite)
}

/// An error at opening, where what is wrong with the file itself needs its path.
fn opening(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Foreign { path: path.to_owned() },
        Some(ErrorCode::CannotOpen) => Error::Open { path: path.to_owned(), detail: error.to_string() },
        _ => match sqlite(error) {
            Error::Sqlite(detail) => Error::Open { path: path.to_owned(), detail },
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x)";
    const SECOND: &str = "INSERT INTO a VALUES (1)";

    fn number(connection: &Connection, sql: &str) -> i64 {
        connection.query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    #[test]
    fn migrations_are_applied_in_order_and_once() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection, 0, &[FIRST]).expect("a new database");
        assert_eq!(number(&connection, "PRAGMA user_version"), 1);
        assert_eq!(number(&connection, "PRAGMA application_id"), APPLICATION_ID);
        for _ in 0..2 {
            let version = number(&connection, "PRAGMA user_version");
            migrate(&mut connection, version, &[FIRST, SECOND]).expect("what is missing");
            assert_eq!(number(&connection, "PRAGMA user_version"), 2);
            assert_eq!(number(&connection, "SELECT count(*) FROM a"), 1);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().expect("a database");
        let broken = "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1)";
        migrate(&mut connection, 0, &[FIRST, SECOND, broken]).expect_err("there is no such table");
        assert_eq!(number(&connection, "PRAGMA user_version"), 2);
        assert_eq!(number(&connection, "SELECT count(*) FROM a"), 1);
    }

    #[test]
    fn the_writer_syncs_every_commit_and_minds_foreign_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = writer(&folder.path().join("test.db"), Duration::ZERO).expect("a database");
        assert_eq!(number(&connection, "PRAGMA synchronous"), 2);
        assert_eq!(number(&connection, "PRAGMA foreign_keys"), 1);
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
        assert_eq!(mode, "wal");
    }
}
