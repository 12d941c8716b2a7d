//! What goes into digests.

use mailjam_store::{Audience, DigestRow, ListKey, MemberRow, Mode, NewDigest, NewPost, PostKind, Session};

use crate::held::{decided, hold};
use crate::queue::finished;
use crate::{Fixture, NOW, create, member, post};

fn undigested(session: &dyn Session, list: ListKey) -> Vec<i64> {
    session.undigested(list, 100).expect("posts").into_iter().map(|(id, _)| id).collect()
}

#[test]
fn every_post_is_in_one_digest() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let old = session.add_post(&post(list, 1, 10))?;
        session.record(old, &finished(0), NOW)?;
        assert_eq!((session.digest(list)?, undigested(session, list)), (None, vec![]), "nobody wants any");
        session.add_members(list, &[member("a@x.org"), MemberRow { mode: Mode::PlainDigest, ..member("b@x.org") }])?;
        assert!(undigested(session, list).is_empty(), "what was before is not for those who come");

        let first = session.add_post(&post(list, 2, 10))?;
        session.add_post(&post(other, 3, 10))?;
        let late = session.hold_post(&post(list, 4, 10), &hold())?;
        let never = session.hold_post(&post(list, 5, 10), &hold())?;
        let second = session.add_post(&post(list, 6, 20))?;
        assert_eq!(session.undigested(list, 100)?, [(first, 10), (second, 20)]);
        let digest = DigestRow { list, volume: 2027, issue: 1, last_post: second, sent: NOW };
        session.put_digest(&digest, &[first, second])?;
        assert_eq!((session.digest(list)?, undigested(session, list)), (Some(digest), vec![]));

        session.decide_held(late, &decided("approve"), true)?;
        session.decide_held(never, &decided("discard"), false)?;
        let third = session.add_post(&post(list, 7, 10))?;
        assert_eq!(undigested(session, list), [late, third]);
        let approved_meanwhile = session.hold_post(&post(list, 8, 10), &hold())?;
        let fourth = session.add_post(&post(list, 9, 10))?;
        session.decide_held(approved_meanwhile, &decided("trust"), true)?;
        session.put_digest(&DigestRow { last_post: fourth, issue: 2, ..digest }, &[late, third, fourth])?;
        assert_eq!(undigested(session, list), [approved_meanwhile]);
        session.put_digest(&DigestRow { last_post: fourth, issue: 3, ..digest }, &[approved_meanwhile])?;
        assert!(undigested(session, list).is_empty());
        Ok(())
    });
}

#[test]
fn a_post_stays_until_its_digest_has_it() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@x.org")])?;
        let mut row = session.member(list, "a@x.org")?.expect("a member");
        row.mode = Mode::Digest;
        session.update_member(list, &row, NOW)?;
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &finished(0), NOW)?;
        let late = session.hold_post(&post(list, 2, 10), &hold())?;
        assert_eq!(session.purge(NOW + 1, NOW + 1, 0, 10)?, 0);
        let digest = DigestRow { list, volume: 2027, issue: 1, last_post: late, sent: NOW };
        session.put_digest(&digest, &[id])?;
        assert_eq!(session.purge(NOW + 1, NOW + 1, 0, 10)?, 1);
        session.decide_held(late, &decided("approve"), true)?;
        session.record(late, &finished(0), NOW)?;
        assert_eq!(session.purge(NOW + 1, NOW + 1, 0, 10)?, 0, "approved when newer ones were in a digest");
        session.put_digest(&DigestRow { issue: 2, ..digest }, &[late])?;
        assert_eq!(session.purge(NOW + 1, NOW + 1, 0, 10)?, 1);
        Ok(())
    });
}

#[test]
fn each_kind_goes_to_those_who_want_it() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let with = |name: &str, mode| MemberRow { mode, ..member(name) };
        let away = MemberRow { away_until: NOW + 1, ..with("away@x.org", Mode::Digest) };
        let members =
            [with("p@x.org", Mode::Post), with("d@x.org", Mode::Digest), with("plain@x.org", Mode::PlainDigest), away];
        session.add_members(list, &members)?;
        for (kind, wanted) in
            [(PostKind::Digest, "d@x.org"), (PostKind::PlainDigest, "plain@x.org"), (PostKind::Post, "p@x.org")]
        {
            let targets = session.targets(&Audience::of(list, kind, NOW), "", 9)?;
            assert_eq!(targets.into_iter().map(|target| target.key).collect::<Vec<_>>(), [wanted]);
        }
        let digest = NewDigest {
            list,
            kind: PostKind::Digest,
            message_id: "<d@x>".to_owned(),
            at: NOW,
            bytes: b"Subject: d\n\n".to_vec(),
        };
        let id = session.add_digest(&digest)?;
        assert_eq!(session.due(NOW, 9)?, [id]);
        assert_eq!(session.post(id)?.expect("a post").kind, PostKind::Digest);
        Ok(())
    });
}

#[test]
fn what_is_still_being_sent_is_in_the_first_digest() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@x.org"), member("z@x.org")])?;
        let done = session.add_post(&post(list, 1, 10))?;
        session.record(done, &finished(2), NOW)?;
        let sending = session.add_post(&post(list, 2, 10))?;
        let mut last = session.member(list, "z@x.org")?.expect("a member");
        last.mode = Mode::Digest;
        session.update_member(list, &last, NOW)?;
        assert_eq!(undigested(session, list), [sending]);
        Ok(())
    });
}

#[test]
fn what_is_no_post_goes_in_its_time_whatever_a_digest_waits_for() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[MemberRow { mode: Mode::Digest, ..member("a@x.org") }])?;
        session.add_post(&NewPost { kind: PostKind::Bounce, ..post(list, 1, 10) })?;
        assert_eq!(session.purge(NOW + 1, NOW + 1, 0, 10)?, 1);
        Ok(())
    });
}
