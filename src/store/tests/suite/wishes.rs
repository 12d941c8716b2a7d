//! What members wish, and what the list makes an exception of.

use mailjam_core::decide::{Posting, Standing};
use mailjam_store::{Audience, ListKey, MemberRow, Mode, PostKind, PostState, Progress, Selection, Session};

use crate::queue::{deferred, look, troubled};
use crate::recipients::reached;
use crate::{Error, Fixture, NOW, create, member, post};

fn add(session: &mut dyn Session, list: ListKey, members: &[MemberRow]) -> Result<(), Error> {
    session.add_members(list, members).map(drop)
}

#[test]
fn who_wants_digests_or_is_away_or_wants_nothing_gets_none() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let with = |name: &str, mode, away_until| MemberRow { mode, away_until, ..member(name) };
        add(
            session,
            list,
            &[
                with("away@example.org", Mode::Post, NOW + 1),
                with("back@example.org", Mode::Post, NOW),
                with("digest@example.org", Mode::Digest, 0),
                with("silent@example.org", Mode::NoMail, 0),
            ],
        )?;
        let post = Audience::of(list, PostKind::Post, NOW);
        assert_eq!(reached(session, &post), ["back@example.org"]);
        let later = Audience { now: NOW + 1, ..post.clone() };
        assert_eq!(reached(session, &later), ["away@example.org", "back@example.org"]);
        // The same with wishes to look at.
        let wishes = Audience { authors: vec!["zoe@example.org".to_owned()], ..post };
        assert_eq!(reached(session, &wishes), ["back@example.org"]);
        Ok(())
    });
}

#[test]
fn own_posts_are_kept_from_authors_who_do_not_want_them() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let without = |name: &str| MemberRow { own_posts: false, ..member(name) };
        add(session, list, &[without("a@example.org"), member("b@example.org"), without("c@example.org")])?;
        add(session, other, &[without("b@example.org")])?;
        let by = |authors: &[&str]| Audience {
            authors: authors.iter().map(|name| format!("{name}@example.org")).collect(),
            ..Audience::of(list, PostKind::Post, NOW)
        };
        assert_eq!(reached(session, &by(&["a", "b"])), ["b@example.org", "c@example.org"]);
        assert_eq!(reached(session, &by(&["a", "c", "zoe"])), ["b@example.org"]);
        assert_eq!(reached(session, &by(&[])).len(), 3);
        let targets = session.targets(&by(&["c"]), "a@example.org", 10)?;
        assert_eq!(targets.into_iter().map(|target| target.key).collect::<Vec<_>>(), ["b@example.org"]);
        Ok(())
    });
}

#[test]
fn a_muted_thread_is_kept_from_who_muted_it_until_it_is_wanted_again() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        for list in [list, other] {
            add(session, list, &["a@example.org", "b@example.org"].map(member))?;
        }
        let about = |list, thread: &[&str]| Audience {
            thread: thread.iter().map(|id| (*id).to_owned()).collect(),
            ..Audience::of(list, PostKind::Post, NOW)
        };
        let answer = ["<2@x>", "<1@x>"];
        for _ in 0..2 {
            session.mute(list, "a@example.org", "<1@x>", true, NOW)?;
        }
        session.mute(list, "zoe@example.org", "<1@x>", true, NOW)?;
        assert_eq!(session.muted(list, "a@example.org")?, ["<1@x>"]);
        assert_eq!(reached(session, &about(list, &answer)), ["b@example.org"]);
        assert_eq!(reached(session, &about(list, &["<2@x>", "1@x"])).len(), 2, "another thread");
        assert_eq!(reached(session, &about(list, &[])).len(), 2);
        assert_eq!(reached(session, &about(other, &answer)).len(), 2, "another list");

        session.mute(list, "a@example.org", "<2@x>", false, NOW)?;
        assert_eq!(reached(session, &about(list, &answer)).len(), 1, "that one was not muted");
        session.mute(list, "a@example.org", "<1@x>", false, NOW)?;
        assert_eq!(reached(session, &about(list, &answer)).len(), 2);

        // Who comes back begins anew.
        session.mute(list, "a@example.org", "<1@x>", true, NOW)?;
        session.remove_members(list, &["a@example.org".to_owned()], NOW)?;
        add(session, list, &[member("a@example.org")])?;
        assert_eq!(reached(session, &about(list, &answer)).len(), 2);
        Ok(())
    });
}

#[test]
fn wishes_do_not_keep_mail_from_owners() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        add(session, list, &[MemberRow { own_posts: false, away_until: i64::MAX, ..member("ann@example.org") }])?;
        session.grant(list, "ann@example.org", "ann@example.org", mailjam_store::Role::Owner)?;
        session.mute(list, "ann@example.org", "<1@x>", true, NOW)?;
        let audience = Audience {
            authors: vec!["ann@example.org".to_owned()],
            thread: vec!["<1@x>".to_owned()],
            ..Audience::of(list, PostKind::Owner, NOW)
        };
        assert_eq!(reached(session, &audience), ["ann@example.org"]);
        Ok(())
    });
}

#[test]
fn who_goes_away_keeps_what_was_deferred_and_is_tried_again() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        add(session, list, &["a@example.org", "b@example.org"].map(member))?;
        let id = session.add_post(&post(list, 1, 10))?;
        let mut progress = deferred(&["a@example.org"], NOW + 60);
        progress.troubled.push(troubled("b@example.org", true, 0));
        session.record(id, &progress, NOW)?;
        for name in ["a@example.org", "b@example.org"] {
            session.update_member(list, &MemberRow { away_until: i64::MAX - 1, ..member(name) }, NOW)?;
        }
        assert_eq!((look(session, id).state, look(session, id).deferred), (PostState::Waiting, 1));
        assert_eq!(session.retry(&Selection::Post(id))?, 2, "with the one that was refused");
        session.record(id, &Progress::default(), NOW)?;
        assert_eq!((look(session, id).deferred, look(session, id).refused), (2, 0));
        Ok(())
    });
}

#[test]
fn of_several_people_the_strictest_exception_counts_and_the_most_approvals() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let of = |name: &str, posting, approved| MemberRow { posting, approved, ..member(name) };
        add(
            session,
            list,
            &[
                of("default@x.test", Posting::Default, 7),
                of("accept@x.test", Posting::Accept, 1),
                of("hold@x.test", Posting::Hold, 2),
                of("refuse@x.test", Posting::Refuse, 0),
                of("discard@x.test", Posting::Discard, 0),
            ],
        )?;
        let of = |names: &str| {
            let keys: Vec<String> = names.split(' ').map(|name| format!("{name}@x.test")).collect();
            let standing = session.standing(list, &keys).expect("an answer");
            assert_eq!(standing, Standing { member: names != "stranger", moderator: false, ..standing });
            (standing.posting, standing.approved)
        };
        assert_eq!(of("stranger"), (Posting::Default, 0));
        assert_eq!(of("default"), (Posting::Default, 7));
        assert_eq!(of("default accept"), (Posting::Accept, 7));
        assert_eq!(of("hold accept stranger"), (Posting::Hold, 2));
        assert_eq!(of("accept refuse hold"), (Posting::Refuse, 2));
        assert_eq!(of("discard refuse default"), (Posting::Discard, 7));
        Ok(())
    });
}

#[test]
fn an_exception_that_nobody_knows_is_named() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| add(session, list, &[member("ann@example.org")]));
    let connection = rusqlite::Connection::open(fixture.path()).expect("the database");
    connection.execute_batch("UPDATE member SET posting = 'applaud'").expect("a later version");
    for error in [
        fixture.store.read_blocking(|session| session.member(list, "ann@example.org").map(drop)),
        fixture.store.read_blocking(|session| session.standing(list, &["ann@example.org".to_owned()]).map(drop)),
    ] {
        let error = error.expect_err("nothing that is understood").to_string();
        assert!(error.contains("ann@example.org") && error.contains("applaud"), "{error}");
    }
}

#[test]
fn who_gets_another_address_keeps_mutes_and_what_waits() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        add(session, list, &[member("old@x.org"), member("new@x.org")])?;
        session.mute(list, "old@x.org", "<1@x>", true, NOW)?;
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &deferred(&["old@x.org"], NOW), NOW)?;
        session.carry_over(list, "old@x.org", &member("new@x.org"))?;
        session.remove_members(list, &["old@x.org".to_owned()], NOW)?;
        let waiting = session.due_recipients(id, NOW, "", 9)?;
        assert_eq!(waiting.iter().map(|row| row.target.address.as_str()).collect::<Vec<_>>(), ["new@x.org"]);
        let thread = Audience { thread: vec!["<1@x>".to_owned()], ..Audience::of(list, PostKind::Post, NOW) };
        assert!(reached(session, &thread).is_empty());
        session.respell(list, "new@x.org", "New@x.org")?;
        assert_eq!(session.member(list, "new@x.org")?.expect("a member").address, "New@x.org");
        // A post that is on its way, and has come to m, has passed the one and not the other.
        let on_its_way = session.add_post(&post(list, 2, 10))?;
        session.record(on_its_way, &Progress { cursor: Some("m".to_owned()), ..Progress::default() }, NOW)?;
        add(session, list, &[member("z@x.org"), member("a@x.org")])?;
        session.carry_over(list, "z@x.org", &member("a@x.org"))?;
        let waiting = session.due_recipients(on_its_way, NOW, "", 9)?;
        assert_eq!(waiting.iter().map(|row| row.target.key.as_str()).collect::<Vec<_>>(), ["a@x.org"]);
        Ok(())
    });
}
