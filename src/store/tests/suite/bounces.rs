//! Mail that came back, and members whose mail did.

use mailjam_store::{Audience, BounceRow, BouncingRow, ListKey, Page, PageQuery, PostKind, Session, Stage};

use crate::queue::{deferred, look};
use crate::{Fixture, NOW, create, member, post};

/// A bounce that counted for its member.
pub fn bounce(list: ListKey, key: &str, post: i64) -> BounceRow {
    BounceRow {
        list,
        key: key.to_owned(),
        address: key.to_owned(),
        at: NOW,
        outcome: "scored".to_owned(),
        class: "dead".to_owned(),
        hard: true,
        status: "5.1.1".to_owned(),
        diagnostic: "550 no such user".to_owned(),
        points: 100,
        post,
        ..BounceRow::default()
    }
}

fn row(key: &str, stage: Stage, due: i64) -> BouncingRow {
    BouncingRow { key: key.to_owned(), score: 150, scored: NOW, stage, since: NOW, due, ..BouncingRow::default() }
}

fn all(session: &dyn Session, list: ListKey, key: Option<&str>, filter: Option<&str>) -> Page<BounceRow> {
    let filter = filter.map(str::to_owned);
    session.bounces(list, key, &PageQuery { limit: 2, filter, ..PageQuery::default() }).expect("bounces")
}

#[test]
fn bounces_are_listed_newest_first_in_pages() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let mut ids = Vec::new();
        for key in ["a@example.org", "b@example.org", "a@example.org"] {
            ids.push(session.add_bounce(&bounce(list, key, 7))?);
        }
        session.add_bounce(&bounce(other, "a@example.org", 8))?;
        let page = all(session, list, None, None);
        assert_eq!((page.total, page.items.iter().map(|row| row.id).collect::<Vec<_>>()), (3, vec![ids[2], ids[1]]));
        let rest = session.bounces(
            list,
            None,
            &PageQuery { after: page.next.expect("more"), limit: 2, ..PageQuery::default() },
        )?;
        assert_eq!((rest.items, rest.next), (vec![BounceRow { id: ids[0], ..bounce(list, "a@example.org", 7) }], None));
        assert_eq!(all(session, list, Some("a@example.org"), None).total, 2);
        assert_eq!(all(session, list, None, Some("B@EX")).total, 1);
        assert_eq!(all(session, list, None, Some("no such")).total, 3);
        assert_eq!(session.bounce(ids[1])?.expect("a bounce").key, "b@example.org");
        assert_eq!((session.forget_bounces(NOW, NOW, 9)?, session.forget_bounces(NOW + 1, NOW, 9)?), (0, 4));
        Ok(())
    });
}

#[test]
fn a_post_that_many_refuse_is_blamed_once() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        for (key, outcome, points) in
            [("a@x.org", "scored", 100), ("a@x.org", "counted", 0), ("b@x.org", "scored", 50), ("", "stranger", 0)]
        {
            let class = if outcome == "counted" { "spam" } else { "dead" }.to_owned();
            let bounce = BounceRow { outcome: outcome.to_owned(), points, class, ..bounce(list, key, 7) };
            session.add_bounce(&bounce)?;
        }
        session.add_bounce(&bounce(list, "c@x.org", 8))?;
        assert_eq!((session.returns(7)?, session.is_blamed(7)?), ((1, 2), false));
        assert_eq!(session.blame(7)?, [("a@x.org".to_owned(), 100), ("b@x.org".to_owned(), 50)]);
        assert_eq!((session.blame(7)?, session.is_blamed(7)?, session.is_blamed(8)?), (vec![], true, false));
        assert_eq!((session.bounced_members(7)?, session.bounced_members(8)?), (0, 1));
        Ok(())
    });
}

#[test]
fn members_whose_mail_came_back_are_due_in_time_and_forgotten_with_the_membership() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@x.org"), member("b@x.org"), member("c@x.org")])?;
        for row in [
            row("a@x.org", Stage::Probed, NOW),
            row("b@x.org", Stage::Fine, 0),
            row("c@x.org", Stage::Disabled, NOW + 1),
        ] {
            assert!(session.put_bouncing(list, &row)?);
        }
        assert!(!session.put_bouncing(list, &row("nobody@x.org", Stage::Fine, 0))?);
        assert_eq!(session.due_bouncing(NOW, 9)?, [(list, row("a@x.org", Stage::Probed, NOW))]);
        assert_eq!(session.due_bouncing(NOW + 1, 9)?.len(), 2);
        let again = BouncingRow { warnings: 2, reason: "bounces".to_owned(), ..row("a@x.org", Stage::Disabled, 0) };
        session.put_bouncing(list, &again)?;
        assert_eq!(session.bouncing(list, "a@x.org")?, Some(again));
        let query = PageQuery { limit: 2, ..PageQuery::default() };
        let page = session.bouncing_members(list, &query)?;
        assert_eq!((page.total, page.items.len(), page.next.as_deref()), (3, 2, Some("b@x.org")));
        session.remove_members(list, &["b@x.org".to_owned()], NOW)?;
        assert_eq!(session.bouncing(list, "b@x.org")?, None);
        assert_eq!(
            (session.remove_bouncing(list, "c@x.org")?, session.remove_bouncing(list, "c@x.org")?),
            (true, false)
        );
        Ok(())
    });
}

#[test]
fn who_is_disabled_gets_no_posts_and_no_post_waits_for_that_one() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("a@x.org"), member("b@x.org")])?;
        let id = session.add_post(&post(list, 1, 10))?;
        session.record(id, &deferred(&["a@x.org"], NOW), NOW)?;
        let targets = |session: &dyn Session| {
            let found = session.targets(&Audience::of(list, PostKind::Post, NOW), "", 9).expect("targets");
            found.into_iter().map(|target| target.key).collect::<Vec<_>>()
        };
        assert!(session.set_disabled(list, "a@x.org", NOW, NOW)?);
        assert_eq!((targets(session), look(session, id).deferred), (vec!["b@x.org".to_owned()], 0));
        assert_eq!(session.member(list, "a@x.org")?.expect("a member").disabled, NOW);
        session.set_disabled(list, "a@x.org", 0, NOW)?;
        assert_eq!(targets(session).len(), 2);
        assert!(!session.set_disabled(list, "nobody@x.org", NOW, NOW)?);
        Ok(())
    });
}
