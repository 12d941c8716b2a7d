//! What the list itself writes, and the posts that it looks up for it.

use mailjam_store::{ListKey, NewNotice, NewPost, PostKind, PostState, Progress, Selection, Session, Target};

use crate::held::hold;
use crate::queue::{finished, look, state, troubled};
use crate::{Fixture, NOW, create, member, post};

fn notice(list: ListKey, names: &[&str]) -> NewNotice {
    let target = |name: &&str| Target { key: format!("{name}@example.org"), address: format!("{name}@Example.org") };
    NewNotice {
        list,
        message_id: "<notice@example.org>".to_owned(),
        at: NOW,
        bytes: b"Subject: hello\n\n".to_vec(),
        recipients: names.iter().map(target).collect(),
        return_path: String::new(),
    }
}

#[test]
fn a_notice_goes_to_whom_it_names_and_is_done_with_the_last() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_notice(&notice(list, &["a", "b", "c"]))?;
        let row = look(session, id);
        assert_eq!((row.kind, row.state, row.sender.as_str()), (PostKind::Notice, PostState::Waiting, ""));
        assert_eq!((row.received, row.size, row.deferred), (NOW, 16, 3));
        assert_eq!(row.message_id, "<notice@example.org>");
        assert_eq!(session.message(id)?.as_deref(), Some(&b"Subject: hello\n\n"[..]));
        assert_eq!((session.due(NOW, 10)?, session.counts()?.queued), (vec![id], 1));

        let due = session.due_recipients(id, NOW, "", 10)?;
        assert_eq!(due.iter().map(|one| one.target.address.as_str()).collect::<Vec<_>>()[1], "b@Example.org");
        assert!(due.iter().all(|one| !one.refused && (one.attempts, one.first) == (0, NOW)), "{due:?}");

        let settled = vec!["a@example.org".to_owned()];
        let troubled = vec![troubled("b@example.org", false, NOW + 60), troubled("c@example.org", true, 0)];
        session.record(id, &Progress { delivered: 1, settled, troubled, ..Progress::default() }, NOW)?;
        let row = look(session, id);
        assert_eq!((row.state, row.delivered, row.deferred, row.refused), (PostState::Waiting, 1, 1, 1));
        assert_eq!((session.due(NOW, 10)?, session.next_due(NOW)?), (vec![], Some(NOW + 60)));
        let settled = vec!["b@example.org".to_owned()];
        session.record(id, &Progress { delivered: 1, settled, ..Progress::default() }, NOW + 60)?;
        let row = look(session, id);
        assert_eq!((row.state, row.delivered, row.refused), (PostState::Done, 2, 1));
        assert_eq!(session.purge(NOW + 61, NOW, 0, 10)?, 1);
        Ok(())
    });
}

#[test]
fn a_notice_is_tried_again_for_everybody_whom_it_was_refused_for() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_notice(&notice(list, &["a", "b"]))?;
        let refused = ["a@example.org", "b@example.org"].map(|name| troubled(name, true, 0)).to_vec();
        session.record(id, &Progress { troubled: refused, ..Progress::default() }, NOW)?;
        assert_eq!((state(session, id), session.retry(&Selection::List(list))?), (PostState::Done, 0));
        assert_eq!(session.retry(&Selection::Post(id))?, 2, "nobody needs to be a member");
        assert_eq!((state(session, id), session.due(NOW, 10)?), (PostState::Waiting, vec![id]));
        assert_eq!(look(session, id).refused, 0);

        // Nor does one that was quarantined begin to look for members.
        session.quarantine(id, "panicked at …")?;
        assert_eq!(session.retry(&Selection::Post(id))?, 2);
        assert_eq!((state(session, id), session.due(NOW, 10)?), (PostState::Waiting, vec![id]));
        Ok(())
    });
}

#[test]
fn a_notice_waits_for_members_who_have_left() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@example.org")])?;
        let id = session.add_notice(&notice(list, &["a"]))?;
        session.remove_members(list, &["a@example.org".to_owned()], NOW)?;
        assert_eq!(session.due_recipients(id, NOW, "", 10)?.len(), 1, "it is the farewell");
        Ok(())
    });
}

#[test]
fn a_command_is_answered_by_others_and_done_at_once() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.grant(list, "ann@example.org", "ann@example.org", mailjam_store::Role::Owner)?;
        let id = session.add_post(&NewPost { kind: PostKind::Command, ..post(list, 1, 10) })?;
        assert_eq!((state(session, id), session.due(i64::MAX, 10)?), (PostState::Done, vec![]));
        assert_eq!(session.handed_over(&post(list, 1, 10).handover)?, Some(id));
        Ok(())
    });
}

#[test]
fn the_latest_posts_are_those_to_members_with_the_held_ones() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let first = session.add_post(&post(list, 1, 10))?;
        session.record(first, &finished(1), NOW)?;
        session.add_post(&post(other, 2, 10))?;
        session.add_post(&NewPost { kind: PostKind::Owner, ..post(list, 3, 10) })?;
        session.add_notice(&notice(list, &["a"]))?;
        let held = session.hold_post(&post(list, 4, 10), &hold())?;
        let last = session.add_post(&post(list, 5, 10))?;
        let latest = |session: &dyn Session, limit| {
            let found = session.latest_posts(list, limit).expect("an answer");
            found.into_iter().map(|post| post.id).collect::<Vec<_>>()
        };
        assert_eq!(latest(session, 10), [last, held, first]);
        assert_eq!(latest(session, 2), [last, held]);
        let sent = session.sent_posts(list, 2)?;
        assert_eq!(sent.iter().map(|post| post.id).collect::<Vec<_>>(), [last, first], "what waits is not sent");
        assert_eq!(session.latest_posts(4711, 2)?, []);
        Ok(())
    });
}

#[test]
fn a_post_is_found_by_its_message_id_and_the_newest_of_several() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let same = |list, number| NewPost { message_id: "<same@x>".to_owned(), ..post(list, number, 10) };
        session.add_post(&same(list, 1))?;
        let newest = session.add_post(&same(list, 2))?;
        session.add_post(&same(other, 3))?;
        let nameless = NewPost { message_id: String::new(), ..post(list, 4, 10) };
        session.add_post(&nameless)?;
        assert_eq!(session.post_by_message_id(list, "<same@x>")?, Some(newest));
        assert_eq!(session.post_by_message_id(list, "<SAME@x>")?, None);
        assert_eq!(session.post_by_message_id(list, "")?, None, "that is no id");
        Ok(())
    });
}
