//! What is counted of a list.

use mailjam_store::{ListCounts, MemberRow, Mode, NewPost, PostKind, Progress, WaitsFor};

use crate::audit::entry;
use crate::bounces::bounce;
use crate::held::{decided, hold};
use crate::queue::{finished, troubled};
use crate::requests::request;
use crate::{Fixture, NOW, create, member, post};

#[test]
fn a_list_is_counted_since_a_time_and_apart_from_others() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        assert_eq!(session.list_counts(talk, 0, NOW)?, ListCounts::default());
        for list in [talk, other] {
            let with = |name: &str, mode, since| MemberRow { mode, since, ..member(name) };
            session.add_members(
                list,
                &[
                    with("a@x.test", Mode::Post, NOW - 1),
                    MemberRow { away_until: NOW + 1, ..with("b@x.test", Mode::Post, NOW) },
                    MemberRow { away_until: NOW, ..with("c@x.test", Mode::Digest, NOW + 1) },
                    with("d@x.test", Mode::NoMail, NOW - 9),
                    with("e@x.test", Mode::NoMail, NOW - 9),
                    with("f@x.test", Mode::Post, NOW - 9),
                ],
            )?;
        }
        for (at, action, list) in [
            (NOW - 1, "member.remove", talk),
            (NOW, "member.remove", talk),
            (NOW, "subscription.leave", talk),
            (NOW, "member.add", talk),
            (NOW, "member.remove", other),
        ] {
            session.audit(&mailjam_store::NewAudit { at, ..entry(action, list, "mod@x.test", "g@x.test") })?;
        }
        let at = |number, received| NewPost { received, ..post(talk, number, 10 + number as usize) };
        session.add_post(&at(1, NOW - 1))?;
        let id = session.add_post(&at(2, NOW))?;
        session.record(id, &Progress { troubled: vec![troubled("a@x.test", true, 0)], ..finished(4) }, NOW)?;
        session.add_post(&NewPost { kind: PostKind::Owner, ..at(3, NOW) })?;
        session.add_post(&post(other, 4, 10))?;
        session.hold_post(&at(5, NOW), &hold())?;
        let approved = session.hold_post(&at(6, NOW + 1), &hold())?;
        session.decide_held(approved, &decided("approve"), true)?;
        session.hold_post(&post(other, 7, 10), &hold())?;
        session.put_request(&request(talk, "g@x.test", WaitsFor::Approval))?;
        session.put_request(&request(talk, "h@x.test", WaitsFor::Confirmation))?;
        session.put_request(&request(other, "h@x.test", WaitsFor::Approval))?;

        for (list, key, at) in
            [(talk, "a@x.test", NOW - 1), (talk, "a@x.test", NOW), (talk, "", NOW), (other, "a@x.test", NOW)]
        {
            session.add_bounce(&mailjam_store::BounceRow { at, ..bounce(list, key, 0) })?;
        }

        let ann = "ann@example.org".to_owned();
        let expected = ListCounts {
            modes: [3, 1, 2],
            away: 1,
            joined: 2,
            left: 2,
            posts: vec![(NOW, 12, ann.clone(), 4, 1), (NOW + 1, 16, ann, 0, 0)],
            held: 1,
            pending: 1,
            bounces: vec![NOW],
        };
        assert_eq!(session.list_counts(talk, NOW, NOW)?, expected);
        Ok(())
    });
}
