//! Personal data: what is stored about somebody, and that it goes.

use std::fs;

use mailjam_store::{
    AccountRow, AuditQuery, BanRow, BouncingRow, Decided, ErasedCounts, Error, Hold, LinkRow, MemberRow, NewPost,
    PostState, Progress, Role, SITE, Session, WaitsFor,
};

use crate::accounts::{account, login};
use crate::audit::entry;
use crate::bounces::bounce;
use crate::held::{decided, hold};
use crate::queue::{deferred, finished, look, troubled};
use crate::requests::request;
use crate::{Fixture, NOW, create, member, post};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// Tables with something about an address, and how many rows.
fn about(session: &dyn Session, key: &str) -> Vec<(String, usize)> {
    session.person(key).expect("an answer").into_iter().map(|(table, rows)| (table, rows.len())).collect()
}

/// Ids of posts by their part in what follows.
struct Posts {
    undecided: i64,
    approved: i64,
    done: i64,
    sending: i64,
    trouble: i64,
    of_bob: i64,
}

/// Everything that can be stored about Ann, beside the same about Bob.
fn fill(session: &mut dyn Session, list: i64) -> Result<Posts, Error> {
    let other = create(session, "other@example.org")?;
    let mut number = 0;
    let mut by = |sender: &str| {
        number += 1;
        NewPost { sender: sender.to_owned(), ..post(list, number, 10) }
    };
    let mut undecided = Vec::new();
    for (key, sender) in [(ANN, "Ann@Example.ORG"), (BOB, BOB)] {
        for list in [list, other] {
            session.add_members(list, &[MemberRow { own_posts: false, ..member(key) }])?;
        }
        session.grant(list, key, key, Role::Moderator)?;
        session.grant(SITE, key, key, Role::Admin)?;
        session.put_account(&AccountRow { password: "$argon2id$secret".to_owned(), ..account(key) })?;
        let hash = [u8::try_from(key.len()).unwrap_or_default(), key.as_bytes()[0]];
        let hash = std::array::from_fn(|octet| hash[octet % 2]);
        session.add_login(&login(key, NOW), &hash)?;
        session.add_link(&LinkRow { key: key.to_owned(), address: key.to_owned(), expires: NOW }, &hash)?;
        session.put_request(&request(other, key, WaitsFor::Approval))?;
        session.mute(list, key, "<1@x>", true, NOW)?;
        session.add_bounce(&bounce(list, key, 0))?;
        session.put_bouncing(list, &BouncingRow { key: key.to_owned(), ..BouncingRow::default() })?;
        session.count_up("mail", key, 60, NOW)?;
        let ban = BanRow {
            id: 0,
            list,
            pattern: key.to_owned(),
            reason: String::new(),
            until: 0,
            created: NOW,
            by: key.to_owned(),
        };
        session.add_ban(&ban)?;
        session.audit(&entry("member.add", list, key, "zoe@example.org"))?;
        session.audit(&entry("member.add", list, "zoe@example.org", key))?;
        undecided.push(session.hold_post(&by(sender), &Hold { poster: key.to_owned(), ..hold() })?);
    }
    let reason = format!("{ANN} posted seldom");
    let approved = session.hold_post(&by(""), &Hold { reason, ..hold() })?;
    session.decide_held(approved, &Decided { by: ANN.to_owned(), ..decided("approve") }, true)?;
    let done = session.add_post(&by("Ann@Example.ORG"))?;
    session.record(done, &finished(1), NOW)?;
    let sending = session.add_post(&by(ANN))?;
    session.record(sending, &Progress { expanded: false, ..deferred(&[ANN, BOB], NOW) }, NOW)?;
    let trouble = session.add_post(&by("zoe@example.org"))?;
    let refused = [ANN, BOB].map(|name| troubled(name, true, 0)).to_vec();
    session.record(trouble, &Progress { troubled: refused, ..finished(1) }, NOW)?;
    let of_bob = session.add_post(&by(BOB))?;
    session.record(of_bob, &finished(1), NOW)?;
    Ok(Posts { undecided: undecided[0], approved, done, sending, trouble, of_bob })
}

/// What [`fill`] writes of either of them, by table.
fn of_each(held: usize, post: usize, recipient: usize) -> Vec<(String, usize)> {
    [
        ("member", 2),
        ("role", 2),
        ("account", 1),
        ("login", 1),
        ("login_link", 1),
        ("request", 1),
        ("held", held),
        ("ban", 1),
        ("mute", 1),
        ("post", post),
        ("recipient", recipient),
        ("bounce", 1),
        ("bouncing", 1),
        ("counter", 1),
        ("audit", 2),
    ]
    .map(|(table, rows)| (table.to_owned(), rows))
    .to_vec()
}

#[test]
fn everything_about_a_person_is_found() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let posts = fill(session, list)?;
        assert_eq!(about(session, "nobody@example.org"), []);
        assert_eq!(about(session, ANN), of_each(2, 3, 2));
        assert_eq!(about(session, BOB), of_each(1, 2, 2));
        let found = session.person(ANN)?;
        let value = |table: &str, column: &str| {
            let (_, rows) = found.iter().find(|(name, _)| name == table).expect("a table");
            rows[0].iter().find(|(name, _)| name == column).expect("a column").1.clone()
        };
        assert_eq!(value("member", "own_posts"), "0");
        assert_eq!(value("member", "list"), "talk@example.org");
        assert_eq!(
            (value("account", "has_password"), value("login", "agent")),
            ("1".to_owned(), "a browser".to_owned())
        );
        assert!(!format!("{found:?}").contains("argon2id"), "a hash is nobody's to take away: {found:?}");
        assert_eq!(value("held", "subject"), "100% new");
        assert_eq!(value("post", "id"), posts.undecided.to_string());
        assert_eq!(value("post", "finished"), "");
        assert_eq!(value("audit", "action"), "member.add");
        Ok(())
    });
}

#[test]
fn what_is_erased_is_gone_and_nothing_of_others_with_it() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let posts = fill(session, list)?;
        let (bob, members) = (about(session, BOB), session.counts()?.members);
        let erased = session.erase_person(ANN, NOW)?;
        // A request, the held post and the one that was done; a mute, an account with a session and a link, an approved post, a
        // refusal, bounces, a counter.
        let expected = ErasedCounts { memberships: 2, roles: 2, posts: 3, audit: 2, other: 8 };
        assert_eq!(erased, expected);
        assert_eq!((session.counts()?.members, session.list_by_key(list)?.expect("a list").members), (members - 2, 1));
        let left = [("ban", 1), ("post", 1)].map(|(table, rows)| (table.to_owned(), rows));
        assert_eq!(about(session, ANN), left, "the ban protects the list, and the post is under way");
        assert_eq!(about(session, BOB), bob);

        for id in [posts.undecided, posts.done] {
            assert_eq!((session.post(id)?, session.message(id)?), (None, None));
        }
        assert_eq!(session.handed_over(&post(list, 1, 10).handover)?, Some(posts.undecided));
        assert_eq!(session.held(posts.undecided)?, None);
        let row = session.held(posts.approved)?.expect("a decision");
        let nobody = String::new;
        let blank = Hold { reason: nobody(), poster: nobody(), address: nobody(), subject: nobody(), ..hold() };
        assert_eq!((row.hold, row.decided), (blank, Some(Decided { by: nobody(), ..decided("approve") })));
        assert_eq!(look(session, posts.approved).state, PostState::Sending);
        assert_eq!(session.bans(list)?[0].by, "");

        let row = look(session, posts.sending);
        assert_eq!((row.state, row.sender.as_str(), row.deferred), (PostState::Sending, ANN, 1));
        let keys = |id| session.troubled(id, "", 10).expect("an answer").into_iter().map(|one| one.target.key);
        assert_eq!(keys(posts.trouble).collect::<Vec<_>>(), [BOB]);
        assert!(session.post(posts.of_bob)?.is_some());
        let erased = session.audit_entries(&AuditQuery { limit: 10, ..AuditQuery::default() })?;
        assert_eq!(erased.items.iter().filter(|row| row.payload.is_none()).count(), 2);
        assert_eq!(session.verify_audit()?.first_bad, None);

        // The second time only what has ended meanwhile.
        session.record(posts.sending, &Progress { settled: vec![BOB.to_owned()], ..finished(1) }, NOW)?;
        assert_eq!(session.erase_person(ANN, NOW)?, ErasedCounts { posts: 1, ..ErasedCounts::default() });
        assert_eq!(session.erase_person(ANN, NOW)?, ErasedCounts::default());
        Ok(())
    });
}

#[test]
fn no_address_is_nobodys() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let posts = fill(session, list)?;
        let report = session.add_post(&NewPost { sender: String::new(), ..post(list, 99, 10) })?;
        session.record(report, &finished(1), NOW)?;
        session.hold_post(&post(list, 100, 10), &Hold { poster: String::new(), ..hold() })?;
        assert_eq!(session.person("")?, []);
        assert_eq!(session.erase_person("", NOW)?, ErasedCounts::default());
        assert_eq!(look(session, report).state, PostState::Done);
        assert!(session.held(posts.approved)?.is_some());
        assert_eq!(session.held_posts(None, &crate::page("", 10))?.total, 3);
        Ok(())
    });
}

#[test]
fn an_erased_address_is_remembered_by_its_hash_until_it_is_wanted_again() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        assert!(!session.is_suppressed(&[1; 32])?);
        for _ in 0..2 {
            session.suppress(&[1; 32], true, NOW)?;
        }
        assert!(session.is_suppressed(&[1; 32])?);
        assert!(!session.is_suppressed(&[2; 32])?);
        session.suppress(&[2; 32], false, NOW)?;
        session.suppress(&[1; 32], false, NOW)?;
        assert!(!session.is_suppressed(&[1; 32])?);
        Ok(())
    });
}

#[test]
fn secrets_are_made_once_and_differ_from_database_to_database() {
    let fixture = Fixture::new();
    let both = |fixture: &Fixture| fixture.read(|session| Ok([session.secret("token")?, session.secret("tombstone")?]));
    let first = both(&fixture);
    assert_ne!(first[0], first[1]);
    let fixture = fixture.reopen();
    assert_eq!(both(&fixture), first);
    assert!(both(&Fixture::new()).iter().all(|secret| !first.contains(secret)));

    let unknown = fixture.store.read_blocking(|session| session.secret("door")).expect_err("there is none");
    assert!(matches!(&unknown, Error::Unreadable { what, .. } if what.contains("door")), "{unknown}");
    let connection = rusqlite::Connection::open(fixture.path()).expect("the database");
    connection.execute_batch("UPDATE secret SET value = x'00' WHERE name = 'token'").expect("somebody's mistake");
    let short = fixture.store.read_blocking(|session| session.secret("token")).expect_err("it is too short");
    assert!(short.to_string().contains("32"), "{short}");
    drop(connection);

    // One that is lost is made anew, and the other one stays.
    fixture.store.close().expect("an orderly end");
    let connection = rusqlite::Connection::open(fixture.path()).expect("the database");
    connection.execute_batch("DELETE FROM secret WHERE name = 'token'").expect("somebody's mistake");
    drop(connection);
    let before = fs::metadata(fixture.path()).expect("a database").len();
    let fixture = fixture.reopen();
    let now = both(&fixture);
    assert_eq!(now[1], first[1]);
    assert!(now[0] != first[0] && now[0] != [0; 32]);
    assert_eq!(fs::metadata(fixture.path()).expect("a database").len(), before);
}
