//! Who is to get a message, and how its cursor and its troubles are walked.

use mailjam_store::{
    Audience, Error, MemberRow, Mode, NewPost, PostKind, PostState, Progress, Role, SITE, Session, Target, Troubled,
};

use crate::queue::{deferred, look};
use crate::{Fixture, NOW, create, member, post};

fn keys(session: &dyn Session, list: i64, kind: PostKind) -> Vec<String> {
    reached(session, &Audience::of(list, kind, NOW))
}

pub fn reached(session: &dyn Session, audience: &Audience) -> Vec<String> {
    let targets = session.targets(audience, "", 100).expect("an answer");
    assert_eq!(session.target_count(audience).expect("an answer"), targets.len() as u64);
    targets.into_iter().map(|target| target.key).collect()
}

#[test]
fn a_post_goes_to_the_members_who_want_mail_behind_the_cursor() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        session.add_members(other, &[member("x@example.org")])?;
        let silent = MemberRow { mode: Mode::NoMail, ..member("c@example.org") };
        session
            .add_members(list, &[member("D@example.org"), member("B@example.org"), silent, member("a@example.org")])?;
        let b = Target { key: "b@example.org".to_owned(), address: "B@example.org".to_owned() };
        let d = Target { key: "d@example.org".to_owned(), address: "D@example.org".to_owned() };
        let everybody = Audience::of(list, PostKind::Post, NOW);
        assert_eq!(session.targets(&everybody, "a@example.org", 10)?, [b, d.clone()]);
        assert_eq!(session.targets(&everybody, "b@example.org", 1)?, [d]);
        assert_eq!(session.targets(&everybody, "d@example.org", 1)?, []);
        assert_eq!(keys(session, list, PostKind::Post), ["a@example.org", "b@example.org", "d@example.org"]);
        Ok(())
    });
}

#[test]
fn keys_are_walked_in_one_order_whatever_they_are_written_in() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let names = [
            "z@example.org",
            "ä@example.org",
            "\"a b\"@example.org",
            "+a@example.org",
            "Z2@example.org",
            "日@example.org",
        ];
        session.add_members(list, &names.map(member))?;
        let everybody = Audience::of(list, PostKind::Post, NOW);
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        while let Some(target) = session.targets(&everybody, &cursor, 1)?.pop() {
            assert!(target.key > cursor, "{cursor} then {}", target.key);
            cursor.clone_from(&target.key);
            walked.push(target.key);
        }
        assert_eq!(walked.len(), names.len());
        Ok(())
    });
}

#[test]
fn a_forwarded_message_goes_to_the_owners_or_else_to_the_admins() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("member@example.org")])?;
        session.grant(list, "moderator@example.org", "moderator@example.org", Role::Moderator)?;
        for kind in [PostKind::Owner, PostKind::Command, PostKind::Bounce, PostKind::Notice] {
            assert_eq!(keys(session, list, kind), [""; 0]);
        }
        for admin in ["root@example.org", "admin@example.org"] {
            session.grant(SITE, admin, admin, Role::Admin)?;
        }
        assert_eq!(keys(session, list, PostKind::Owner), ["admin@example.org", "root@example.org"]);
        let owners = Audience::of(list, PostKind::Owner, NOW);
        assert_eq!(session.targets(&owners, "admin@example.org", 9)?.len(), 1);
        session.grant(list, "owner@example.org", "owner@example.org", Role::Owner)?;
        assert_eq!(keys(session, list, PostKind::Owner), ["owner@example.org"]);
        for kind in [PostKind::Command, PostKind::Bounce, PostKind::Notice] {
            assert_eq!(keys(session, list, kind), [""; 0]);
        }
        assert_eq!(keys(session, list, PostKind::Post), ["member@example.org"]);
        Ok(())
    });
}

#[test]
fn troubled_recipients_are_walked_by_key_and_the_due_ones_picked() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let one = |name: &str, refused, next_attempt| Troubled {
            target: Target { key: format!("{name}@example.org"), address: format!("{name}@Example.org") },
            refused,
            attempts: 2,
            first: NOW - 5,
            next_attempt,
            reply: "450 4.2.1 later".to_owned(),
        };
        let all = vec![one("a", false, NOW), one("b", true, 0), one("c", false, NOW + 1), one("d", false, NOW - 1)];
        let id = session.add_post(&post(list, 1, 10))?;
        let progress =
            Progress { expanded: true, troubled: all.iter().rev().cloned().collect(), ..Progress::default() };
        session.record(id, &progress, NOW)?;
        assert_eq!(session.troubled(id, "", 10)?, all);
        assert_eq!(session.troubled(id, "a@example.org", 2)?, all[1..3]);
        assert_eq!(session.due_recipients(id, NOW, "", 10)?, [all[0].clone(), all[3].clone()]);
        assert_eq!(session.due_recipients(id, NOW, "a@example.org", 10)?, all[3..]);
        assert_eq!(session.due_recipients(id, NOW, "", 1)?, all[..1]);
        assert_eq!(session.troubled(id + 1, "", 10)?, []);
        Ok(())
    });
}

#[test]
fn who_wants_no_mail_any_more_is_not_waited_for() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let everybody = ["a@example.org", "b@example.org", "c@example.org"];
        for list in [list, other] {
            session.add_members(list, &everybody.map(member))?;
        }
        let waiting: Vec<i64> = [(1, list, PostKind::Post), (2, other, PostKind::Post), (3, list, PostKind::Owner)]
            .into_iter()
            .map(|(number, list, kind)| {
                let id = session.add_post(&NewPost { kind, ..post(list, number, 10) })?;
                let mut progress = deferred(&everybody, NOW + 60);
                progress.troubled[1].next_attempt = NOW + 90;
                session.record(id, &progress, NOW)?;
                Ok(id)
            })
            .collect::<Result<_, Error>>()?;
        let sending = session.add_post(&post(list, 4, 10))?;
        session.record(sending, &Progress { expanded: false, ..deferred(&["a@example.org"], NOW + 60) }, NOW)?;
        let left = |session: &dyn Session| {
            let rows = waiting.iter().map(|id| look(session, *id));
            rows.map(|row| (row.state, row.deferred, row.next_attempt)).collect::<Vec<_>>()
        };
        let untouched = (PostState::Waiting, 3, NOW + 60);

        session.remove_members(list, &["a@example.org".to_owned(), "zoe@example.org".to_owned()], NOW)?;
        session.update_member(list, &member("b@example.org"), NOW)?;
        assert_eq!(left(session), [(PostState::Waiting, 2, NOW + 60), untouched, untouched]);
        let row = look(session, sending);
        assert_eq!((row.state, row.deferred, row.next_attempt), (PostState::Sending, 0, 0));

        session.update_member(list, &MemberRow { mode: Mode::NoMail, ..member("c@example.org") }, NOW)?;
        assert_eq!(left(session), [(PostState::Waiting, 1, NOW + 90), untouched, untouched]);

        session.remove_members(list, &["b@example.org".to_owned()], NOW + 5)?;
        assert_eq!(left(session), [(PostState::Done, 0, 0), untouched, untouched]);
        assert_eq!(
            (session.purge(NOW + 5, NOW, 0, 10)?, session.purge(NOW + 6, NOW, 0, 10)?),
            (0, 1),
            "done when the last left"
        );
        Ok(())
    });
}
