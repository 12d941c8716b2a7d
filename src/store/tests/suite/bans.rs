//! Bans.

use mailjam_store::{BanRow, ListKey, SITE};

use crate::{Fixture, NOW, create};

pub fn ban(list: ListKey, pattern: &str) -> BanRow {
    BanRow {
        id: 0,
        list,
        pattern: pattern.to_owned(),
        reason: "spam".to_owned(),
        until: 0,
        created: NOW,
        by: "owner@example.org".to_owned(),
    }
}

#[test]
fn a_ban_is_added_replaced_and_lifted() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let id = session.add_ban(&ban(list, "b@x.test"))?;
        let other = session.add_ban(&ban(list, "a@x.test"))?;
        let on_site = session.add_ban(&ban(SITE, "b@x.test"))?;
        assert_eq!(session.ban(id)?, Some(BanRow { id, ..ban(list, "b@x.test") }));
        assert_eq!(session.bans(list)?.iter().map(|ban| ban.id).collect::<Vec<_>>(), [other, id], "by pattern");
        assert_eq!(session.bans(SITE)?.iter().map(|ban| ban.id).collect::<Vec<_>>(), [on_site]);

        let longer =
            BanRow { reason: "more spam".to_owned(), until: NOW + 9, created: NOW + 1, ..ban(list, "b@x.test") };
        let longer = BanRow { by: "mod@example.org".to_owned(), ..longer };
        assert_eq!(session.add_ban(&longer)?, id, "the same pattern");
        assert_eq!(session.ban(id)?, Some(BanRow { id, ..longer }));
        assert_eq!(session.bans(list)?.len(), 2);

        assert!(session.remove_ban(id)?);
        assert!(!session.remove_ban(id)?);
        assert_eq!((session.ban(id)?, session.bans(SITE)?.len()), (None, 1));
        Ok(())
    });
}

#[test]
fn of_the_bans_in_force_only_those_come_that_may_be_meant() {
    let (fixture, list) = Fixture::with_list();
    fixture.write(move |session| {
        let other = create(session, "other@example.org")?;
        for (on, pattern) in [
            (list, "ann@x.test"),
            (list, "x.test"),
            (SITE, "ann@x.test"),
            (list, "bob@x.test"),
            (other, "ann@x.test"),
            (list, "*@spam.test"),
            (SITE, "b?t@y.test"),
            (other, "*@other.test"),
            (list, "a*b@x.test"),
        ] {
            session.add_ban(&ban(on, pattern))?;
        }
        for (pattern, until) in [("old@x.test", NOW), ("old*", NOW), ("new@x.test", NOW + 1), ("new*", NOW + 1)] {
            session.add_ban(&BanRow { until, ..ban(list, pattern) })?;
        }
        let about = |exact: &[&str]| {
            let exact: Vec<String> = exact.iter().map(|text| (*text).to_owned()).collect();
            let found = session.bans_about(list, &exact, NOW).expect("an answer");
            found.into_iter().map(|ban| (ban.list, ban.pattern)).collect::<Vec<_>>()
        };
        let here = |pattern: &str| (list, pattern.to_owned());
        let site = |pattern: &str| (SITE, pattern.to_owned());
        let patterns = [here("*@spam.test"), site("b?t@y.test"), here("a*b@x.test"), here("new*")];
        assert_eq!(about(&[]), patterns);
        let exact = [here("ann@x.test"), here("x.test"), site("ann@x.test")];
        assert_eq!(about(&["x.test", "ann@x.test", "old@x.test"]), [&exact[..], &patterns[..]].concat());
        assert_eq!(about(&["a*b@x.test"]), patterns, "found by both ways, and once");
        let with_new = [&patterns[..3], &[here("new@x.test")][..], &patterns[3..]].concat();
        assert_eq!(about(&["new@x.test"]), with_new);
        Ok(())
    });
}
