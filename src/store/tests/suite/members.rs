//! Memberships.

use mailjam_core::decide::{Posting, Standing};
use mailjam_store::{Error, MemberOrder, MemberRow, Mode, Role};

use crate::{Fixture, NOW, block_on, create, filtered, member, page};

#[test]
fn members_are_added_once_and_counted() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let new =
            session.add_members(list, &[member("b@example.org"), member("A@Example.org"), member("b@example.org")])?;
        assert_eq!(new, [true, true, false]);
        assert_eq!(session.add_members(list, &[member("a@example.org"), member("c@example.org")])?, [false, true]);
        assert!(session.add_members(list, &[])?.is_empty());
        assert_eq!(session.list_by_key(list)?.expect("a list").members, 3);
        assert_eq!(session.member(list, "a@example.org")?.expect("a member").address, "A@Example.org");
        assert_eq!(session.member(list, "d@example.org")?, None);

        let gone = ["a@example.org", "d@example.org", "b@example.org", "b@example.org"].map(str::to_owned);
        assert_eq!(session.remove_members(list, &gone, NOW)?, 2);
        assert_eq!(session.list_by_key(list)?.expect("a list").members, 1);
        assert_eq!(session.counts()?.members, 1);
        Ok(())
    });
}

#[test]
fn a_change_of_a_member_keeps_address_and_date() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.add_members(list, &[member("Ann@example.org")])?;
        let wishes = MemberRow {
            name: "Ann".to_owned(),
            mode: Mode::NoMail,
            language: "de".to_owned(),
            away_until: NOW + 60,
            own_posts: false,
            posting: Posting::Hold,
            approved: 3,
            ..member("Ann@example.org")
        };
        let change = MemberRow { address: "not looked at".to_owned(), since: 0, ..wishes.clone() };
        assert!(session.update_member(list, &change, NOW)?);
        assert_eq!(session.member(list, "ann@example.org")?, Some(wishes.clone()));
        assert_eq!(session.memberships("ann@example.org")?.remove(0).1, wishes);
        assert_eq!(session.members(list, &page("", 10))?.items, [wishes]);
        assert!(!session.update_member(list, &member("bob@example.org"), NOW)?);
        Ok(())
    });
}

#[test]
fn members_are_listed_by_address_in_pages() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        session.add_members(other, &[member("0@example.org")])?;
        let everybody: Vec<_> = (0..25).map(|n| member(&format!("m{n:02}@example.org"))).collect();
        session.add_members(list, &everybody)?;
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let part = session.members(list, &page(&after, 10))?;
            assert_eq!(part.total, 25);
            seen.extend(part.items);
            match part.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(seen, everybody);
        assert_eq!(session.members(list, &page("m14", 10))?.next, Some("m23@example.org".to_owned()));
        assert_eq!(session.members(list, &page("m15@example.org", 9))?.next, None, "just as many as there are");
        assert_eq!(session.members(list, &page("", u32::MAX))?.items.len(), 25);
        assert_eq!(session.members(4711, &page("", 10))?.total, 0);
        Ok(())
    });
}

#[test]
fn members_come_in_the_order_that_is_asked_for() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        // Of two with the same name or day the address decides, and the end of a page lies between them.
        let rows: Vec<MemberRow> =
            [("d", "ann", 5), ("c", "", 4), ("b", "Ann", 5), ("e", "Zoë", 30), ("a", "", 4), ("f", "bob", 4)]
                .into_iter()
                .map(|(key, name, since)| MemberRow {
                    name: name.to_owned(),
                    since,
                    ..member(&format!("{key}@example.org"))
                })
                .collect();
        session.add_members(list, &rows)?;
        for (order, expected) in [
            (MemberOrder::Address, "abcdef"),
            (MemberOrder::Name, "bdfeac"),
            (MemberOrder::Since, "acfbde"),
            (MemberOrder::Newest, "ebdacf"),
        ] {
            for limit in 1..=7 {
                let mut query = page("", limit);
                let mut seen = String::new();
                loop {
                    let found = session.members_by(list, &query, order)?;
                    assert_eq!(found.total, 6);
                    assert!(found.items.len() <= limit as usize);
                    seen.extend(found.items.iter().filter_map(|row| row.key.chars().next()));
                    let Some(next) = found.next else { break };
                    query.after = next;
                }
                assert_eq!(seen, expected, "{order:?}, {limit} at once");
            }
        }
        let newest = session.members_by(list, &filtered("ann"), MemberOrder::Newest)?;
        assert_eq!((newest.total, newest.items[0].key.as_str()), (2, "b@example.org"));
        Ok(())
    });
}

#[test]
fn a_filter_looks_at_address_and_name_and_takes_no_wildcards() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let named = |address: &str, name: &str| MemberRow { name: name.to_owned(), ..member(address) };
        session.add_members(
            list,
            &[
                named("ann_b@example.org", "Ann"),
                named("annxb@example.org", "100% Bob"),
                named("c@müller.example", r"back\slash"),
            ],
        )?;
        for (filter, expected) in [
            ("ann_b", 1),
            ("ANN", 2),
            ("100%", 1),
            ("%", 1),
            ("\\", 1),
            ("müller", 1),
            ("xn--", 1),
            ("zoe", 0),
            ("", 3),
        ] {
            let found = session.members(list, &filtered(filter))?;
            assert_eq!((found.total, found.items.len()), (expected, expected as usize), "{filter}");
        }
        let part = session.members(list, &mailjam_store::PageQuery { limit: 1, ..filtered("ann") })?;
        assert_eq!((part.total, part.next.as_deref()), (2, Some("ann_b@example.org")));
        let rest = session
            .members(list, &mailjam_store::PageQuery { after: "ann_b@example.org".into(), ..filtered("ann") })?;
        assert_eq!((rest.total, rest.items.len(), rest.next), (2, 1, None));
        Ok(())
    });
}

#[test]
fn memberships_of_an_address_come_by_list() {
    let (fixture, talk) = Fixture::with_list();
    fixture.write(move |session| {
        let dev = create(session, "dev@example.org")?;
        for list in [talk, dev] {
            session.add_members(list, &[member("ann@example.org"), member("bob@example.org")])?;
        }
        session.remove_members(talk, &["bob@example.org".to_owned()], NOW)?;
        let lists = |key: &str| {
            let found = session.memberships(key)?;
            Ok::<_, Error>(found.into_iter().map(|(list, member)| (list.id, member.key)).collect::<Vec<_>>())
        };
        assert_eq!(
            lists("ann@example.org")?,
            [(dev, "ann@example.org".to_owned()), (talk, "ann@example.org".to_owned())]
        );
        assert_eq!(lists("bob@example.org")?, [(dev, "bob@example.org".to_owned())]);
        assert_eq!(lists("zoe@example.org")?, []);
        Ok(())
    });
}

#[test]
fn standing_is_what_any_of_the_addresses_is() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        session.add_members(list, &[member("member@example.org")])?;
        session.add_members(other, &[member("stranger@example.org")])?;
        session.grant(list, "owner@example.org", "owner@example.org", Role::Owner)?;
        session.grant(list, "moderator@example.org", "moderator@example.org", Role::Moderator)?;
        session.grant(other, "stranger@example.org", "stranger@example.org", Role::Owner)?;
        let standing = |names: &[&str]| {
            let keys: Vec<String> = names.iter().map(|name| format!("{name}@example.org")).collect();
            session.standing(list, &keys)
        };
        let (member, moderator) = (true, true);
        assert_eq!(standing(&[])?, Standing::default());
        assert_eq!(standing(&["stranger"])?, Standing::default());
        assert_eq!(standing(&["member"])?, Standing { member, ..Standing::default() });
        assert_eq!(standing(&["owner"])?, Standing { moderator, ..Standing::default() });
        assert_eq!(standing(&["moderator"])?, Standing { moderator, ..Standing::default() });
        assert_eq!(standing(&["stranger", "member", "owner"])?, Standing { member, moderator, ..Standing::default() });
        Ok(())
    });
}

#[test]
fn nobody_joins_a_list_that_is_gone() {
    let fixture = Fixture::new();
    let result = block_on(fixture.store.write(|session| session.add_members(1, &[member("a@example.org")])));
    assert!(matches!(result, Err(Error::Sqlite(_))), "{result:?}");
}
