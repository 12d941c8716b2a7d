//! Templates that people wrote.

use mailjam_store::{TemplateRow, TemplateScope};

use crate::{Fixture, NOW, create};

fn template(name: &str, language: &str, text: &str) -> TemplateRow {
    TemplateRow { name: name.to_owned(), language: language.to_owned(), text: text.to_owned() }
}

#[test]
fn each_scope_has_texts_of_its_own() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        let domain = |name: &str| TemplateScope::Domain(name.to_owned());
        let scopes =
            [TemplateScope::Site, domain("example.org"), TemplateScope::List(list), TemplateScope::List(other)];
        for (number, scope) in scopes.iter().enumerate() {
            session.set_template(scope, &template("welcome", "de", "draft"), NOW)?;
            session.set_template(scope, &template("welcome", "de", &format!("{number}")), NOW)?;
        }
        for (number, scope) in scopes.iter().enumerate() {
            assert_eq!(session.template(scope, "welcome", "de")?, Some(number.to_string()), "{scope:?}");
            assert_eq!(session.templates(scope)?, [template("welcome", "de", &number.to_string())]);
        }
        let site = TemplateScope::Site;
        session.set_template(&site, &template("welcome", "", "1"), NOW)?;
        session.set_template(&site, &template("goodbye", "de", "2"), NOW)?;
        let names: Vec<_> = session.templates(&site)?.into_iter().map(|row| (row.name, row.language)).collect();
        let expected = [("goodbye", "de"), ("welcome", ""), ("welcome", "de")];
        assert_eq!(names, expected.map(|(name, language)| (name.to_owned(), language.to_owned())));
        assert_eq!(session.template(&site, "goodbye", "en")?, None);
        assert_eq!(session.templates(&domain("example.net"))?, []);

        assert!(session.reset_template(&site, "welcome", "de")?);
        assert!(!session.reset_template(&site, "welcome", "de")?);
        assert_eq!(session.template(&site, "welcome", "de")?, None);
        assert_eq!(session.template(&scopes[1], "welcome", "de")?.as_deref(), Some("1"), "another scope's");
        Ok(())
    });
}

#[test]
fn texts_go_with_their_list_and_with_their_domain() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let domain = TemplateScope::Domain("example.org".to_owned());
        for scope in [TemplateScope::Site, domain.clone(), TemplateScope::List(list)] {
            session.set_template(&scope, &template("welcome", "de", "x"), NOW)?;
        }
        assert!(!session.delete_domain("example.org")?, "it has a list");
        assert_eq!(session.templates(&domain)?.len(), 1);
        session.delete_list(list)?;
        assert_eq!((session.templates(&TemplateScope::List(list))?.len(), session.templates(&domain)?.len()), (0, 1));
        assert!(session.delete_domain("example.org")?);
        assert_eq!((session.templates(&domain)?.len(), session.templates(&TemplateScope::Site)?.len()), (0, 1));
        Ok(())
    });
}
