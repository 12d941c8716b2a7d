//! The audit: its entries, their chain, and whoever lays hands on it.

use mailjam_store::{AuditCheck, AuditPayload, AuditQuery, AuditRow, Error, ListKey, NewAudit, SITE, Session};
use rusqlite::Connection;

use crate::{Fixture, NOW};

pub fn entry(action: &str, list: ListKey, who: &str, target: &str) -> NewAudit {
    NewAudit {
        at: NOW,
        action: action.to_owned(),
        list,
        payload: AuditPayload {
            who: who.to_owned(),
            how: "mail".to_owned(),
            list_address: "talk@example.org".to_owned(),
            target: target.to_owned(),
            before: "mode = post".to_owned(),
            after: "mode = nomail".to_owned(),
        },
    }
}

/// A store with that many entries.
fn with_entries(count: i64) -> Fixture {
    let fixture = Fixture::new();
    fixture.write(move |session| {
        (0..count).try_for_each(|n| session.audit(&entry("member.set", n % 3, "ann@x.test", &format!("m{n}@x.test"))))
    });
    fixture
}

fn check(fixture: &Fixture) -> AuditCheck {
    fixture.read(|session| session.verify_audit())
}

fn sound(entries: u64, erased: u64) -> AuditCheck {
    AuditCheck { entries, erased, first_bad: None }
}

/// What the chain says when somebody has done this to the file.
fn after(fixture: &Fixture, sql: &str) -> Option<i64> {
    Connection::open(fixture.path()).and_then(|connection| connection.execute_batch(sql)).expect("the database");
    check(fixture).first_bad
}

#[test]
fn entries_come_back_as_they_were_written_the_newest_first() {
    let fixture = Fixture::new();
    let written = [
        entry("list.create", SITE, "socket", ""),
        entry("member.add", 1, "ann@x.test", "bob@x.test"),
        entry("member.set", 2, "bob@x.test", "bob@x.test"),
        entry("member.set", 1, "mod@x.test", "ann@x.test"),
    ];
    let new = written.clone();
    fixture.write(move |session| new.iter().try_for_each(|entry| session.audit(entry)));
    let fixture = fixture.reopen();
    fixture.read(|session| {
        let all = session.audit_entries(&AuditQuery { limit: 10, ..AuditQuery::default() })?;
        let mut expected: Vec<AuditRow> = (1..)
            .zip(written)
            .map(|(id, NewAudit { at, action, list, payload })| AuditRow {
                id,
                at,
                action,
                list,
                payload: Some(payload),
            })
            .collect();
        expected.reverse();
        assert_eq!((all.total, all.next, all.items), (4, None, expected));

        let ids = |query: AuditQuery| {
            let found = session.audit_entries(&AuditQuery { limit: 10, ..query }).expect("an answer");
            let ids: Vec<i64> = found.items.into_iter().map(|row| row.id).collect();
            (found.total, ids)
        };
        assert_eq!(ids(AuditQuery { list: Some(1), ..AuditQuery::default() }), (2, vec![4, 2]));
        assert_eq!(ids(AuditQuery { list: Some(SITE), ..AuditQuery::default() }), (1, vec![1]));
        let about = |text: &str| AuditQuery { address: Some(text.to_owned()), ..AuditQuery::default() };
        assert_eq!(ids(about("ann@x.test")), (2, vec![4, 2]));
        assert_eq!(ids(about("bob@x.test")), (2, vec![3, 2]), "once, though it is both");
        assert_eq!(ids(AuditQuery { list: Some(2), ..about("bob@x.test") }), (1, vec![3]));
        assert_eq!(ids(AuditQuery { before: 3, ..about("bob@x.test") }), (2, vec![2]));
        assert_eq!(ids(about("x.test")), (0, vec![]));
        Ok(())
    });
}

#[test]
fn entries_are_read_in_pages() {
    let fixture = with_entries(25);
    fixture.read(|session| {
        let (mut seen, mut before) = (Vec::new(), 0);
        loop {
            let part = session.audit_entries(&AuditQuery { before, limit: 10, ..AuditQuery::default() })?;
            assert_eq!(part.total, 25);
            seen.extend(part.items.into_iter().map(|row| row.id));
            match part.next {
                Some(next) => before = next.parse().expect("a number"),
                None => break,
            }
        }
        assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn a_chain_that_nobody_touched_is_sound() {
    assert_eq!(check(&Fixture::new()), sound(0, 0));
    // More than are read at once.
    assert_eq!(check(&with_entries(1203)), sound(1203, 0));
}

#[test]
fn an_entry_that_is_taken_back_leaves_no_gap() {
    let fixture = with_entries(2);
    let refused: Result<(), Error> = crate::block_on(fixture.store.write(|session| {
        session.audit(&entry("list.delete", 1, "ann@x.test", ""))?;
        Err(Error::Stopped)
    }));
    assert_eq!(refused, Err(Error::Stopped));
    fixture.write(|session| session.audit(&entry("member.set", 1, "ann@x.test", "")));
    assert_eq!(check(&fixture), sound(3, 0));
}

#[test]
fn erasing_what_an_entry_says_leaves_the_chain_sound() {
    let fixture = with_entries(5);
    fixture.write(|session| session.erase_person("m2@x.test", NOW));
    assert_eq!(check(&fixture), sound(5, 1));
    let all = fixture.read(|session| session.audit_entries(&AuditQuery { limit: 10, ..AuditQuery::default() }));
    let erased: Vec<i64> = all.items.into_iter().filter(|row| row.payload.is_none()).map(|row| row.id).collect();
    assert_eq!(erased, [3]);
}

#[test]
fn whoever_changes_an_entry_is_noticed() {
    for change in [
        "UPDATE audit SET at = at + 1 WHERE id = 3",
        "UPDATE audit SET action = 'member.get' WHERE id = 3",
        "UPDATE audit SET list_id = 9 WHERE id = 3",
        "UPDATE audit SET payload = zeroblob(32) WHERE id = 3",
        "UPDATE audit SET chain = zeroblob(32) WHERE id = 3",
        "UPDATE audit SET payload = x'', chain = x'' WHERE id = 3",
        "UPDATE audit_payload SET who = 'eve@x.test' WHERE audit_id = 3",
        "UPDATE audit_payload SET how = 'socket' WHERE audit_id = 3",
        "UPDATE audit_payload SET list_address = 'dev@example.org' WHERE audit_id = 3",
        "UPDATE audit_payload SET target = '' WHERE audit_id = 3",
        "UPDATE audit_payload SET after = before, before = after WHERE audit_id = 3",
        // From one text to the next.
        "UPDATE audit_payload SET who = who || 'm', how = 'ail' WHERE audit_id = 3",
        "UPDATE audit_payload SET salt = zeroblob(16) WHERE audit_id = 3",
        // An entry with all that belongs to it, in the place of another.
        "UPDATE audit SET (at, action, list_id, payload, chain) =
             (SELECT at, action, list_id, payload, chain FROM audit WHERE id = 4) WHERE id = 3;
         UPDATE audit_payload SET (salt, target) = (SELECT salt, target FROM audit_payload WHERE audit_id = 4)
             WHERE audit_id = 3",
    ] {
        assert_eq!(after(&with_entries(5), change), Some(3), "{change}");
    }
}

#[test]
fn an_entry_that_was_written_elsewhere_does_not_fit_in() {
    // Sound in itself, with the same number, and only behind another one.
    let (fixture, other) = (with_entries(5), with_entries(5));
    let sql = format!(
        "ATTACH '{}' AS other;
         INSERT OR REPLACE INTO main.audit SELECT * FROM other.audit WHERE id = 3;
         INSERT OR REPLACE INTO main.audit_payload SELECT * FROM other.audit_payload WHERE audit_id = 3",
        other.path().display()
    );
    assert_eq!(after(&fixture, &sql), Some(3));
}

#[test]
fn whoever_takes_entries_away_or_adds_some_is_noticed() {
    for (change, expected) in [
        ("DELETE FROM audit WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id IN (2, 3)", 2),
        ("DELETE FROM audit WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id > 3", 4),
        ("DELETE FROM audit", 1),
        ("DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3", 3),
        ("INSERT INTO audit SELECT 6, at, action, list_id, payload, chain FROM audit WHERE id = 5", 6),
        ("INSERT INTO audit SELECT -5, at, action, list_id, payload, chain FROM audit WHERE id = 5", -5),
        ("DELETE FROM sqlite_sequence WHERE name = 'audit'", 1),
    ] {
        assert_eq!(after(&with_entries(5), change), Some(expected), "{change}");
    }
}

#[test]
fn what_was_cut_off_is_missed_however_much_is_written_after_it() {
    let fixture = with_entries(5);
    assert_eq!(after(&fixture, "DELETE FROM audit WHERE id > 3"), Some(4));
    let write =
        |session: &mut dyn Session| (0..5).try_for_each(|_| session.audit(&entry("member.set", 1, "ann@x.test", "")));
    fixture.write(write);
    assert_eq!(check(&fixture), AuditCheck { entries: 8, erased: 0, first_bad: Some(4) });
    assert_eq!(after(&fixture, "DELETE FROM audit"), Some(1));
    fixture.write(write);
    assert_eq!(check(&fixture), AuditCheck { entries: 5, erased: 0, first_bad: Some(1) });
}

#[test]
fn the_same_said_twice_has_two_digests() {
    let fixture = Fixture::new();
    fixture.write(|session| (0..2).try_for_each(|_| session.audit(&entry("member.set", 1, "ann@x.test", ""))));
    let connection = Connection::open(fixture.path()).expect("the database");
    let digests: i64 = connection
        .query_row("SELECT count(DISTINCT payload) FROM audit WHERE length(payload) = 32", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(digests, 2, "otherwise what was erased could be guessed");
}
