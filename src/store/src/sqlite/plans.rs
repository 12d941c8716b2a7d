//! Tests of the plans that SQLite makes for the statements: what runs often, or beside a large table, uses an index.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::{Sql, open};
use crate::error::Result;
use crate::model::*;
use crate::session::{Accounts, Audit, Bans, Lists, Members, Moderation, Queue, Tokens};

/// The lines of `EXPLAIN QUERY PLAN`, with one list and one post in the database, for every statement that `work` runs.
fn plans<T>(work: impl FnOnce(&mut Sql<'_>) -> Result<T>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut connection = open::writer(&folder.path().join("test.db"), Duration::ZERO).expect("a database");
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    let note = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            seen.lock().expect("nobody panicked").push(statement.sql().into_owned());
        }
    };
    connection
        .execute_batch(
            "BEGIN;
             INSERT INTO domain (name, created) VALUES ('example.org', 0);
             INSERT INTO list (id, domain, key, address, list_id, created) VALUES (1, 'example.org', '', '', '', 0);
             INSERT INTO post (id, list_id, kind, sender, message_id, size, received, state)
                 VALUES (1, 1, 'post', '', '', 0, 0, 1);",
        )
        .expect("a list and a post");
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).expect("a trace");
    work(&mut Sql::new(&connection)).expect("an answer");
    let statements = std::mem::take(&mut *statements.lock().expect("nobody panicked"));
    assert!(!statements.is_empty(), "nothing was asked");
    let explain = |statement: &String| {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
        let lines: Vec<String> =
            explained.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>().expect("a plan");
        lines
    };
    statements.iter().flat_map(explain).collect()
}

fn post() -> NewPost {
    NewPost {
        list: 1,
        kind: PostKind::Post,
        sender: String::new(),
        message_id: String::new(),
        received: 0,
        handover: [1; 32],
        bytes: Vec::new(),
    }
}

fn hold() -> Hold {
    Hold {
        rule: String::new(),
        reason: String::new(),
        poster: String::new(),
        address: String::new(),
        subject: String::new(),
        answerable: false,
        expires: 0,
    }
}

#[test]
fn each_call_of_somebody_who_is_logged_in_finds_session_account_and_roles_by_index() {
    let asked = plans(|sql| {
        sql.login(&[1; 32])?;
        sql.account("a")?;
        sql.roles_of("a")
    });
    assert!(asked.iter().all(|line| !line.starts_with("SCAN")), "{asked:?}");
    assert!(asked.contains(&"SEARCH role USING INDEX role_by_key (key=?)".to_owned()), "{asked:?}");
}

#[test]
fn the_runner_asks_what_is_due_in_the_order_of_an_index() {
    assert_eq!(plans(|sql| sql.due(0, 10)), ["SEARCH post USING INDEX post_unfinished (next_attempt<?)"]);
    assert_eq!(plans(|sql| sql.next_due(0)), ["SEARCH post USING INDEX post_unfinished"]);
}

#[test]
fn recipients_come_in_the_order_of_the_primary_key() {
    let everybody = Audience::of(1, PostKind::Post, 0);
    let walk = "SEARCH member USING PRIMARY KEY (list_id=? AND key>?)";
    assert_eq!(plans(|sql| sql.targets(&everybody, "a", 10)), [walk]);
    let wishes = Audience { authors: vec![String::new()], thread: vec![String::new()], ..everybody };
    let plan = plans(|sql| sql.targets(&wishes, "a", 10));
    assert_eq!(plan[0], walk, "{plan:#?}");
    // Who does not want it is found out once, and not by reading all members or all that was muted.
    for line in [
        "SEARCH author USING PRIMARY KEY (list_id=? AND key=?)",
        "SEARCH mute USING PRIMARY KEY (list_id=? AND thread=?)",
    ] {
        assert!(plan.iter().any(|found| found == line), "{line} in {plan:#?}");
    }
    let troubled = ["SEARCH recipient USING PRIMARY KEY (post_id=? AND key>?)"];
    assert_eq!(plans(|sql| sql.troubled(1, "a", 10)), troubled);
    assert_eq!(plans(|sql| sql.due_recipients(1, 0, "a", 10)), troubled);
}

#[test]
fn a_hand_over_costs_a_few_steps_down_a_tree() {
    for line in plans(|sql| {
        sql.list("a@example.org")?;
        sql.handed_over(&[0; 32])?;
        sql.standing(1, &["a@example.org".to_owned()])?;
        sql.bans_about(1, &["a@example.org".to_owned()], 0)?;
        sql.token(&[0; 32])?;
        sql.hold_post(&post(), &hold())?;
        sql.record(1, &Progress::default(), 0)
    }) {
        let few = ["SCAN CONSTANT ROW", "SCAN json_each VIRTUAL TABLE INDEX 1:"];
        let step = ["SEARCH", "SCALAR SUBQUERY", "LIST SUBQUERY"].iter().any(|word| line.starts_with(word));
        assert!(step || few.contains(&line.as_str()), "{line}");
    }
}

#[test]
fn a_purge_looks_only_at_posts_that_are_old() {
    let plans = plans(|sql| sql.purge(0, 0, 0, 10));
    let index = "SEARCH post USING INDEX post_finished (finished<?)";
    assert!(plans.iter().any(|line| line == index), "{plans:#?}");
    // Keys of hand-overs are read through: ten days of them an hour cost less than one index page a hand-over.
    assert_eq!(plans.iter().filter(|line| line.starts_with("SCAN")).collect::<Vec<_>>(), ["SCAN handover"]);
}

#[test]
fn the_queue_is_listed_without_reading_what_is_done() {
    let unfinished = [PostState::Sending, PostState::Waiting, PostState::Quarantined, PostState::Held];
    for list in [None, Some(1)] {
        for state in [None].into_iter().chain(unfinished.map(Some)) {
            let plans = plans(|sql| sql.posts(&PostQuery { after: 0, limit: 10, list, state }));
            for line in plans.iter().filter(|line| line.starts_with("SCAN")) {
                assert!(line.contains("post_unfinished"), "{plans:#?}");
            }
        }
    }
}

#[test]
fn counting_reads_small_indexes() {
    let plans = plans(|sql| sql.counts());
    assert_eq!(
        plans,
        ["SCAN list", "SCAN post USING INDEX post_unfinished", "SCAN recipient USING COVERING INDEX recipient_waiting"]
    );
}

#[test]
fn nothing_else_reads_a_large_table_from_end_to_end() {
    let page = PageQuery { limit: 10, ..PageQuery::default() };
    let plans = plans(|sql| {
        sql.members(1, &page)?;
        sql.members(1, &PageQuery { filter: Some("a".to_owned()), ..page })?;
        sql.memberships("a@example.org")?;
        sql.target_count(&Audience::of(1, PostKind::Post, 0))?;
        sql.post(1)?;
        sql.message(1)?;
        sql.retry(&Selection::Post(1))?;
        sql.retry(&Selection::List(1))?;
        sql.remove_members(1, &["a@example.org".to_owned()], 0)?;
        sql.drop_post(1, 0)
    });
    let whole = |line: &&String| line.starts_with("SCAN") && *line != "SCAN post USING INDEX post_unfinished";
    assert_eq!(plans.iter().find(whole), None, "{plans:#?}");
}

#[test]
fn what_waits_for_a_moderator_is_found_without_reading_decisions() {
    let page = PageQuery { limit: 10, ..PageQuery::default() };
    let plans = plans(|sql| {
        sql.held_posts(Some(1), &page)?;
        sql.held_posts(None, &page)?;
        sql.held_posts(Some(1), &PageQuery { filter: Some("a".to_owned()), ..page.clone() })?;
        sql.held_count(1)?;
        sql.lists_to_tell()?;
        sql.untold(1, 10)?;
        sql.expired(0, 10)?;
        sql.last_told(1)
    });
    for line in plans.iter().filter(|line| line.contains(" held")) {
        assert!(line.contains("INDEX held_waiting") || line.contains("INDEX held_told"), "{plans:#?}");
    }
}

#[test]
fn the_audit_is_read_as_far_as_it_is_asked_for() {
    let newest = AuditQuery { before: 5, limit: 10, ..AuditQuery::default() };
    let plans = plans(|sql| {
        sql.audit_entries(&AuditQuery { list: Some(1), ..newest.clone() })?;
        sql.audit_entries(&AuditQuery { address: Some("a@example.org".to_owned()), ..newest })
    });
    assert_eq!(plans.iter().find(|line| line.starts_with("SCAN")), None, "{plans:#?}");
}
