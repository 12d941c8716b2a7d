//! Tests of the storage through its interface: what is asked, what is kept, and what happens when the disk does not play
//! along.

mod access;
mod accounts;
mod audit;
mod bans;
mod bounces;
mod child;
mod counters;
mod crash;
mod digests;
mod disk;
mod group;
mod held;
mod lists;
mod members;
mod migration;
mod mounts;
mod notices;
mod opening;
mod privacy;
mod purge;
mod queue;
mod recipients;
mod reports;
mod requests;
mod retry;
#[path = "../../../../tests/support/skip.rs"]
mod skip;
mod templates;
mod wishes;
mod write;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mailjam_core::address::Address;
use mailjam_core::list::List;
use mailjam_core::settings::Settings;
use mailjam_store::{Error, ListKey, MemberRow, NewPost, PageQuery, PostKind, Result, Session, Store};
use tempfile::TempDir;

/// Longer than anything here takes, short enough to wait for a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// When everything here happens, in Unix seconds.
const NOW: i64 = 1_800_000_000;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(DEADLINE, work).await.expect("the test's deadline") })
}

/// Opens a database that was closed. A child that another test starts has every open file too, locks included, until it
/// has become another program: what is closed is free a moment later.
fn open_patiently(path: &Path, patience: Duration) -> Result<Store> {
    let start = Instant::now();
    loop {
        match Store::open_sqlite_patiently(path, patience) {
            Err(Error::InUse { .. }) if start.elapsed() < DEADLINE => std::thread::yield_now(),
            result => return result,
        }
    }
}

fn open(path: &Path) -> Result<Store> {
    open_patiently(path, Duration::from_secs(5))
}

/// A store in a folder of its own.
struct Fixture {
    folder: TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(&folder.path().join("test.db")).expect("a new database");
        Fixture { folder, store }
    }

    /// A store with `talk@example.org` in it.
    fn with_list() -> (Fixture, ListKey) {
        let fixture = Fixture::new();
        let list = fixture.write(|session| create(session, "talk@example.org"));
        (fixture, list)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut dyn Session) -> Result<T> + Send + 'static) -> T {
        block_on(self.store.write(work)).expect("a write")
    }

    fn read<T>(&self, work: impl FnOnce(&dyn Session) -> Result<T>) -> T {
        self.store.read_blocking(work).expect("a read")
    }

    fn reopen(self) -> Fixture {
        let path = self.path();
        self.store.close().expect("an orderly end");
        let store = open(&path).expect("the same database");
        Fixture { folder: self.folder, store }
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

/// A list as it is created.
fn list(text: &str) -> List {
    let address = address(text);
    let list_id = mailjam_core::list::list_id(&address);
    List { address, list_id, closed: false, settings: Settings::default() }
}

/// Creates a list, and its domain where it is missing.
fn create(session: &mut dyn Session, text: &str) -> Result<ListKey> {
    let list = list(text);
    session.create_domain(&list.address.ascii_domain(), "", NOW)?;
    Ok(session.create_list(&list, NOW)?.expect("the name is free"))
}

fn member(text: &str) -> MemberRow {
    MemberRow::new(address(text).key(), text.to_owned(), NOW)
}

/// A post of `size` octets; `number` makes its hand-over its own.
fn post(list: ListKey, number: u64, size: usize) -> NewPost {
    let mut handover = [0; 32];
    handover[..8].copy_from_slice(&number.to_be_bytes());
    NewPost {
        list,
        kind: PostKind::Post,
        sender: "ann@example.org".to_owned(),
        message_id: format!("<{number}@example.org>"),
        received: NOW,
        handover,
        bytes: vec![b'x'; size],
    }
}

fn page(after: &str, limit: u32) -> PageQuery {
    PageQuery { after: after.to_owned(), limit, filter: None }
}

fn filtered(filter: &str) -> PageQuery {
    PageQuery { after: String::new(), limit: 100, filter: Some(filter.to_owned()) }
}
