//! Domains and lists.

use mailjam_store::{BouncingRow, Counts, DigestRow, Error, ListRow, PostQuery, Role, SITE, Session, WaitsFor};

use crate::bans::ban;
use crate::bounces::bounce;
use crate::held::hold;
use crate::requests::request;
use crate::{Fixture, NOW, address, create, filtered, list, member, page, post};

fn names(lists: &[ListRow]) -> Vec<String> {
    lists.iter().map(|row| row.list.address.to_string()).collect()
}

#[test]
fn a_domain_is_created_once_described_and_deleted_when_empty() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        assert!(session.create_domain("example.org", "first", NOW)?);
        assert!(!session.create_domain("example.org", "second", NOW + 1)?);
        let domain = session.domain("example.org")?.expect("a domain");
        assert_eq!((domain.description.as_str(), domain.lists, domain.created), ("first", 0, NOW));
        assert!(session.describe_domain("example.org", "third")?);
        assert!(!session.describe_domain("example.net", "third")?);
        assert_eq!(session.domain("example.org")?.expect("a domain").description, "third");

        let list = create(session, "talk@example.org")?;
        assert_eq!(session.domain("example.org")?.expect("a domain").lists, 1);
        assert!(!session.delete_domain("example.org")?);
        session.delete_list(list)?;
        assert!(session.delete_domain("example.org")?);
        assert!(!session.delete_domain("example.org")?);
        assert_eq!(session.domain("example.org")?, None);
        Ok(())
    });
}

#[test]
fn domains_are_listed_by_name_in_pages() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        for name in ["c.test", "a.test", "b_b.test", "bxb.test"] {
            session.create_domain(name, "", NOW)?;
        }
        let first = session.domains(&page("", 3))?;
        assert_eq!(
            first.items.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
            ["a.test", "b_b.test", "bxb.test"]
        );
        assert_eq!((first.total, first.next.as_deref()), (4, Some("bxb.test")));
        let second = session.domains(&page("bxb.test", 3))?;
        assert_eq!((second.items.len(), second.total, second.next), (1, 4, None));
        // An underscore is an underscore, and no wildcard.
        assert_eq!(session.domains(&filtered("b_b"))?.total, 1);
        Ok(())
    });
}

#[test]
fn a_list_is_found_by_address_list_id_and_key() {
    let (fixture, id) = Fixture::with_list();
    fixture.read(|session| {
        let row = session.list("talk@example.org")?.expect("by address");
        assert_eq!(row, ListRow { id, list: list("talk@example.org"), revision: 1, members: 0, created: NOW });
        assert_eq!(session.list("talk.example.org")?.as_ref(), Some(&row), "by list-id");
        assert_eq!(session.list_by_key(id)?.as_ref(), Some(&row));
        assert_eq!(session.list("talk")?, None);
        assert_eq!(session.list_by_key(id + 1)?, None);
        Ok(())
    });
}

#[test]
fn names_are_taken_once() {
    let (fixture, id) = Fixture::with_list();
    fixture.write(move |session| {
        assert_eq!(session.create_list(&list("talk@example.org"), NOW)?, None);
        // After a rename the address is free again, and the list-id, by which members filter, is not.
        let mut renamed = list("talk@example.org");
        renamed.address = address("chat@example.org");
        assert!(session.update_list(id, &renamed)?);
        assert_eq!(session.create_list(&list("talk@example.org"), NOW)?, None);
        let mut other = list("talk@example.org");
        other.list_id = "talk-2.example.org".to_owned();
        let other = session.create_list(&other, NOW)?.expect("a free address and list-id");
        assert!(!session.update_list(other, &renamed)?, "the address is another list's");
        assert_eq!(session.list_by_key(other)?.expect("a list").revision, 1);
        Ok(())
    });
}

#[test]
fn a_list_needs_its_domain() {
    let fixture = Fixture::new();
    let result = crate::block_on(fixture.store.write(|session| session.create_list(&list("talk@example.org"), NOW)));
    assert!(matches!(result, Err(Error::Sqlite(_))), "{result:?}");
}

#[test]
fn a_changed_list_comes_back_as_it_was_written() {
    let (fixture, id) = Fixture::with_list();
    let mut changed = list("talk@example.org");
    changed.closed = true;
    for (key, value) in
        [("post_policy", "open"), ("subject_prefix", "[Grüße]"), ("max_size", "5M"), ("reply_to", "a@b.test")]
    {
        changed.settings.set(key, value).expect("a setting");
    }
    let written = changed.clone();
    fixture.write(move |session| session.update_list(id, &written));
    let fixture = fixture.reopen();
    let row = fixture.read(|session| session.list_by_key(id)).expect("a list");
    assert_eq!((row.list, row.revision), (changed, 2));
}

#[test]
fn a_renamed_list_keeps_members_roles_queue_and_list_id() {
    let (fixture, id) = Fixture::with_list();
    fixture.write(move |session| {
        session.create_domain("example.net", "", NOW)?;
        session.add_members(id, &[member("ann@example.org")])?;
        session.grant(id, "bob@example.org", "bob@example.org", Role::Owner)?;
        let queued = session.add_post(&post(id, 1, 10))?;
        let mut renamed = list("talk@example.org");
        renamed.address = address("chat@example.net");
        assert!(session.update_list(id, &renamed)?);

        assert_eq!(session.list("talk@example.org")?, None);
        let row = session.list("chat@example.net")?.expect("the new address");
        assert_eq!((row.id, row.members, row.revision), (id, 1, 2));
        assert_eq!(session.list("talk.example.org")?, Some(row));
        assert_eq!(session.roles(id)?.len(), 1);
        assert_eq!(session.post(queued)?.expect("a post").list_address, "chat@example.net");
        assert_eq!(session.domain("example.org")?.expect("a domain").lists, 0);
        assert_eq!(session.domain("example.net")?.expect("a domain").lists, 1);
        Ok(())
    });
}

#[test]
fn a_deleted_list_takes_all_that_belongs_to_it_along() {
    let (fixture, id) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let admin = "admin@example.org";
        session.grant(SITE, admin, admin, Role::Admin)?;
        let mut posts = Vec::new();
        for (number, list) in [(1, id), (2, other)] {
            session.add_members(list, &[member("ann@example.org"), member("bob@example.org")])?;
            session.grant(list, "bob@example.org", "bob@example.org", Role::Owner)?;
            session.add_bounce(&bounce(list, "ann@example.org", 1))?;
            session.put_bouncing(list, &BouncingRow { key: "ann@example.org".to_owned(), ..BouncingRow::default() })?;
            session.put_digest(&DigestRow { list, ..DigestRow::default() }, &[])?;
            let post = session.add_post(&post(list, number, 10))?;
            session.record(post, &crate::queue::deferred(&["ann@example.org"], NOW), NOW)?;
            posts.push(post);
            session.mute(list, "ann@example.org", "<1@x>", true, NOW)?;
            session.put_request(&request(list, "zoe@example.org", WaitsFor::Approval))?;
            session.add_ban(&ban(list, "spam.test"))?;
            session.hold_post(&crate::post(list, 10 + number, 10), &hold())?;
        }
        session.add_ban(&ban(SITE, "spam.test"))?;
        session.delete_list(id)?;

        assert_eq!(session.list("talk@example.org")?, None);
        assert_eq!(session.memberships("ann@example.org")?.len(), 1);
        assert!(session.roles(id)?.is_empty());
        assert_eq!((session.post(posts[0])?, session.message(posts[0])?), (None, None));
        assert!(session.troubled(posts[0], "", 10)?.is_empty());
        assert!(session.bans(id)?.is_empty());
        assert_eq!(session.request_of(id, "zoe@example.org")?, None);
        let mutes = session.person("ann@example.org")?.into_iter().find(|(table, _)| table == "mute");
        assert_eq!(mutes.map(|(_, rows)| rows.len()), Some(1), "the other list's");
        // The rest is untouched.
        assert_eq!((session.bans(other)?.len(), session.bans(SITE)?.len()), (1, 1));
        assert!(session.request_of(other, "zoe@example.org")?.is_some());
        assert_eq!(session.held_posts(None, &page("", 10))?.total, 1);
        assert_eq!(session.roles(SITE)?.len(), 1);
        assert_eq!(session.roles(other)?.len(), 1);
        assert_eq!(session.troubled(posts[1], "", 10)?.len(), 1);
        assert_eq!(session.posts(&PostQuery { limit: 10, ..PostQuery::default() })?.total, 1);
        let counts = Counts { lists: 1, members: 2, queued: 1, deferred: 1, oldest: Some(NOW) };
        assert_eq!(session.counts()?, counts);
        // The number is not given away again, so that nothing old is taken for something of a new list.
        assert!(create(session, "talk@example.org")? > other);
        Ok(())
    });
}

#[test]
fn lists_are_listed_by_address_in_pages_and_found_by_a_part_of_their_names() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        for name in ["c@example.org", "a@example.org", "b_1@example.org", "b21@example.org", "d@müller.example"] {
            create(session, name)?;
        }
        let first = session.lists(&page("", 2))?;
        assert_eq!(names(&first.items), ["a@example.org", "b21@example.org"]);
        assert_eq!(first.total, 5);
        let second = session.lists(&page(&first.next.expect("more"), 3))?;
        assert_eq!(names(&second.items), ["b_1@example.org", "c@example.org", "d@müller.example"]);
        assert_eq!((second.total, second.next), (5, None));

        assert_eq!(names(&session.lists(&filtered("B_1@"))?.items), ["b_1@example.org"]);
        assert_eq!(names(&session.lists(&filtered("b_1.example"))?.items), ["b_1@example.org"], "a list-id");
        assert_eq!(names(&session.lists(&filtered("müller"))?.items), ["d@müller.example"]);
        assert_eq!(names(&session.lists(&filtered("xn--mller"))?.items), ["d@müller.example"]);
        for nothing in ["%", "\\", "b%1"] {
            assert_eq!(session.lists(&filtered(nothing))?.total, 0, "{nothing}");
        }
        assert_eq!(session.lists(&page("", u32::MAX))?.items.len(), 5);
        Ok(())
    });
}

#[test]
fn counts_of_an_empty_store_are_zero() {
    assert_eq!(Fixture::new().read(|session| session.counts()), Counts::default());
}

#[test]
fn what_cannot_be_read_is_named() {
    let (fixture, list) = Fixture::with_list();
    let id = fixture.write(move |session| {
        session.grant(list, "ann@example.org", "ann@example.org", Role::Owner)?;
        session.add_post(&post(list, 1, 10))
    });
    let connection = rusqlite::Connection::open(fixture.path()).expect("the database");
    let later = r#"UPDATE post SET kind = 'song'; UPDATE role SET role = 'king'; UPDATE list SET settings = '{"max_size":"9P"}'"#;
    connection.execute_batch(later).expect("rows of a later version");
    let on = |what: &str| format!("{what} cannot be read from the database: ");
    let read = |work: &dyn Fn(&dyn Session) -> Result<(), Error>| {
        fixture.store.read_blocking(work).expect_err("nothing that is understood").to_string()
    };
    let list_error = read(&|session| session.list("talk@example.org").map(drop));
    assert!(list_error.starts_with(&on("list talk@example.org")) && list_error.contains("max_size"), "{list_error}");
    let post_error = read(&|session| session.post(id).map(drop));
    assert!(post_error.starts_with(&on(&format!("post {id} of talk@example.org"))), "{post_error}");
    let role_error = read(&|session| session.roles(list).map(drop));
    assert!(role_error.starts_with(&on(&format!("the role of ann@example.org on list number {list}"))), "{role_error}");
}
