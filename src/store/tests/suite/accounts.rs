//! Accounts, sessions, and links that work once.

use mailjam_store::{AccountRow, HeldRole, LinkRow, LoginRow, Role, SITE};

use crate::{Fixture, NOW, filtered, page};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

pub fn account(key: &str) -> AccountRow {
    AccountRow {
        key: key.to_owned(),
        address: key.to_owned(),
        password: String::new(),
        locked: false,
        created: NOW,
        last_login: 0,
    }
}

pub fn login(key: &str, opened: i64) -> LoginRow {
    LoginRow {
        key: key.to_owned(),
        address: key.to_owned(),
        by_link: true,
        opened,
        used: opened,
        network: "192.0.2.0/24".to_owned(),
        agent: "a browser".to_owned(),
    }
}

fn link(key: &str, expires: i64) -> LinkRow {
    LinkRow { key: key.to_owned(), address: key.to_owned(), expires }
}

#[test]
fn an_account_is_written_found_changed_and_deleted() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        assert_eq!(session.account(ANN)?, None);
        for key in [BOB, ANN] {
            session.put_account(&account(key))?;
        }
        let changed = AccountRow { password: "$argon2id$x".to_owned(), locked: true, created: 1, ..account(ANN) };
        session.put_account(&changed)?;
        assert_eq!(session.account(ANN)?, Some(AccountRow { created: NOW, ..changed }), "it is as old as before");

        let first = session.accounts(&page("", 1))?;
        assert_eq!((first.total, first.items[0].key.as_str(), first.next.as_deref()), (2, ANN, Some(ANN)));
        let second = session.accounts(&page(ANN, 1))?;
        assert_eq!((second.items[0].key.as_str(), second.next), (BOB, None));
        assert_eq!(session.accounts(&filtered("bob"))?.total, 1);

        assert!(session.delete_account(ANN)?);
        assert!(!session.delete_account(ANN)?);
        assert_eq!(session.accounts(&page("", 10))?.total, 1);
        Ok(())
    });
}

#[test]
fn a_session_is_found_by_its_hash_until_it_ends() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        session.put_account(&account(ANN))?;
        for (hash, key) in [(1, ANN), (2, ANN), (3, ANN), (4, BOB)] {
            session.add_login(&login(key, NOW), &[hash; 32])?;
        }
        assert_eq!(session.account(ANN)?.map(|row| row.last_login), Some(NOW));
        assert_eq!(session.login(&[1; 32])?, Some(login(ANN, NOW)));
        session.use_login(&[1; 32], NOW + 5)?;
        session.use_login(&[1; 32], NOW + 4)?;
        assert_eq!(session.login(&[1; 32])?.map(|row| row.used), Some(NOW + 5));

        assert!(session.close_login(&[2; 32])?);
        assert!(!session.close_login(&[2; 32])?);
        session.add_link(&link(ANN, NOW), &[9; 32])?;
        assert_eq!(session.close_logins(ANN, Some(&[3; 32]))?, 1);
        assert_eq!((session.login(&[1; 32])?, session.take_link(&[9; 32])?), (None, None));
        assert!(session.login(&[3; 32])?.is_some() && session.login(&[4; 32])?.is_some());
        assert_eq!(session.close_logins(ANN, None)?, 1);
        assert_eq!(session.login(&[3; 32])?, None);

        session.put_account(&account(BOB))?;
        assert!(session.delete_account(BOB)?);
        assert_eq!(session.login(&[4; 32])?, None, "a session does not outlive the account");
        Ok(())
    });
}

#[test]
fn a_link_works_once_and_the_others_of_the_person_not_at_all_then() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        for (hash, key) in [(1, ANN), (2, ANN), (3, BOB)] {
            session.add_link(&link(key, NOW + 900), &[hash; 32])?;
        }
        assert_eq!(session.take_link(&[7; 32])?, None);
        assert_eq!(session.take_link(&[1; 32])?, Some(link(ANN, NOW + 900)));
        assert_eq!((session.take_link(&[1; 32])?, session.take_link(&[2; 32])?), (None, None));
        assert_eq!(session.take_link(&[3; 32])?, Some(link(BOB, NOW + 900)));
        Ok(())
    });
}

#[test]
fn what_is_over_is_forgotten() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        session.add_login(&login(ANN, NOW - 100), &[1; 32])?;
        session.add_login(&login(ANN, NOW - 50), &[2; 32])?;
        session.use_login(&[2; 32], NOW - 5)?;
        session.add_login(&login(ANN, NOW), &[3; 32])?;
        session.add_link(&link(ANN, NOW), &[4; 32])?;
        session.add_link(&link(ANN, NOW + 1), &[5; 32])?;
        assert_eq!(session.forget_logins(NOW - 100, NOW - 10, NOW)?, 2);
        let left = |hash| session.login(&[hash; 32]).map(|row| row.is_some());
        assert_eq!([left(1)?, left(2)?, left(3)?], [false, true, true]);
        assert_eq!(session.forget_logins(0, NOW - 5, NOW)?, 1);
        assert!(session.take_link(&[5; 32])?.is_some());
        Ok(())
    });
}

#[test]
fn roles_of_a_person_are_those_on_all_lists_and_the_site() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = crate::create(session, "other@example.org")?;
        assert_eq!(session.roles_of(ANN)?, []);
        session.grant(list, ANN, "Ann@example.org", Role::Moderator)?;
        session.grant(list, ANN, "Ann@example.org", Role::Owner)?;
        session.grant(other, ANN, ANN, Role::Moderator)?;
        session.grant(SITE, ANN, ANN, Role::Admin)?;
        session.grant(other, BOB, BOB, Role::Owner)?;
        let found = |list, list_id: &str, role, address: &str| HeldRole {
            list,
            list_id: list_id.to_owned(),
            role,
            address: address.to_owned(),
        };
        let expected = [
            found(SITE, "", Role::Admin, ANN),
            found(other, "other.example.org", Role::Moderator, ANN),
            found(list, "talk.example.org", Role::Owner, "Ann@example.org"),
            found(list, "talk.example.org", Role::Moderator, "Ann@example.org"),
        ];
        assert_eq!(session.roles_of(ANN)?, expected);
        session.delete_list(list)?;
        assert_eq!(session.roles_of(ANN)?, expected[..2]);
        Ok(())
    });
}
