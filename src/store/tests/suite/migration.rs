//! A database of the first version, and what becomes of its contents.

use mailjam_core::decide::{Posting, Standing};
use mailjam_store::{Audience, AuditCheck, Mode, PostKind, PostState, SCHEMA_VERSION};
use rusqlite::Connection;

use crate::held::hold;
use crate::{NOW, block_on, open, post};

/// What the first version wrote.
const CONTENTS: &str = "
    INSERT INTO domain (name, created) VALUES ('example.org', 1);
    INSERT INTO list (id, domain, key, address, list_id, settings, members, created)
        VALUES (7, 'example.org', 'talk@example.org', 'Talk@example.org', 'talk.example.org', '{\"max_size\":\"5M\"}', 2, 1);
    INSERT INTO member (list_id, key, address, name, mode, since)
        VALUES (7, 'ann@example.org', 'Ann@example.org', 'Ann', 'digest', 5),
               (7, 'bob@example.org', 'bob@example.org', '', 'nomail', 6);
    INSERT INTO role (list_id, key, role, address) VALUES (7, 'ann@example.org', 'owner', 'Ann@example.org');
    INSERT INTO post (id, list_id, kind, sender, message_id, size, received, state, next_attempt, finished)
        VALUES (1, 7, 'post', '', '<1@x>', 1, 5, 0, 0, NULL), (2, 7, 'post', '', '<2@x>', 1, 5, 2, NULL, 6);
    INSERT INTO message (post_id, bytes) VALUES (1, x'61'), (2, x'62');
    INSERT INTO handover (key, post_id, received) VALUES (zeroblob(32), 1, 5);";

#[test]
fn a_database_of_the_first_version_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.db");
    let first = Connection::open(&path).expect("a database");
    first.execute_batch("PRAGMA journal_mode = WAL").expect("a log");
    first.execute_batch(include_str!("../../migrations/0001_initial.sql")).expect("the first schema");
    first.execute_batch(CONTENTS).expect("its contents");
    first.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 0x6d6a616d").expect("its marks");
    first.close().expect("an orderly end");

    let store = open(&path).expect("the same database");
    block_on(store.write(|session| {
        assert_eq!(session.list("talk@example.org")?.expect("a list").members, 2);
        let ann = session.member(7, "ann@example.org")?.expect("a member");
        assert_eq!((ann.mode, ann.name.as_str(), ann.since), (Mode::Digest, "Ann", 5));
        assert_eq!((ann.language.as_str(), ann.away_until, ann.own_posts), ("", 0, true));
        assert_eq!((ann.posting, ann.approved), (Posting::Default, 0));
        let standing = session.standing(7, &["ann@example.org".to_owned()])?;
        assert_eq!(standing, Standing { member: true, moderator: true, ..Standing::default() });
        assert_eq!((ann.disabled, session.bouncing(7, "ann@example.org")?), (0, None));
        // Who wanted digests gets them from now on, beginning with what is still being sent.
        assert_eq!(session.targets(&Audience::of(7, PostKind::Post, NOW), "", 10)?.len(), 0);
        assert_eq!(session.targets(&Audience::of(7, PostKind::Digest, NOW), "", 10)?.len(), 1);
        assert_eq!(session.digests()?.iter().map(|row| (row.list, row.last_post)).collect::<Vec<_>>(), [(7, 0)]);
        assert_eq!((session.due(NOW, 10)?, session.handed_over(&[0; 32])?), (vec![1], Some(1)));
        assert_eq!(session.post(2)?.expect("a post").state, PostState::Done);
        assert_eq!(session.message(2)?.as_deref(), Some(&b"b"[..]));
        // And what is new works on it.
        assert_eq!(session.hold_post(&post(7, 1, 10), &hold())?, 3);
        session.mute(7, "ann@example.org", "<1@x>", true, NOW)?;
        assert_eq!(session.verify_audit()?, AuditCheck::default());
        assert_ne!(session.secret("token")?, session.secret("tombstone")?);
        Ok::<_, mailjam_store::Error>(())
    }))
    .expect("a write");
    store.close().expect("an orderly end");
    let migrated = Connection::open(&path).expect("the database");
    let number = |sql| migrated.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(number("PRAGMA user_version"), SCHEMA_VERSION);
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}
