//! Group commit: those who wait at the same time share a transaction, and only that.

use std::path::Path;
use std::sync::mpsc;

use mailjam_store::{Error, Result, Session, Store};

use crate::{Fixture, block_on, member, post};

/// How many transactions the write-ahead log holds: each ends in a frame that says how large the database is then
/// (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn commits(database: &Path) -> usize {
    let log = std::fs::read(database.with_extension("db-wal")).expect("a log");
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four octets"));
    let (page, salts) = (word(8) as usize, (word(16), word(20)));
    let frames = (32..log.len()).step_by(24 + page);
    // Frames with other salts are left over from before the log was begun again.
    frames.filter(|&frame| (word(frame + 8), word(frame + 12)) == salts && word(frame + 4) > 0).count()
}

/// A write that is yet to be done.
pub type Work<T> = Box<dyn FnOnce(&mut dyn Session) -> Result<T> + Send>;

/// Runs jobs that all wait while the writer is busy, so that they are known to be in one group as far as they fit; the
/// job that keeps it busy is in the first group too.
pub fn together<T: Send + 'static>(store: &Store, jobs: impl IntoIterator<Item = Work<T>>) -> Vec<Result<T>> {
    let (release, held) = mpsc::channel::<()>();
    block_on(async {
        let first = store.clone();
        let blocker = tokio::spawn(async move { first.write(move |_| held.recv().map_err(|_| Error::Stopped)).await });
        // On a runtime of one thread, tasks run in the order in which they were spawned.
        let tasks: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let store = store.clone();
                tokio::spawn(async move { store.write(job).await })
            })
            .collect();
        tokio::spawn(async move { release.send(()).expect("the writer waits") });
        // What becomes of it is the group's fate, which the others tell.
        let _ = blocker.await.expect("no panic outside of the writer");
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("no panic outside of the writer"));
        }
        results
    })
}

#[test]
fn many_writers_share_few_transactions() {
    let (fixture, list) = Fixture::with_list();
    let before = commits(&fixture.path());
    let results = together(
        &fixture.store,
        (0..200).map(|n| -> Work<i64> { Box::new(move |session| session.add_post(&post(list, n, 100))) }),
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(fixture.read(|session| session.counts()).queued, 200);
    // 64 at a time, of which the job that held the others up is one.
    assert_eq!(commits(&fixture.path()) - before, 4);
}

#[test]
fn a_lone_writer_waits_for_nobody() {
    let (fixture, list) = Fixture::with_list();
    let before = commits(&fixture.path());
    for n in 0..5 {
        fixture.write(move |session| session.add_post(&post(list, n, 100)));
    }
    assert_eq!(commits(&fixture.path()) - before, 5);
    // A rehearsal, and what failed, cost no sync.
    block_on(fixture.store.rehearse(move |session| session.add_post(&post(list, 9, 100)))).expect("a rehearsal");
    assert_eq!(commits(&fixture.path()) - before, 5);
}

#[test]
fn a_job_that_fails_or_panics_fails_alone() {
    let (fixture, list) = Fixture::with_list();
    let before = commits(&fixture.path());
    let results = together(
        &fixture.store,
        (0..30).map(|n: u64| -> Work<()> {
            Box::new(move |session| {
                session.add_members(list, &[member(&format!("m{n:02}@example.org"))])?;
                session.add_post(&post(list, n, 100))?;
                match n % 3 {
                    0 => Ok(()),
                    // Its own constraint: the hand-over is there already.
                    1 => session.add_post(&post(list, n, 100)).map(drop),
                    _ => panic!("on purpose"),
                }
            })
        }),
    );
    for (n, result) in results.iter().enumerate() {
        match n % 3 {
            0 => assert_eq!(result, &Ok(())),
            1 => assert!(matches!(result, Err(Error::Sqlite(_))), "{result:?}"),
            _ => assert_eq!(result, &Err(Error::Stopped)),
        }
    }
    assert_eq!(commits(&fixture.path()) - before, 1);
    fixture.read(|session| {
        let counts = session.counts()?;
        assert_eq!((counts.members, counts.queued), (10, 10));
        assert_eq!(session.list_by_key(list)?.expect("a list").members, 10);
        assert!(session.member(list, "m03@example.org")?.is_some());
        assert_eq!(session.member(list, "m01@example.org")?, None);
        Ok(())
    });
}
