//! Roles and tokens.

use mailjam_store::{Role, RoleRow, SITE, TokenRow};

use crate::{Fixture, NOW, block_on};

#[test]
fn a_role_is_given_once_and_taken_once() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        assert!(session.grant(list, "ann@example.org", "Ann@example.org", Role::Moderator)?);
        assert!(!session.grant(list, "ann@example.org", "ann@example.org", Role::Moderator)?);
        assert!(session.grant(list, "ann@example.org", "Ann@example.org", Role::Owner)?);
        assert!(session.grant(SITE, "root@example.org", "root@example.org", Role::Admin)?);
        let ann = |role| RoleRow { address: "Ann@example.org".to_owned(), role };
        assert_eq!(session.roles(list)?, [ann(Role::Owner), ann(Role::Moderator)]);
        assert_eq!(session.roles(SITE)?.len(), 1);

        assert!(session.revoke(list, "ann@example.org", Role::Moderator)?);
        assert!(!session.revoke(list, "ann@example.org", Role::Moderator)?);
        assert!(!session.revoke(list, "root@example.org", Role::Admin)?, "that role is on the site");
        assert_eq!(session.roles(list)?, [ann(Role::Owner)]);
        Ok(())
    });
}

#[test]
fn a_token_is_found_by_the_hash_of_its_secret() {
    let fixture = Fixture::new();
    let token = |id: &str| TokenRow {
        id: id.to_owned(),
        label: "backup".to_owned(),
        scopes: vec!["list.read".to_owned(), "member.*".to_owned()],
        created: NOW,
        expires: NOW + 60,
        revoked: false,
    };
    fixture.write(move |session| {
        session.add_token(&token("b"), &[1; 32])?;
        session.add_token(&token("a"), &[2; 32])?;
        assert_eq!(session.token(&[1; 32])?, Some(token("b")));
        assert_eq!(session.token(&[3; 32])?, None);
        assert_eq!(session.tokens()?, [token("a"), token("b")]);

        assert!(session.revoke_token("a")?);
        assert!(!session.revoke_token("c")?);
        assert!(session.token(&[2; 32])?.expect("a token").revoked);
        assert!(!session.token(&[1; 32])?.expect("a token").revoked);
        Ok(())
    });
    let twice = block_on(fixture.store.write(move |session| session.add_token(&token("c"), &[1; 32])));
    twice.expect_err("the secret is another token's");
}
