//! Posts on their way: from one state to the next, and what is due when.

use mailjam_store::{
    BounceRow, Error, NewPost, PageQuery, PostKind, PostQuery, PostRow, PostState, Progress, Session, Target, Troubled,
};

use crate::bounces::bounce;
use crate::{Fixture, NOW, address, block_on, create, member, post};

/// No posts.
pub const NOTHING: [i64; 0] = [];

pub fn troubled(text: &str, refused: bool, next_attempt: i64) -> Troubled {
    Troubled {
        target: Target { key: address(text).key(), address: text.to_owned() },
        refused,
        attempts: 1,
        first: NOW,
        next_attempt,
        reply: format!("what {text} was told"),
    }
}

/// The cursor passed everybody, and these wait until `next_attempt`.
pub fn deferred(who: &[&str], next_attempt: i64) -> Progress {
    Progress {
        cursor: Some("z".to_owned()),
        expanded: true,
        troubled: who.iter().map(|text| troubled(text, false, next_attempt)).collect(),
        ..Progress::default()
    }
}

/// The cursor passed everybody, and everybody was delivered to.
pub fn finished(delivered: u64) -> Progress {
    Progress { cursor: Some("z".to_owned()), expanded: true, delivered, ..Progress::default() }
}

pub fn look(session: &dyn Session, id: i64) -> PostRow {
    session.post(id).expect("an answer").expect("a post")
}

pub fn state(session: &dyn Session, id: i64) -> PostState {
    look(session, id).state
}

#[test]
fn a_post_comes_back_as_it_was_received() {
    let (fixture, list) = Fixture::with_list();
    let new = NewPost { bytes: b"a: b\r\n\r\n\0\xff\n.\n".to_vec(), sender: String::new(), ..post(list, 1, 0) };
    let bytes = new.bytes.clone();
    let id = fixture.write(move |session| session.add_post(&new));
    let fixture = fixture.reopen();
    let row = fixture.read(|session| session.post(id)).expect("a post");
    let expected = PostRow {
        id,
        list,
        list_address: "talk@example.org".to_owned(),
        kind: PostKind::Post,
        sender: String::new(),
        message_id: "<1@example.org>".to_owned(),
        size: bytes.len() as u64,
        received: NOW,
        state: PostState::Sending,
        cursor: String::new(),
        delivered: 0,
        refused: 0,
        deferred: 0,
        attempts: 0,
        next_attempt: 0,
        last_error: String::new(),
    };
    assert_eq!(row, expected);
    assert_eq!(fixture.read(|session| session.message(id)), Some(bytes));
    assert_eq!(fixture.read(|session| session.message(id + 1)), None);
    assert_eq!(fixture.read(|session| session.post(id + 1)), None);
}

#[test]
fn a_hand_over_is_known_again_and_is_one_post() {
    let (fixture, list) = Fixture::with_list();
    let id = fixture.write(move |session| session.add_post(&post(list, 1, 10)));
    let key = post(list, 1, 10).handover;
    assert_eq!(fixture.read(|session| session.handed_over(&key)), Some(id));
    assert_eq!(fixture.read(|session| session.handed_over(&[9; 32])), None);

    let again = block_on(fixture.store.write(move |session| session.add_post(&post(list, 1, 10))));
    assert!(matches!(again, Err(Error::Sqlite(_))), "{again:?}");
    assert_eq!(fixture.read(|session| session.posts(&PostQuery { limit: 9, ..PostQuery::default() })).total, 1);

    assert!(fixture.write(move |session| session.drop_post(id, NOW)));
    assert_eq!(fixture.read(|session| session.handed_over(&key)), Some(id), "a retry must not bring it back");
}

#[test]
fn a_post_that_everybody_took_is_done() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        let step = Progress { cursor: Some("m".to_owned()), delivered: 3, ..Progress::default() };
        session.record(id, &step, NOW)?;
        let row = look(session, id);
        assert_eq!((row.state, row.cursor.as_str(), row.delivered), (PostState::Sending, "m", 3));
        assert_eq!(session.due(NOW, 10)?, [id]);

        session.record(id, &finished(2), NOW)?;
        let row = look(session, id);
        assert_eq!((row.state, row.cursor.as_str(), row.delivered), (PostState::Done, "z", 5));
        assert_eq!((session.due(i64::MAX, 10)?, session.next_due(NOW)?), (vec![], None));
        Ok(())
    });
}

#[test]
fn deferred_recipients_keep_a_post_waiting_until_the_last_is_settled() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        let mut progress = deferred(&["a@example.org", "b@example.org"], NOW + 60);
        progress.troubled[1].next_attempt = NOW + 90;
        progress.troubled.push(troubled("c@example.org", true, 0));
        progress.delivered = 7;
        session.record(id, &progress, NOW)?;
        let row = look(session, id);
        assert_eq!((row.state, row.delivered, row.deferred, row.refused), (PostState::Waiting, 7, 2, 1));
        assert_eq!((row.next_attempt, row.last_error.as_str()), (NOW + 60, "what c@example.org was told"));
        assert_eq!(session.due(NOW + 59, 10)?, NOTHING);
        assert_eq!(session.due(NOW + 60, 10)?, [id]);
        assert_eq!(session.next_due(NOW)?, Some(NOW + 60));
        assert_eq!(session.next_due(NOW + 70)?, Some(NOW + 70), "never in the past");

        // One is delivered to, then the other refused for good.
        let settled = vec!["a@example.org".to_owned()];
        session.record(id, &Progress { delivered: 1, settled, ..Progress::default() }, NOW + 60)?;
        let row = look(session, id);
        assert_eq!((row.state, row.delivered, row.deferred, row.next_attempt), (PostState::Waiting, 8, 1, NOW + 90));
        assert_eq!(row.cursor, "z", "the cursor stays where it was");
        let refused = vec![troubled("b@example.org", true, 0)];
        session.record(id, &Progress { troubled: refused, ..Progress::default() }, NOW + 90)?;
        let row = look(session, id);
        assert_eq!((row.state, row.deferred, row.refused), (PostState::Done, 0, 2));
        assert_eq!((session.due(i64::MAX, 10)?, session.next_due(NOW)?), (vec![], None));
        Ok(())
    });
}

#[test]
fn recipients_deferred_before_the_end_do_not_hold_the_cursor_up() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &Progress { expanded: false, ..deferred(&["a@example.org"], NOW + 60) }, NOW)?;
        assert_eq!(state(session, id), PostState::Sending);
        assert_eq!(session.due(NOW, 10)?, [id]);
        session.record(id, &finished(0), NOW)?;
        assert_eq!((state(session, id), look(session, id).next_attempt), (PostState::Waiting, NOW + 60));
        Ok(())
    });
}

#[test]
fn an_empty_progress_sets_right_when_a_post_is_due() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &deferred(&["a@example.org"], NOW + 60), NOW)?;
        session.postpone(id, 1, NOW + 10, "no route")?;
        assert_eq!(session.due(NOW + 10, 10)?, [id]);
        session.record(id, &Progress::default(), NOW + 10)?;
        assert_eq!((session.due(NOW + 10, 10)?, session.next_due(0)?), (vec![], Some(NOW + 60)));
        Ok(())
    });
}

#[test]
fn a_postponed_post_rests_and_goes_on_where_it_was() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        session.postpone(id, 3, NOW + 60, "connection refused")?;
        let row = look(session, id);
        assert_eq!((row.state, row.attempts, row.next_attempt), (PostState::Sending, 3, NOW + 60));
        assert_eq!(row.last_error, "connection refused");
        assert_eq!((session.due(NOW, 10)?, session.next_due(NOW)?), (vec![], Some(NOW + 60)));

        let step = Progress { cursor: Some("m".to_owned()), delivered: 1, ..Progress::default() };
        session.record(id, &step, NOW)?;
        let row = look(session, id);
        assert_eq!((row.attempts, row.next_attempt), (0, 0), "the next hop is back");

        session.record(id, &finished(0), NOW)?;
        session.postpone(id, 1, NOW, "too late")?;
        assert_eq!((state(session, id), session.next_due(NOW)?), (PostState::Done, None));
        Ok(())
    });
}

#[test]
fn what_was_never_put_off_comes_first_and_then_what_is_due_for_longest() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let ids: Vec<i64> = (0..5).map(|n| session.add_post(&post(list, n, 10))).collect::<Result<_, _>>()?;
        session.postpone(ids[0], 1, NOW - 1, "")?;
        session.record(ids[1], &deferred(&["a@example.org"], NOW - 2), NOW)?;
        session.postpone(ids[3], 1, NOW + 1, "")?;
        assert_eq!(session.due(NOW, 10)?, [ids[2], ids[4], ids[1], ids[0]]);
        assert_eq!(session.due(NOW, 2)?, [ids[2], ids[4]]);
        Ok(())
    });
}

#[test]
fn a_report_is_for_nobody_and_done_at_once() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&NewPost { kind: PostKind::Bounce, ..post(list, 1, 10) })?;
        let row = look(session, id);
        assert_eq!((row.kind, row.state), (PostKind::Bounce, PostState::Done));
        assert_eq!((session.due(i64::MAX, 10)?, session.next_due(NOW)?), (vec![], None));
        assert_eq!(session.counts()?.queued, 0);
        session.add_bounce(&BounceRow { report: id, ..bounce(list, "a@example.org", 0) })?;
        assert_eq!(session.purge(NOW + 1, NOW, 0, 10)?, 1);
        let left = session.bounces(list, None, &PageQuery { limit: 10, ..PageQuery::default() })?;
        assert_eq!(left.total, 1, "what was read of it stays when the report has gone");
        Ok(())
    });
}

#[test]
fn the_queue_is_listed_by_list_and_state_in_pages() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let dev = create(session, "dev@example.org")?;
        let ids: Vec<i64> =
            (0..6).map(|n| session.add_post(&post(if n < 5 { talk } else { dev }, n, 10))).collect::<Result<_, _>>()?;
        session.record(ids[1], &finished(1), NOW)?;
        session.record(ids[2], &deferred(&["a@example.org"], NOW), NOW)?;
        session.quarantine(ids[3], "")?;
        let list = |list, state| {
            let found = session.posts(&PostQuery { after: 0, limit: 10, list, state })?;
            assert_eq!((found.total as usize, found.next), (found.items.len(), None));
            Ok::<_, Error>(found.items.into_iter().map(|post| post.id).collect::<Vec<_>>())
        };
        assert_eq!(list(None, None)?, [ids[0], ids[2], ids[3], ids[4], ids[5]]);
        assert_eq!(list(Some(talk), None)?, [ids[0], ids[2], ids[3], ids[4]]);
        assert_eq!(list(None, Some(PostState::Sending))?, [ids[0], ids[4], ids[5]]);
        assert_eq!(list(Some(dev), Some(PostState::Sending))?, [ids[5]]);
        assert_eq!(list(None, Some(PostState::Waiting))?, [ids[2]]);
        assert_eq!(list(None, Some(PostState::Done))?, [ids[1]]);
        assert_eq!(list(Some(dev), Some(PostState::Done))?, NOTHING);
        assert_eq!(list(None, Some(PostState::Quarantined))?, [ids[3]]);

        let first = session.posts(&PostQuery { limit: 2, ..PostQuery::default() })?;
        assert_eq!((first.total, first.next.clone()), (5, Some(ids[2].to_string())));
        let second = session.posts(&PostQuery { after: ids[2], limit: 3, ..PostQuery::default() })?;
        assert_eq!(second.items.iter().map(|post| post.id).collect::<Vec<_>>(), ids[3..]);
        assert_eq!((second.total, second.next), (5, None));
        Ok(())
    });
}

#[test]
fn a_dropped_post_is_gone_and_its_runner_may_finish() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@example.org")])?;
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &deferred(&["a@example.org"], NOW), NOW)?;
        assert!(session.drop_post(id, NOW)?);
        assert!(!session.drop_post(id, NOW)?);
        assert_eq!((session.post(id)?, session.message(id)?), (None, None));
        session.record(id, &deferred(&["a@example.org"], NOW), NOW)?;
        session.postpone(id, 1, NOW, "")?;
        session.quarantine(id, "")?;
        assert!(session.troubled(id, "", 10)?.is_empty());
        assert_eq!(session.counts()?.deferred, 0);
        Ok(())
    });
}

#[test]
fn a_purge_takes_what_was_finished_before_and_no_more_than_it_may() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let ids: Vec<i64> = (0..6).map(|n| session.add_post(&post(list, n, 10))).collect::<Result<_, _>>()?;
        for (id, when) in ids.iter().zip([5, 4, 3, 2, 1]) {
            session.record(*id, &finished(1), NOW + when)?;
        }
        assert_eq!(session.purge(NOW + 1, NOW, NOW, 10)?, 0);
        assert_eq!(session.purge(NOW + 5, NOW, NOW, 3)?, 3, "the oldest first");
        assert_eq!(session.purge(NOW + 5, NOW, NOW, 3)?, 1);
        let left = session.posts(&PostQuery { limit: 10, state: Some(PostState::Done), ..PostQuery::default() })?;
        assert_eq!(left.items.iter().map(|post| post.id).collect::<Vec<_>>(), ids[..1]);
        assert_eq!(session.message(ids[4])?, None);
        assert_eq!(state(session, ids[5]), PostState::Sending);

        // The hand-overs have an age of their own.
        let known = |session: &dyn Session| {
            let known = |n| session.handed_over(&post(list, n, 10).handover).expect("an answer").is_some();
            (0..6).filter(|n| known(*n)).count()
        };
        assert_eq!(known(session), 6);
        assert_eq!(session.purge(0, NOW, NOW + 1, 4)?, 4);
        assert_eq!(known(session), 2);
        assert_eq!(session.purge(0, NOW, NOW + 1, 4)?, 2);
        assert_eq!(state(session, ids[5]), PostState::Sending);
        Ok(())
    });
}

#[test]
fn a_purge_takes_one_large_post_or_several_small_ones_at_once() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        for (number, mebibytes) in (0..).zip([20, 10, 6, 1]) {
            let id = session.add_post(&post(list, number, mebibytes << 20))?;
            session.record(id, &finished(1), NOW)?;
        }
        let mut steps = Vec::new();
        while steps.last() != Some(&0) {
            steps.push(session.purge(NOW + 1, NOW, 0, 10)?);
        }
        assert_eq!(steps, [1, 2, 1, 0]);
        Ok(())
    });
}
