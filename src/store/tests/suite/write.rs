//! One write: all of it or nothing, whatever becomes of the closure.

use std::sync::mpsc;

use mailjam_store::{Error, Role, SITE};

use crate::{Fixture, NOW, block_on, create, member, post};

/// What a closure's own error looks like to the store.
#[derive(Debug, PartialEq)]
enum Refusal {
    Storage(Error),
    Own(&'static str),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Storage(error)
    }
}

#[test]
fn an_error_takes_back_what_was_done_before_it() {
    let fixture = Fixture::new();
    let result: Result<(), Refusal> = block_on(fixture.store.write(|session| {
        let list = create(session, "talk@example.org")?;
        session.add_members(list, &[member("a@example.org")])?;
        session.add_post(&post(list, 1, 10))?;
        Err(Refusal::Own("changed my mind"))
    }));
    assert_eq!(result, Err(Refusal::Own("changed my mind")));
    fixture.read(|session| {
        assert_eq!(session.domain("example.org")?, None);
        assert_eq!(session.counts()?, mailjam_store::Counts::default());
        Ok(())
    });
    // And the next write finds everything in order.
    fixture.write(|session| create(session, "talk@example.org"));
}

#[test]
fn a_panic_takes_back_what_was_done_before_it_and_the_writer_goes_on() {
    let (fixture, list) = Fixture::with_list();
    for _ in 0..3 {
        let result: Result<(), Error> = block_on(fixture.store.write(move |session| {
            session.add_members(list, &[member("a@example.org")])?;
            panic!("on purpose");
        }));
        assert_eq!(result, Err(Error::Stopped));
    }
    assert_eq!(fixture.read(|session| session.counts()).members, 0);
    fixture.write(move |session| session.add_members(list, &[member("a@example.org")]));
    assert_eq!(fixture.read(|session| session.counts()).members, 1);
}

#[test]
fn a_rehearsal_answers_and_leaves_nothing() {
    let (fixture, list) = Fixture::with_list();
    let seen = block_on(fixture.store.rehearse(move |session| {
        session.add_members(list, &[member("a@example.org")])?;
        session.grant(SITE, "a@example.org", "a@example.org", Role::Admin)?;
        session.add_post(&post(list, 1, 10))?;
        session.counts()
    }));
    let seen = seen.expect("a rehearsal");
    assert_eq!((seen.members, seen.queued), (1, 1));
    fixture.read(|session| {
        let counts = session.counts()?;
        assert_eq!((counts.members, counts.queued), (0, 0));
        assert!(session.roles(SITE)?.is_empty());
        assert_eq!(session.list_by_key(list)?.expect("a list").members, 0);
        Ok(())
    });
}

#[test]
fn a_reader_sees_one_moment_while_the_writer_goes_on() {
    let (fixture, list) = Fixture::with_list();
    fixture.read(|session| {
        let before = session.counts()?;
        fixture.write(move |session| session.add_members(list, &[member("a@example.org")]));
        assert_eq!(session.counts()?, before);
        Ok(())
    });
    assert_eq!(fixture.read(|session| session.counts()).members, 1);
}

#[test]
fn a_reader_that_fails_or_panics_leaves_the_next_one_a_clean_connection() {
    let (fixture, list) = Fixture::with_list();
    for round in 1..=5 {
        let failed = fixture.store.read_blocking(|session| {
            session.counts()?;
            Err::<(), _>(Refusal::Own("no"))
        });
        assert_eq!(failed, Err(Refusal::Own("no")));
        let panicked: Result<(), Error> = block_on(fixture.store.read(|session| {
            session.counts()?;
            panic!("on purpose");
        }));
        assert_eq!(panicked, Err(Error::Stopped));
        fixture.write(move |session| session.add_members(list, &[member(&format!("m{round}@example.org"))]));
        assert_eq!(fixture.read(|session| session.counts()).members, round, "a connection kept an old snapshot");
    }
}

#[test]
fn a_caller_that_goes_away_changes_nothing_for_the_write() {
    let (fixture, list) = Fixture::with_list();
    let (release, held) = mpsc::channel::<()>();
    let store = fixture.store.clone();
    block_on(async move {
        let task = tokio::spawn(async move {
            let work = move |session: &mut dyn mailjam_store::Session| {
                held.recv().expect("the test lets go");
                session.add_members(list, &[member("a@example.org")])
            };
            store.write(work).await
        });
        tokio::task::yield_now().await;
        task.abort();
        task.await.expect_err("it was aborted");
        release.send(()).expect("the writer waits");
    });
    // Writes are done in order.
    fixture.write(|_| Ok(()));
    assert_eq!(fixture.read(|session| session.counts()).members, 1);
}

#[test]
fn what_was_queued_is_finished_before_the_store_closes() {
    let (fixture, list) = Fixture::with_list();
    let (release, held) = mpsc::channel::<()>();
    block_on(async {
        let (first, second) = (fixture.store.clone(), fixture.store.clone());
        let blocked = tokio::spawn(async move { first.write(move |_| held.recv().map_err(|_| Error::Stopped)).await });
        let queued =
            tokio::spawn(async move { second.write(move |session| session.add_post(&post(list, 1, 10))).await });
        tokio::task::yield_now().await;
        release.send(()).expect("the writer waits");
        fixture.store.close().expect("an orderly end");
        blocked.await.expect("no panic").expect("a write");
        queued.await.expect("no panic").expect("a write");
    });
    let fixture = fixture.reopen();
    assert_eq!(fixture.read(|session| session.counts()).queued, 1);
    assert_eq!(fixture.read(|session| session.counts()).oldest, Some(NOW));
}

#[test]
fn a_closed_store_says_so() {
    let fixture = Fixture::new();
    fixture.store.close().expect("an orderly end");
    fixture.store.close().expect("nothing to do the second time");
    assert_eq!(block_on(fixture.store.write(|_| Ok::<_, Error>(()))), Err(Error::Stopped));
    assert_eq!(fixture.store.read_blocking(|session| session.counts()), Err(Error::Stopped));
    assert_eq!(block_on(fixture.store.read(|session| session.counts())), Err(Error::Stopped));
}

#[test]
fn a_write_from_a_plain_thread_is_a_write_like_any_other() {
    let (fixture, list) = Fixture::with_list();
    let id = fixture.store.write_here(move |session| session.add_post(&post(list, 1, 10)));
    assert!(fixture.read(|session| session.post(id.expect("a write"))).is_some());
    let refused: Result<(), Refusal> = fixture.store.write_here(move |session| {
        session.add_members(list, &[member("a@example.org")])?;
        Err(Refusal::Own("changed my mind"))
    });
    assert_eq!(refused, Err(Refusal::Own("changed my mind")));
    let stopped: Result<(), Error> = fixture.store.write_here(move |session| {
        session.add_members(list, &[member("a@example.org")])?;
        panic!("on purpose");
    });
    assert_eq!(stopped, Err(Error::Stopped));
    assert_eq!(fixture.read(|session| session.counts()).members, 0);
    fixture.store.close().expect("an orderly end");
    assert_eq!(fixture.store.write_here(|_| Ok::<_, Error>(())), Err(Error::Stopped));
}

#[test]
fn plain_threads_and_tasks_write_beside_each_other() {
    let (fixture, list) = Fixture::with_list();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &fixture.store;
            scope.spawn(move || {
                for n in 0..50 {
                    let number = thread * 100 + n;
                    if thread % 2 == 0 {
                        store.write_here(move |session| session.add_post(&post(list, number, 10)))
                    } else {
                        block_on(store.write(move |session| session.add_post(&post(list, number, 10))))
                    }
                    .expect("a write");
                }
            });
        }
    });
    assert_eq!(fixture.read(|session| session.counts()).queued, 200);
}
