//! A disk that fills up or fails while the store runs: everybody concerned is told, nothing is there by half, and all is
//! well again when there is room.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mailjam_store::{Error, ListKey, Result, Store};
use nix::mount::MsFlags;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};

use crate::child::{self, Child};
use crate::group::{Work, together};
use crate::mounts;
use crate::{block_on, create, open, open_patiently, post};

/// A file that takes all the room there is.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = fs::File::create(&path).expect("a file");
    for size in [1 << 16, 1 << 12, 1] {
        let block = vec![0; size];
        let error = std::iter::repeat_with(|| file.write_all(&block)).find_map(std::io::Result::err).expect("an end");
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    }
    path
}

/// Writes posts of these sizes in one group; their hand-overs are numbered from `first`.
fn write_posts(store: &Store, list: ListKey, first: u64, sizes: &[usize]) -> Vec<Result<i64>> {
    let jobs = (first..).zip(sizes.to_vec());
    together(
        store,
        jobs.map(|(number, size)| -> Work<i64> {
            Box::new(move |session| session.add_post(&post(list, number, size)))
        }),
    )
}

/// Whether just those posts are there, whole, of which it was said that they are.
fn assert_kept(store: &Store, list: ListKey, first: u64, results: &[Result<i64>]) {
    store
        .read_blocking(|session| {
            for (number, result) in (first..).zip(results) {
                let expected = result.as_ref().ok().copied();
                assert_eq!(session.handed_over(&post(list, number, 0).handover)?, expected);
                if let Some(id) = expected {
                    let row = session.post(id)?.expect("a post");
                    assert_eq!(session.message(id)?.map(|bytes| bytes.len() as u64), Some(row.size));
                }
            }
            Ok::<_, Error>(())
        })
        .expect("a read");
}

#[test]
fn a_full_disk_fails_a_group_as_a_whole_and_heals() {
    mounts::in_memory("32m", |folder| {
        let path = folder.join("test.db");
        let store = open(&path).expect("a new database");
        let list = block_on(store.write(|session| create(session, "talk@example.org"))).expect("a list");
        let kept = write_posts(&store, list, 100, &[1000]);
        assert!(kept[0].is_ok(), "{kept:?}");

        let filler = fill(folder);
        // There is room in the cache, and none when all of it is to be written.
        let at_commit = write_posts(&store, list, 200, &[200_000, 200_000, 200_000]);
        assert_eq!(at_commit, vec![Err(Error::Full); 3]);
        assert_kept(&store, list, 200, &at_commit);
        // More than the cache holds: SQLite takes the transaction back in the middle of a job. Those before it in the
        // group are told why; those behind it are tried by themselves.
        let at_work = write_posts(&store, list, 300, &[1000, 5_000_000, 200_000]);
        assert_eq!(at_work, vec![Err(Error::Full); 3]);
        assert_kept(&store, list, 300, &at_work);
        assert_kept(&store, list, 100, &kept);

        fs::remove_file(&filler).expect("the filler");
        let healed = write_posts(&store, list, 300, &[1000, 5_000_000, 200_000]);
        assert!(healed.iter().all(Result::is_ok), "{healed:?}");
        assert_kept(&store, list, 300, &healed);
        store.close().expect("an orderly end");
        let store = open(&path).expect("the same database");
        assert_kept(&store, list, 100, &kept);
        assert_kept(&store, list, 300, &healed);
    });
}

#[test]
fn a_job_that_goes_on_after_its_transaction_was_lost_writes_nothing() {
    mounts::in_memory("16m", |folder| {
        let store = open(&folder.join("test.db")).expect("a new database");
        let list = block_on(store.write(|session| create(session, "talk@example.org"))).expect("a list");
        let filler = fill(folder);
        let result = block_on(store.write(move |session| {
            let large = session.add_post(&post(list, 1, 5_000_000));
            assert_eq!(large, Err(Error::Full));
            fs::remove_file(&filler).expect("the filler");
            // There would be room for this one, in a transaction of its own.
            assert_eq!(session.add_post(&post(list, 2, 10)), Err(Error::Full));
            Ok(())
        }));
        assert_eq!(result, Err(Error::Full));
        assert_eq!(store.read_blocking(|session| session.counts()).map(|counts| counts.queued), Ok(0));
        block_on(store.write(move |session| session.add_post(&post(list, 2, 10)))).expect("a write");
    });
}

#[test]
fn a_database_can_be_opened_once_there_is_room_for_it() {
    mounts::in_memory("4m", |folder| {
        let path = folder.join("test.db");
        let filler = fill(folder);
        let full = open(&path).map(drop);
        assert_eq!(full, Err(Error::Full));
        fs::remove_file(filler).expect("the filler");
        open(&path).expect("a new database");
    });
}

#[test]
fn a_read_only_file_system_is_named_at_opening() {
    mounts::in_memory("4m", |folder| {
        let path = folder.join("test.db");
        open(&path).and_then(|store| store.close()).expect("a new database");
        mounts::remount(folder, MsFlags::MS_RDONLY);
        let error = open(&path).map(drop).expect_err("it cannot be written");
        assert!(matches!(&error, Error::Open { path: named, .. } if *named == path), "{error}");
        assert!(error.to_string().contains("Read-only file system"), "{error}");
        mounts::remount(folder, MsFlags::empty());
        open(&path).expect("the same database");
    });
}

#[test]
fn a_file_system_that_turns_read_only_loses_nothing_that_was_acknowledged() {
    mounts::in_ext4(|disk| {
        let path = disk.folder.join("test.db");
        let store = open(&path).expect("a new database");
        let list = block_on(store.write(|session| create(session, "talk@example.org"))).expect("a list");
        let kept = write_posts(&store, list, 100, &[1000, 100_000]);
        assert!(kept.iter().all(Result::is_ok), "{kept:?}");
        disk.abort();
        let refused = write_posts(&store, list, 200, &[1000, 100_000]);
        assert!(refused.iter().all(|result| matches!(result, Err(Error::ReadOnly { .. }))), "{refused:?}");
        assert_kept(&store, list, 100, &kept);
        store.close().expect_err("the log cannot be moved");
        drop(store);

        disk.unmount();
        disk.mount().expect("the disk is repaired");
        let store = open(&path).expect("the same database");
        assert_kept(&store, list, 100, &kept);
        assert_kept(&store, list, 200, &refused);
        store.close().expect("an orderly end");
        drop(store);
        disk.unmount();
    });
}

/// Runs in a process of its own, because the limit is the whole process's.
fn write_against_a_limit(folder: &Path) {
    // The signal that comes with the limit would kill; without it a write fails, as over a quota or on a bad disk.
    SigSet::from(Signal::SIGXFSZ).thread_block().expect("a signal to block");
    let store = open_patiently(&folder.join("test.db"), Duration::ZERO).expect("a new database");
    let list = block_on(store.write(|session| create(session, "talk@example.org"))).expect("a list");
    let kept = write_posts(&store, list, 100, &[1000]);
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("a limit");
    setrlimit(Resource::RLIMIT_FSIZE, 100_000, hard).expect("a lower limit");
    let failed = write_posts(&store, list, 200, &[200_000, 1000, 5_000_000]);
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).expect("the old limit");
    assert!(failed.iter().all(|result| matches!(result, Err(Error::ReadOnly { .. }))), "{failed:?}");
    assert_kept(&store, list, 200, &failed);
    let healed = write_posts(&store, list, 200, &[200_000, 1000, 5_000_000]);
    assert!(healed.iter().all(Result::is_ok), "{healed:?}");
    assert_kept(&store, list, 200, &healed);
    assert_kept(&store, list, 100, &kept);
    store.close().expect("an orderly end");
}

#[test]
fn writes_that_fail_are_told_and_heal() {
    if let Some(folder) = child::folder() {
        return write_against_a_limit(&folder);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Child::start("disk::writes_that_fail_are_told_and_heal", folder.path());
    let told: Vec<String> = std::iter::from_fn(|| child.line()).collect();
    assert!(child.wait().success(), "{}", told.join("\n"));
}
