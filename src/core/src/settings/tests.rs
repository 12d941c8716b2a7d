//! Tests of the settings: the table, the defaults, and what is refused.

use super::*;

#[test]
fn the_table_and_the_defaults_agree() {
    let settings = Settings::default();
    for definition in DEFINITIONS {
        assert_eq!(settings.get(definition.key).as_deref(), Some(definition.default), "{}", definition.key);
        let mut same = settings.clone();
        same.set(definition.key, "").expect("the default is permitted");
        assert_eq!(same, settings);
    }
    assert!(settings.changed().is_empty());
}

#[test]
fn what_changed_comes_back() {
    let mut settings = Settings::default();
    for (key, value) in [
        ("post_policy", "moderators"),
        ("subject_prefix", "[täglich]"),
        ("reply_to", "replies@example.org"),
        ("max_size", "3M"),
        ("verp", "always"),
        ("dmarc_rewrite", "never"),
        ("description", "What \"it\" is for"),
        ("language", "pt-BR"),
        ("nonmember", "hold"),
        ("sender_auth", "require"),
        ("implicit_destination", "refuse"),
        ("emergency", "yes"),
        ("reject_types", ".exe, application/x-msdownload"),
        ("strip_types", "application/zip, .exe"),
        ("header", "On {{ list }}:\n"),
        ("footer", "--\nTo leave: {{ unsubscribe }}"),
        ("poster_rate", "10/hour"),
        ("thread_rate", "50/day"),
        ("trust_after", "3"),
        ("one_click", "no"),
        ("subscribe_policy", "confirm+approve"),
        ("welcome", "no"),
        ("roster", "members"),
        ("held_notice", "90m"),
        ("held_expire", "5"),
        ("notify_poster", "no"),
        ("bounce_threshold", "3"),
        ("bounce_forget", "30"),
        ("bounce_warnings", "1"),
        ("bounce_remove", "no"),
        ("digest_period", "6h"),
        ("digest_size", "1M"),
        ("retain_posts", "7"),
    ] {
        settings.set(key, value).expect(key);
    }
    assert_eq!(settings.max_size, 3 << 20);
    assert_eq!(settings.changed().len(), DEFINITIONS.len());
    assert_eq!(Settings::from_changed(&settings.changed()), Ok(settings));
}

#[test]
fn a_refused_value_names_key_and_remedy_and_changes_nothing() {
    let refused = [
        ("post_polcy", "open", "no setting \"post_polcy\"; did you mean \"post_policy\"?"),
        ("post_policy", "opne", "post_policy must be one of open|members|moderated|moderators|closed, not \"opne\""),
        ("max_size", "0", "max_size: \"0\" is no number of octets"),
        ("max_size", "9999999G", "max_size: \"9999999G\" is no number of octets between 1 and 268435456 (K"),
        ("max_size", "268435457", "max_size: \"268435457\" is no number of octets"),
        ("max_size", "10 apples", "max_size: \"10 apples\" is no number of octets"),
        ("description", "a\nList-Id: x", "description: must be one line"),
        ("reply_to", "nowhere", "reply_to: \"nowhere\" is neither"),
        ("language", "english!", "language: \"english!\" is no language tag"),
        ("poster_rate", "10", "poster_rate: \"10\" is not a rate"),
        ("thread_rate", "0/hour", "thread_rate: \"0/hour\" is not a rate"),
        ("held_notice", "31d", "held_notice: \"31d\" is not a time"),
        ("held_expire", "0", "held_expire: \"0\" is not at least one day"),
        ("footer", "{{ nobody }}", "footer: line 1: undefined value"),
        ("header", "{% include 'x' %}", "header: syntax error"),
        ("header", "a\u{7}", "header: control characters have no place in it"),
        ("trust_after", "-1", "trust_after: \"-1\" is no whole number between 0 and 1000"),
        ("retain_posts", "for ever", "retain_posts: \"for ever\" is no whole number"),
    ];
    for (key, value, message) in refused {
        let mut settings = Settings::default();
        let error = settings.set(key, value).expect_err(value).to_string();
        assert!(error.starts_with(message), "{error}");
        assert_eq!(settings, Settings::default());
    }
}
