//! Requests to become a member.

use mailjam_store::{Error, ListKey, Mode, PageQuery, RequestRow, WaitsFor};

use crate::{Fixture, NOW, address, create, filtered, page};

pub fn request(list: ListKey, text: &str, waits_for: WaitsFor) -> RequestRow {
    RequestRow {
        id: 0,
        list,
        key: address(text).key(),
        address: text.to_owned(),
        name: "Ann".to_owned(),
        mode: Mode::Digest,
        language: "de".to_owned(),
        waits_for,
        asked: NOW,
    }
}

#[test]
fn there_is_one_request_of_an_address_and_the_last_counts() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let first = request(list, "Ann@x.test", WaitsFor::Confirmation);
        let id = session.put_request(&first)?;
        let elsewhere = session.put_request(&RequestRow { list: other, ..first.clone() })?;
        assert_eq!(session.request(id)?, Some(RequestRow { id, ..first.clone() }));
        assert_eq!(session.request_of(list, "ann@x.test")?, session.request(id)?);
        assert_eq!(session.request_of(list, "bob@x.test")?, None);

        let second = RequestRow {
            address: "ann@X.test".to_owned(),
            name: String::new(),
            mode: Mode::Post,
            language: String::new(),
            waits_for: WaitsFor::Approval,
            asked: NOW + 5,
            ..first
        };
        assert_eq!(session.put_request(&second)?, id);
        assert_eq!(session.request(id)?, Some(RequestRow { id, ..second }));
        assert!(session.remove_request(id)?);
        assert!(!session.remove_request(id)?);
        assert_eq!(session.request_of(list, "ann@x.test")?, None);
        assert!(session.request(elsewhere)?.is_some());
        Ok(())
    });
}

#[test]
fn requests_are_listed_oldest_first_in_pages_and_found_by_address_and_name() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        session.put_request(&request(other, "zoe@x.test", WaitsFor::Approval))?;
        let names = ["z_1@x.test", "a@müller.example", "m@x.test"];
        for name in names {
            session.put_request(&request(list, name, WaitsFor::Approval))?;
        }
        let first = session.requests(list, &page("", 2))?;
        assert_eq!(first.items.iter().map(|row| row.address.as_str()).collect::<Vec<_>>(), names[..2]);
        assert_eq!(first.total, 3);
        let second = session.requests(list, &page(&first.next.expect("more"), 2))?;
        assert_eq!((second.items[0].address.as_str(), second.total, second.next), (names[2], 3, None));
        for (filter, expected) in [("Z_1", 1), ("müller", 1), ("xn--", 1), ("ann", 3), ("%", 0), ("zoe", 0)] {
            let found = session.requests(list, &filtered(filter))?;
            assert_eq!((found.total, found.items.len()), (expected, expected as usize), "{filter}");
        }
        assert_eq!(session.requests(list, &PageQuery { limit: 1, ..filtered("ann") })?.total, 3);
        Ok(())
    });
}

#[test]
fn only_requests_that_nobody_confirmed_are_forgotten() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        session.put_request(&request(list, "a@x.test", WaitsFor::Confirmation))?;
        let young = RequestRow { asked: NOW + 1, ..request(list, "b@x.test", WaitsFor::Confirmation) };
        session.put_request(&young)?;
        session.put_request(&request(list, "c@x.test", WaitsFor::Approval))?;
        assert_eq!((session.forget_requests(NOW)?, session.forget_requests(NOW + 1)?), (0, 1));
        let left = session.requests(list, &page("", 10))?.items;
        assert_eq!(left.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["b@x.test", "c@x.test"]);
        Ok(())
    });
}

#[test]
fn a_request_that_waits_for_something_unknown_is_named() {
    let (fixture, list) = Fixture::with_list();
    let id = fixture.write(move |session| session.put_request(&request(list, "ann@x.test", WaitsFor::Approval)));
    let connection = rusqlite::Connection::open(fixture.path()).expect("the database");
    connection.execute_batch("UPDATE request SET waits_for = 'spring'").expect("a later version");
    let error = fixture.store.read_blocking(|session| session.request(id)).expect_err("nothing that is understood");
    assert!(
        matches!(&error, Error::Unreadable { what, detail } if what.contains("ann@x.test") && detail.contains("spring"))
    );
}
