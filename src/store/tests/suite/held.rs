//! Posts that wait for a moderator.

use mailjam_store::{Decided, HeldRow, Hold, ListKey, PageQuery, PostQuery, PostState, Progress, Selection, Session};

use crate::queue::{NOTHING, deferred, finished, look, state};
use crate::{Error, Fixture, NOW, create, filtered, page, post};

/// Why a post by `ann@example.org` waits.
pub fn hold() -> Hold {
    Hold {
        rule: "first-posts".to_owned(),
        reason: "her first post".to_owned(),
        poster: "ann@example.org".to_owned(),
        address: "Ann@example.org".to_owned(),
        subject: "100% new".to_owned(),
        answerable: true,
        expires: NOW + 60,
    }
}

pub fn decided(action: &str) -> Decided {
    Decided { action: action.to_owned(), by: "mod@example.org".to_owned(), at: NOW + 5 }
}

fn ids(rows: Vec<HeldRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.post).collect()
}

/// Posts that wait, of a list or of all.
fn waiting(session: &dyn Session, list: Option<ListKey>) -> Vec<i64> {
    let found = session.held_posts(list, &page("", 100)).expect("an answer");
    assert_eq!((found.total, found.next), (found.items.len() as u64, None));
    ids(found.items)
}

#[test]
fn a_held_post_is_known_and_comes_back_as_it_was_held() {
    let (fixture, list) = Fixture::with_list();
    let id = fixture.write(move |session| session.hold_post(&post(list, 1, 10), &hold()));
    let fixture = fixture.reopen();
    fixture.read(|session| {
        let expected = HeldRow {
            post: id,
            list,
            list_address: "talk@example.org".to_owned(),
            message_id: "<1@example.org>".to_owned(),
            size: 10,
            received: NOW,
            hold: hold(),
            told: 0,
            decided: None,
        };
        assert_eq!(session.held(id)?, Some(expected));
        assert_eq!(session.held(id + 1)?, None);
        assert_eq!(session.handed_over(&post(list, 1, 10).handover)?, Some(id));
        assert_eq!(session.message(id)?.map(|bytes| bytes.len()), Some(10));
        Ok(())
    });
}

#[test]
fn nothing_in_the_queue_moves_a_held_post() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.hold_post(&post(list, 1, 10), &hold())?;
        let before = look(session, id);
        assert_eq!(before.state, PostState::Held);
        session.record(id, &deferred(&["a@example.org"], NOW), NOW)?;
        session.record(id, &finished(1), NOW)?;
        session.postpone(id, 1, NOW, "")?;
        session.quarantine(id, "panicked at …")?;
        for selection in [Selection::Post(id), Selection::List(list), Selection::Domain("example.org".to_owned())] {
            assert_eq!(session.retry(&selection)?, 0, "{selection:?}");
        }
        assert_eq!(session.purge(i64::MAX, i64::MAX, 0, 10)?, 0);
        assert_eq!(look(session, id), before);
        assert_eq!((session.due(i64::MAX, 10)?, session.next_due(NOW)?), (vec![], None));
        assert_eq!((session.counts()?.queued, session.counts()?.oldest), (0, None));

        let listed = |state| {
            let found = session.posts(&PostQuery { limit: 10, state, ..PostQuery::default() }).expect("an answer");
            found.items.into_iter().map(|post| post.id).collect::<Vec<_>>()
        };
        for state in [None, Some(PostState::Done), Some(PostState::Sending), Some(PostState::Quarantined)] {
            assert_eq!(listed(state), NOTHING, "{state:?}");
        }
        assert_eq!(listed(Some(PostState::Held)), [id]);
        Ok(())
    });
}

#[test]
fn a_post_that_goes_on_is_sent_and_one_that_does_not_is_gone() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let (on, off) =
            (session.hold_post(&post(list, 1, 10), &hold())?, session.hold_post(&post(list, 2, 10), &hold())?);
        assert!(session.decide_held(on, &decided("approve"), true)?);
        assert!(session.decide_held(off, &decided("reject"), false)?);
        for id in [on, off] {
            assert!(!session.decide_held(id, &decided("discard"), false)?, "it is decided");
        }
        assert!(!session.decide_held(4711, &decided("approve"), true)?);
        let row = look(session, on);
        assert_eq!((row.state, row.cursor.as_str(), session.due(NOW, 10)?), (PostState::Sending, "", vec![on]));
        assert_eq!((session.post(off)?, session.message(off)?), (None, None));
        assert_eq!(session.handed_over(&post(list, 2, 10).handover)?, Some(off), "a retry must not bring it back");
        assert_eq!(session.held(on)?.expect("a row").decided, Some(decided("approve")));
        let gone = session.held(off)?.expect("a decision outlives the post");
        assert_eq!((gone.decided, gone.size, gone.hold), (Some(decided("reject")), 10, hold()));
        assert_eq!(waiting(session, None), NOTHING);

        session.record(on, &finished(1), NOW)?;
        assert_eq!(session.purge(NOW + 1, NOW, 0, 10)?, 1);
        assert_eq!(session.held(on)?.expect("a row").decided, Some(decided("approve")), "the purge decides nothing");
        assert_eq!((session.forget_decisions(NOW + 5)?, session.forget_decisions(NOW + 6)?), (0, 2));
        assert_eq!((session.held(on)?, session.held(off)?), (None, None));
        Ok(())
    });
}

#[test]
fn a_held_post_that_is_dropped_waits_for_nobody() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.hold_post(&post(list, 1, 10), &hold())?;
        assert_eq!(session.forget_decisions(i64::MAX)?, 0, "nothing is decided");
        assert!(session.drop_post(id, NOW + 7)?);
        assert_eq!(waiting(session, None), NOTHING);
        assert_eq!((session.expired(i64::MAX, 10)?, session.lists_to_tell()?), (vec![], vec![]));
        let dropped = Decided { action: "drop".to_owned(), by: String::new(), at: NOW + 7 };
        assert_eq!(session.held(id)?.expect("a row").decided, Some(dropped));
        assert!(!session.decide_held(id, &decided("approve"), true)?);

        // What was decided before stays so.
        let id = session.hold_post(&post(list, 2, 10), &hold())?;
        session.decide_held(id, &decided("approve"), true)?;
        assert!(session.drop_post(id, NOW + 7)?);
        assert_eq!(session.held(id)?.expect("a row").decided, Some(decided("approve")));
        Ok(())
    });
}

#[test]
fn held_posts_are_listed_oldest_first_in_pages_and_found_by_address_and_subject() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let dev = create(session, "dev@example.org")?;
        let mut posts = Vec::new();
        for (number, list) in [(0, talk), (1, dev), (2, talk), (3, talk), (4, dev)] {
            let hold = Hold { address: format!("m{number}@example.org"), ..hold() };
            posts.push(session.hold_post(&post(list, number, 10), &hold)?);
        }
        session.decide_held(posts[3], &decided("approve"), true)?;
        assert_eq!(waiting(session, None), [posts[0], posts[1], posts[2], posts[4]]);
        assert_eq!(waiting(session, Some(talk)), [posts[0], posts[2]]);
        assert_eq!(waiting(session, Some(4711)), NOTHING);
        for list in [None, Some(dev)] {
            let part = session.held_posts(list, &page(&posts[0].to_string(), 1))?;
            assert_eq!((ids(part.items), part.next), (vec![posts[1]], Some(posts[1].to_string())));
            let rest = session.held_posts(list, &page(&posts[1].to_string(), 2))?;
            assert_eq!(rest.next, None);
            assert_eq!(rest.items.last().map(|row| row.post), Some(posts[4]));
        }
        for (filter, expected) in [("M2@", 1), ("100%", 4), ("%n", 0), ("zoe", 0), ("", 4)] {
            let found = session.held_posts(None, &filtered(filter))?;
            assert_eq!((found.total, found.items.len()), (expected, expected as usize), "{filter}");
        }
        let part = session.held_posts(None, &PageQuery { limit: 1, ..filtered("example") })?;
        assert_eq!((part.total, part.next), (4, Some(posts[0].to_string())));
        Ok(())
    });
}

#[test]
fn moderators_are_told_once_of_each_post() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let dev = create(session, "dev@example.org")?;
        let mut posts = Vec::new();
        for (number, list) in [(0, talk), (1, dev), (2, talk), (3, talk)] {
            posts.push(session.hold_post(&post(list, number, 10), &hold())?);
        }
        assert_eq!(session.lists_to_tell()?, [talk, dev]);
        assert_eq!(ids(session.untold(talk, 10)?), [posts[0], posts[2], posts[3]]);
        assert_eq!(ids(session.untold(talk, 2)?), posts[..1].iter().chain(&posts[2..3]).copied().collect::<Vec<_>>());
        assert_eq!(session.last_told(talk)?, 0);

        session.told(&[posts[0], posts[2]], NOW)?;
        session.decide_held(posts[3], &decided("discard"), false)?;
        assert_eq!((session.untold(talk, 10)?, session.lists_to_tell()?), (vec![], vec![dev]));
        assert_eq!((session.last_told(talk)?, session.last_told(dev)?), (NOW, 0));
        assert_eq!(session.held(posts[0])?.expect("a row").told, NOW);
        // It was so, though all is decided.
        session.decide_held(posts[0], &decided("discard"), false)?;
        session.decide_held(posts[2], &decided("discard"), false)?;
        assert_eq!(session.last_told(talk)?, NOW);
        Ok(())
    });
}

#[test]
fn a_post_that_nobody_decided_about_expires() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let until = |expires| Hold { expires, ..hold() };
        let end = NOW + 200_000;
        let late = session.hold_post(&post(list, 1, 10), &until(end + 9))?;
        let soon = session.hold_post(&post(list, 2, 10), &until(end + 3))?;
        let done = session.hold_post(&post(list, 3, 10), &until(NOW))?;
        let unheard = session.hold_post(&post(list, 4, 10), &until(end))?;
        session.decide_held(done, &decided("approve"), true)?;
        session.told(&[late, soon, done], NOW)?;
        assert_eq!(ids(session.expired(end + 2, 10)?), NOTHING);
        assert_eq!(ids(session.expired(end + 3, 10)?), [soon]);
        assert_eq!(ids(session.expired(end + 9, 10)?), [late, soon]);
        assert_eq!(ids(session.expired(end + 9, 1)?), [late]);
        // What moderators were not told of waits, and for a day after they are.
        session.told(&[unheard], end + 9)?;
        assert_eq!(ids(session.expired(end + 9 + 86_399, 10)?), [late, soon]);
        assert_eq!(ids(session.expired(end + 9 + 86_400, 10)?), [late, soon, unheard]);
        Ok::<_, Error>(())
    });
}

#[test]
fn an_approved_post_takes_the_way_of_every_post() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.hold_post(&post(list, 1, 10), &hold())?;
        session.decide_held(id, &decided("approve"), true)?;
        session.record(id, &deferred(&["a@example.org"], NOW + 60), NOW)?;
        assert_eq!(state(session, id), PostState::Waiting);
        let settled = vec!["a@example.org".to_owned()];
        session.record(id, &Progress { delivered: 1, settled, ..Progress::default() }, NOW + 60)?;
        assert_eq!(state(session, id), PostState::Done);
        Ok(())
    });
}
