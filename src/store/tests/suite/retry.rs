//! Posts that are brought back: what a retry selects, and what it makes of them.

use mailjam_store::{PostState, Progress, Selection, Session, Troubled};

use crate::queue::{NOTHING, deferred, finished, look, state, troubled};
use crate::{Fixture, NOW, create, member, post};

#[test]
fn a_quarantined_post_is_left_alone_until_somebody_names_it() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &Progress { expanded: false, ..deferred(&["a@example.org"], NOW) }, NOW)?;
        session.quarantine(id, "panicked at …")?;
        let quarantined = |session: &dyn Session| {
            assert_eq!(state(session, id), PostState::Quarantined);
            assert_eq!(session.due(i64::MAX, 10).expect("an answer"), NOTHING);
            assert_eq!(session.next_due(NOW).expect("an answer"), None);
        };
        quarantined(session);
        assert_eq!(look(session, id).last_error, "panicked at …");
        // Neither what was still in flight, nor others' retries, nor age changes that.
        session.record(id, &finished(1), NOW)?;
        session.postpone(id, 1, NOW, "")?;
        assert_eq!(session.retry(&Selection::List(list))?, 0);
        assert_eq!(session.retry(&Selection::Domain("example.org".to_owned()))?, 0);
        assert_eq!(session.purge(i64::MAX, NOW, 0, 10)?, 0);
        quarantined(session);
        assert_eq!(session.counts()?.queued, 0);

        assert_eq!(session.retry(&Selection::Post(id))?, 1);
        assert_eq!((state(session, id), session.due(NOW, 10)?), (PostState::Sending, vec![id]));
        session.record(id, &Progress { settled: vec!["a@example.org".into()], ..finished(1) }, NOW)?;
        assert_eq!(state(session, id), PostState::Done);
        Ok(())
    });
}

#[test]
fn a_retry_makes_due_what_it_selects() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let dev = create(session, "dev@example.org")?;
        let mut ids = Vec::new();
        for (number, list) in [(1, talk), (2, talk), (3, dev)] {
            let id = session.add_post(&post(list, number, 10))?;
            let mut progress = deferred(&["a@one.test", "b@two.test", "c@sub.two.test"], NOW + 60);
            progress.troubled.push(troubled("d@two.test", true, 0));
            session.record(id, &progress, NOW)?;
            ids.push(id);
        }
        let again = |session: &mut dyn Session, selection, expected: (u64, &[i64])| {
            let count = session.retry(&selection).expect("an answer");
            let due = session.due(NOW, 10).expect("an answer");
            assert_eq!((count, due.as_slice()), expected, "{selection:?}");
            for id in due {
                let recipients = session.due_recipients(id, NOW, "", 10).expect("an answer");
                assert!(!recipients.is_empty() && recipients.iter().all(|one| !one.refused), "{recipients:?}");
                let put_off = recipients.into_iter().map(|one| Troubled { next_attempt: NOW + 60, ..one }).collect();
                session.record(id, &Progress { troubled: put_off, ..Progress::default() }, NOW).expect("an answer");
            }
            assert_eq!(session.due(NOW, 10).expect("an answer"), NOTHING);
        };
        again(session, Selection::Post(ids[1]), (3, &ids[1..2]));
        again(session, Selection::List(talk), (6, &ids[..2]));
        again(session, Selection::Domain("Two.test".to_owned()), (3, &ids));
        again(session, Selection::Domain("t%o.test".to_owned()), (0, &[]));
        again(session, Selection::Domain("t\\".to_owned()), (0, &[]));
        again(session, Selection::Post(4711), (0, &[]));

        session.postpone(ids[0], 1, NOW + 99, "")?;
        assert_eq!(session.retry(&Selection::Post(ids[0]))?, 3);
        assert_eq!(session.due(NOW, 10)?, [ids[0]]);
        Ok(())
    });
}

#[test]
fn a_post_that_is_named_is_tried_again_for_whom_it_was_refused() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &["a@one.test", "b@two.test"].map(member))?;
        let refused = |expanded| Progress {
            expanded,
            troubled: ["a@one.test", "b@two.test", "left@two.test"].map(|text| troubled(text, true, 0)).to_vec(),
            ..finished(5)
        };
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &refused(true), NOW)?;
        assert_eq!((state(session, id), look(session, id).refused), (PostState::Done, 3));
        for selection in [Selection::List(list), Selection::Domain("two.test".to_owned())] {
            assert_eq!(session.retry(&selection)?, 0, "{selection:?}");
        }
        assert_eq!(session.retry(&Selection::Post(id))?, 2, "who has left gets nothing");
        let row = look(session, id);
        assert_eq!((row.state, row.deferred, row.refused, row.delivered), (PostState::Waiting, 2, 1, 5));
        assert_eq!((session.due(NOW, 10)?, session.purge(i64::MAX, NOW, 0, 10)?), (vec![id], 0));
        let due = session.due_recipients(id, NOW, "", 10)?;
        assert_eq!(due.iter().map(|one| one.target.key.as_str()).collect::<Vec<_>>(), ["a@one.test", "b@two.test"]);
        let settled = vec!["a@one.test".to_owned()];
        let troubled = vec![troubled("b@two.test", true, 0)];
        session.record(id, &Progress { delivered: 1, settled, troubled, ..Progress::default() }, NOW + 1)?;
        let row = look(session, id);
        assert_eq!((row.state, row.deferred, row.refused, row.delivered), (PostState::Done, 0, 2, 6));

        // One that is still being sent goes on where it was, and comes back to them afterwards.
        let id = session.add_post(&post(list, 2, 10))?;
        session.record(id, &refused(false), NOW)?;
        assert_eq!(session.retry(&Selection::Post(id))?, 2);
        let row = look(session, id);
        assert_eq!((row.state, row.cursor.as_str(), row.refused), (PostState::Sending, "z", 1));
        session.record(id, &finished(0), NOW)?;
        assert_eq!((state(session, id), session.due(NOW, 10)?), (PostState::Waiting, vec![id]));

        // Nobody was refused: a post that is done stays so.
        let id = session.add_post(&post(list, 3, 10))?;
        session.record(id, &finished(2), NOW)?;
        assert_eq!((session.retry(&Selection::Post(id))?, state(session, id)), (0, PostState::Done));
        Ok(())
    });
}
