//! Lists that keep their posts for a time of their own.

use mailjam_store::{ListKey, PostQuery, PostState, Session};
use rusqlite::Connection;

use crate::queue::finished;
use crate::{Fixture, NOW, create, post};

const DAY: i64 = 86_400;

/// Has a list keep posts for so many days.
fn keep(fixture: &Fixture, list: ListKey, settings: &str) {
    let connection = Connection::open(fixture.path()).expect("the database");
    connection.execute("UPDATE list SET settings = ?2 WHERE id = ?1", (list, settings)).expect("a list");
}

/// Lists of done posts that are left, the oldest first.
fn left(fixture: &Fixture) -> Vec<ListKey> {
    let query = PostQuery { limit: 1000, state: Some(PostState::Done), ..PostQuery::default() };
    // The list's row may be one that nobody can read, its posts are not.
    fixture.read(|session| session.posts(&query)).items.into_iter().map(|post| post.list).collect()
}

/// Stores a post of a list that was done so many days ago.
fn done(session: &mut dyn Session, list: ListKey, number: u64, days: i64) {
    let id = session.add_post(&post(list, number, 10)).expect("a post");
    session.record(id, &finished(1), NOW - days * DAY).expect("an end");
}

fn purge(fixture: &Fixture, days: i64, limit: u32) -> u64 {
    fixture.write(move |session| session.purge(NOW - days * DAY, NOW, 0, limit))
}

#[test]
fn a_list_that_keeps_posts_for_long_does_not_keep_those_of_others() {
    let fixture = Fixture::new();
    let (long, short, site) = fixture.write(|session| {
        let lists = ["long", "short", "site"].map(|name| create(session, &format!("{name}@example.org")));
        let [long, short, site] = lists.map(|list| list.expect("a list"));
        for number in 0..20 {
            done(session, long, number, 100);
        }
        for (number, list, days) in
            [(20, site, 31), (21, short, 31), (22, site, 5), (23, short, 5), (24, short, 2), (25, long, 366)]
        {
            done(session, list, number, days);
        }
        Ok((long, short, site))
    });
    keep(&fixture, long, r#"{"retain_posts":"365","max_size":"5M"}"#);
    keep(&fixture, short, r#"{"retain_posts":"3"}"#);
    // Fewer at once than there are older ones that stay.
    let mut steps = Vec::new();
    while steps.last() != Some(&0) {
        steps.push(purge(&fixture, 30, 3));
    }
    assert_eq!(steps, [3, 1, 0]);
    assert_eq!(left(&fixture), [&[long; 20][..], &[site, short]].concat());
    keep(&fixture, long, "{}");
    assert_eq!(purge(&fixture, 30, 100), 20, "as the site says again");
    assert_eq!(purge(&fixture, 5, 100), 0, "just five days are not more than five");
    assert_eq!(purge(&fixture, 4, 100), 1);
    assert_eq!(left(&fixture), [short]);
}

#[test]
fn a_list_may_keep_nothing() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        done(session, list, 1, 0);
        let id = session.add_post(&post(list, 2, 10))?;
        session.record(id, &finished(1), NOW - 1)
    });
    keep(&fixture, list, r#"{"retain_posts":"0"}"#);
    assert_eq!(purge(&fixture, 30, 100), 1);
    assert_eq!(left(&fixture), [list], "that one is not older than now");
}

#[test]
fn what_is_no_number_of_days_is_left_to_the_site() {
    for settings in [
        r#"{"retain_posts":"for ever"}"#,
        r#"{"retain_posts":"-1"}"#,
        r#"{"retain_posts":""}"#,
        r#"{"retain_posts":"1.5"}"#,
        r#"{"retain_posts":["1"]}"#,
        r#"{"retain_posts":null}"#,
        "[]",
        "retain_posts",
    ] {
        let (fixture, list) = Fixture::with_list();
        fixture.write(move |session| {
            for (number, days) in [(1, 29), (2, 31)] {
                done(session, list, number, days);
            }
            Ok(())
        });
        keep(&fixture, list, settings);
        assert_eq!((purge(&fixture, 30, 100), left(&fixture)), (1, vec![list]), "{settings}");
    }
}

#[test]
fn no_number_of_days_is_too_large() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        done(session, list, 1, 10_000);
        Ok(())
    });
    keep(&fixture, list, r#"{"retain_posts":"99999999999999999999999999"}"#);
    assert_eq!((purge(&fixture, 30, 100), left(&fixture)), (0, vec![list]));
}
