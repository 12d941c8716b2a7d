//! `kill -9`: what was acknowledged is there, and nothing is there by half.

use std::path::Path;

use mailjam_store::{Error, PostQuery};

use crate::child::{self, Child};
use crate::{block_on, create, open, post};

/// Posts written at the same time.
const WRITERS: u64 = 8;

/// Writes posts and tells their numbers and ids once they are on disk, until it is killed or nobody listens.
fn write_until_killed(folder: &Path) {
    let store = open(&folder.join("test.db")).expect("a database");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let list = store
            .write(|session| match session.list("talk@example.org")? {
                Some(list) => Ok::<_, Error>(list.id),
                None => create(session, "talk@example.org"),
            })
            .await
            .expect("a list");
        let first = u64::from(std::process::id()) << 32;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in (first + writer..).step_by(WRITERS as usize) {
                        let new = post(list, number, 5000);
                        let id = store.write(move |session| session.add_post(&new)).await.expect("a write");
                        if !child::tell(format_args!("{number} {id}")) {
                            break;
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("no panic");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Some(folder) = child::folder() {
        return write_until_killed(&folder);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged: Vec<(u64, i64)> = Vec::new();
    // From the second round on, the writer begins with what the killed one left.
    for _ in 0..4 {
        let mut child = Child::start("crash::what_was_acknowledged_survives_kill_9", folder.path());
        let before = acknowledged.len();
        while let Some(line) = child.line() {
            let told = line.split_once(' ').and_then(|(number, id)| Some((number.parse().ok()?, id.parse().ok()?)));
            acknowledged.push(told.unwrap_or_else(|| panic!("the child failed: {line}")));
            if acknowledged.len() == before + 150 {
                child.kill();
            }
        }
        assert!(acknowledged.len() >= before + 150, "the child ended by itself");
        assert!(!child.wait().success());

        let store = open(&folder.path().join("test.db")).expect("what the killed process left");
        store
            .read_blocking(|session| {
                let list = session.list("talk@example.org")?.expect("a list").id;
                for (number, id) in &acknowledged {
                    assert_eq!(session.handed_over(&post(list, *number, 0).handover)?, Some(*id));
                    assert_eq!(session.message(*id)?.map(|bytes| bytes.len()), Some(5000));
                }
                // What was not acknowledged any more is there as a whole or not at all.
                let posts = session.posts(&PostQuery { limit: u32::MAX, ..PostQuery::default() })?;
                assert!(posts.total as usize >= acknowledged.len());
                for row in posts.items {
                    assert_eq!(session.message(row.id)?.map(|bytes| bytes.len() as u64), Some(row.size));
                }
                Ok::<_, Error>(())
            })
            .expect("a read");
        block_on(store.rehearse(|session| session.counts())).expect("a writer that works");
        store.close().expect("an orderly end");
    }
}
