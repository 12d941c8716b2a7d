use proptest::prelude::*;

use super::*;

fn key(text: &str) -> String {
    Address::parse(text).unwrap().key()
}

#[test]
fn takes_what_rfc_5321_takes() {
    for text in [
        "ann@example.org",
        "-dash@example.org",
        "o'brien+tag@example.org",
        "\"john doe\"@example.org",
        "\"a@b\"@example.org",
        "\"say \\\"hi\\\"\"@example.org",
        "jörg@bücher.example",
        "用户@例子.example",
        "root@localhost",
        "ann@[192.0.2.1]",
        "ann@[IPv6:2001:db8::1]",
        "ann@[x-tag:data]",
        "ann@my_host.example",
    ] {
        assert_eq!(Address::parse(text).map(|a| a.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn refuses_what_cannot_be_delivered_or_would_end_a_line() {
    for text in [
        "",
        "@",
        "ann",
        "ann@",
        "@example.org",
        "\"\"@example.org",
        "a b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a@b@example.org",
        "ann@example..org",
        "ann@example.org.",
        "ann@-x.example",
        "ann@x-.example",
        "ann@ex ample.org",
        "ann@[300.0.0.1]",
        "ann@[IPv6:xyz]",
        "ann@xn--\u{e9}.example",
        "ann@exa\u{ff20}mple.org",
        "<ann@example.org>",
        " ann@example.org",
        "\"ann@example.org",
        "\"ann\"x@example.org",
        "ann\r\n@example.org",
        "\"ann\n\"@example.org",
        "\"ann\\\0\"@example.org",
        "ann\u{7f}@example.org",
        "ann\u{85}@example.org",
        "ann@example.org\u{2028}",
    ] {
        assert!(Address::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn holds_to_the_limits_of_rfc_5321_and_looks_at_longer_senders() {
    let domain = format!("{}.{}.{}.{}", "d".repeat(63), "d".repeat(63), "d".repeat(63), "d".repeat(63));
    assert_eq!(domain.len(), 255);
    let parse = |local: usize, domain: &str| Address::parse(&format!("{}@{domain}", "l".repeat(local)));
    assert!(parse(64, "example.org").is_ok());
    assert!(matches!(parse(65, "example.org"), Err(AddressError::TooLong { octets: 65, limit: 64, .. })));
    assert!(parse(64, &domain[66..]).is_ok());
    assert!(matches!(parse(64, &domain), Err(AddressError::TooLong { octets: 320, limit: 254, .. })));
    assert!(Address::parse_foreign(&format!("{}@{domain}", "l".repeat(64))).is_ok());
    assert!(Address::parse_foreign(&format!("{}@{domain}", "l".repeat(65))).is_err());
    assert!(Address::parse_foreign(&format!("{}@example.org", "l".repeat(200))).is_ok());
}

#[test]
fn compares_by_what_an_address_means() {
    assert_eq!(key("\"Ann\"@EXAMPLE.org"), "ann@example.org");
    assert_eq!(key("ann@bücher.example"), "ann@xn--bcher-kva.example");
    assert_eq!(key("ann@BÜCHER.example"), key("ann@xn--Bcher-kva.example"));
    assert_eq!(key("JÖRG@example.org"), key("jo\u{308}rg@example.org"));
    assert_eq!(key("\"John Doe\"@example.org"), "\"john doe\"@example.org");
    assert_ne!(key("ann+x@example.org"), key("ann@example.org"));
    let (written, meant) = (Address::parse("Ann@Bücher.example"), Address::parse("ann@xn--bcher-kva.example"));
    assert_eq!(written, meant);
}

#[test]
fn needs_smtputf8_only_for_the_local_part() {
    let address = Address::parse("ann@bücher.example").unwrap();
    assert!(!address.needs_smtputf8());
    assert_eq!(address.envelope(), "ann@xn--bcher-kva.example");
    let address = Address::parse("jörg@bücher.example").unwrap();
    assert!(address.needs_smtputf8());
    assert_eq!(address.envelope(), "jörg@bücher.example");
}

#[test]
fn derives_the_addresses_of_a_list() {
    let list = Address::parse("talk@lists.example.org").unwrap();
    assert_eq!(list.with_suffix("-owner").to_string(), "talk-owner@lists.example.org");
    assert_eq!(list.with_local("a b").unwrap().to_string(), "\"a b\"@lists.example.org");
    assert!(list.with_local("a\nb").is_err());
}

#[test]
fn sees_the_user_behind_a_batv_tag() {
    for (tagged, user) in [
        ("prvs=0123456789=ann@example.org", "ann@example.org"),
        ("PRVS=2345ABCDEF=a=b@example.org", "a=b@example.org"),
        ("btv1==0413d8d6a9==ann@example.org", "ann@example.org"),
        ("prvs=ann@example.org", "prvs=ann@example.org"),
        ("prvs==ann@example.org", "prvs==ann@example.org"),
        ("prv\u{e9}=x=ann@example.org", "prv\u{e9}=x=ann@example.org"),
    ] {
        assert_eq!(unwrap_batv(&Address::parse(tagged).unwrap()).to_string(), user);
    }
}

proptest! {
    #[test]
    fn never_panics_and_never_lets_a_control_in(text in "\\PC{0,12}[\"@.\\\\\r\n\0a-z -]{0,12}@?[a-zü.\\[\\]:-]{0,12}") {
        if let Ok(address) = Address::parse(&text) {
            prop_assert!(!address.to_string().contains(is_control));
            prop_assert!(!address.envelope().contains(is_control));
        }
    }

    #[test]
    fn what_is_printed_is_read_again(local in "[ -~äß]{1,20}") {
        let address = Address::parse("x@example.org").unwrap().with_local(&local).unwrap();
        prop_assert_eq!(address.local(), local);
        let again = Address::parse(&address.to_string()).unwrap();
        prop_assert!(again.same_text(&address));
        prop_assert_eq!(Address::parse(&address.key()).unwrap().key(), address.key());
    }
}
