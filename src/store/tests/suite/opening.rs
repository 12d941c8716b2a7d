//! What may be found where the database should be, and in what order it is left.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use mailjam_store::{Error, Result, SCHEMA_VERSION, Store};
use rusqlite::Connection;

use crate::{Fixture, block_on, create, open, open_patiently, post};

fn refused(path: &Path) -> Error {
    match open_patiently(path, Duration::ZERO) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

/// Changes a database behind the store's back.
fn meddle(path: &Path, sql: &str) {
    Connection::open(path).and_then(|connection| connection.execute_batch(sql)).expect("a database");
}

#[test]
fn a_second_daemon_is_refused_until_the_first_has_closed() {
    let fixture = Fixture::new();
    let error = Store::open_sqlite(&fixture.path()).map(drop).expect_err("it is in use");
    let lock = fixture.folder.path().join("test.db.lock");
    assert_eq!(error, Error::InUse { path: lock.clone() });
    assert!(error.to_string().contains(&*lock.to_string_lossy()), "{error}");
    fixture.write(|session| create(session, "talk@example.org"));
    fixture.store.close().expect("an orderly end");
    open(&fixture.path()).expect("the first has closed, if it still exists");
}

#[test]
fn a_store_that_is_dropped_gives_the_database_back() {
    let Fixture { folder, store } = Fixture::new();
    drop(store);
    // The writer ends by itself a moment later.
    open(&folder.path().join("test.db")).expect("the same database");
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    for size in [2, 15, 16, 100, 512, 5000] {
        let notes = vec![b'n'; size];
        fs::write(&path, &notes).expect("a file");
        assert_eq!(refused(&path), Error::Foreign { path: path.clone() }, "{size} octets");
        assert_eq!(fs::read(&path).expect("a file"), notes);
    }
}

#[test]
fn another_programs_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, sql) in [
        ("tables.db", "CREATE TABLE list (id); INSERT INTO list VALUES (1)"),
        ("marked.db", "PRAGMA application_id = 1"),
        ("versioned.db", "PRAGMA user_version = 1"),
        ("wal.db", "PRAGMA journal_mode = WAL; CREATE TABLE list (id)"),
    ] {
        let path = folder.path().join(name);
        meddle(&path, sql);
        let before = fs::read(&path).expect("a file");
        let error = refused(&path);
        assert_eq!(error, Error::Foreign { path: path.clone() }, "{name}");
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(fs::read(&path).expect("a file"), before, "{name}");
    }
}

#[test]
fn a_later_versions_database_is_left_as_it_is() {
    let fixture = Fixture::new();
    fixture.store.close().expect("an orderly end");
    meddle(&fixture.path(), "PRAGMA user_version = 99");
    let found = Error::Newer { path: fixture.path(), found: 99, known: SCHEMA_VERSION };
    assert_eq!(refused(&fixture.path()), found);
    assert!(found.to_string().contains("99"), "{found}");
}

#[test]
fn a_damaged_database_is_called_so() {
    let fixture = Fixture::new();
    fixture.store.close().expect("an orderly end");
    let mut bytes = fs::read(fixture.path()).expect("a database");
    bytes[4096..].fill(0xff);
    fs::write(fixture.path(), bytes).expect("a database");
    let error = refused(&fixture.path());
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_folder_that_is_missing_or_in_the_way_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, reason) in
        [(folder.path().join("missing/test.db"), "No such file"), (folder.path().to_owned(), "Is a directory")]
    {
        let error = refused(&path);
        assert!(matches!(&error, Error::Open { path: named, .. } if *named == path), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn a_lock_that_somebody_holds_for_good_stops_the_opening() {
    let fixture = Fixture::new();
    fixture.store.close().expect("an orderly end");
    let other = Connection::open(fixture.path()).expect("the database");
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").expect("the lock");
    assert_eq!(refused(&fixture.path()), Error::Busy);
    drop(other);
    open(&fixture.path()).expect("the lock has gone");
}

#[test]
fn while_somebody_holds_a_lock_writers_are_told_together_and_readers_go_on() {
    let Fixture { folder, store } = Fixture::new();
    store.close().expect("an orderly end");
    let path = folder.path().join("test.db");
    let patience = Duration::from_millis(300);
    let store = open_patiently(&path, patience).expect("the database");
    let list = block_on(store.write(|session| create(session, "talk@example.org"))).expect("a list");

    let other = Connection::open(&path).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let start = Instant::now();
    let results: Vec<Result<i64>> = block_on(async {
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.write(move |session| session.add_post(&post(list, n, 10))).await })
            })
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("no panic"));
        }
        results
    });
    assert!(results.iter().all(|result| *result == Err(Error::Busy)), "{results:?}");
    assert!(start.elapsed() < 20 * patience, "one waited after the other");
    assert_eq!(store.read_blocking(|session| session.counts()).map(|counts| counts.lists), Ok(1));

    other.execute_batch("ROLLBACK").expect("the lock is given back");
    block_on(store.write(move |session| session.add_post(&post(list, 1, 10)))).expect("a write");
    assert_eq!(store.read_blocking(|session| session.counts()).map(|counts| counts.queued), Ok(1));
}

#[test]
fn a_closed_database_is_one_file_that_only_its_owner_reads() {
    let (fixture, _) = Fixture::with_list();
    // Readers, one of them still at work, keep the log open.
    fixture.read(|session| session.counts());
    let store = fixture.store.clone();
    let (started, has_started) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        store.read_blocking(|session| {
            started.send(()).expect("the test waits");
            (0..1000).try_for_each(|_| session.counts().map(drop))
        })
    });
    has_started.recv().expect("a reader");
    fixture.store.close().expect("an orderly end");
    reader.join().expect("no panic").expect("a read that was waited for");

    let mut names: Vec<_> = fs::read_dir(fixture.folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .inspect(|entry| {
            let mode = entry.metadata().expect("an entry").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        })
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    assert_eq!(names, ["test.db", "test.db.lock"]);
    let copy = fixture.folder.path().join("copy.db");
    fs::copy(fixture.path(), &copy).expect("a backup");
    let copy = open(&copy).expect("a backup");
    assert_eq!(copy.read_blocking(|session| session.counts()).map(|counts| counts.lists), Ok(1));
}

#[test]
fn opening_again_changes_nothing() {
    let (fixture, list) = Fixture::with_list();
    fixture.store.close().expect("an orderly end");
    let before = fs::read(fixture.path()).expect("a database");
    let fixture = fixture.reopen();
    assert!(fixture.read(|session| session.list_by_key(list)).is_some());
    fixture.store.close().expect("an orderly end");
    assert_eq!(fs::read(fixture.path()).expect("a database"), before);
}
