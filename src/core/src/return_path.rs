//! The return path of a list's copies: the shared bounce address, or one that names the member (VERP).
//!
//! A VERP address is spelled as Postfix's XVERP spells it with the delimiters `+=`, so that a bounce is read in one way
//! whoever wrote the envelope: `talk-bounces+ann=example.org@lists.example.org` for ann@example.org. The member's local part
//! stands there unchanged and is quoted with the rest where it needs to be; the last `=` ends it, since no domain has one.
//!
//! Nothing here proves that such an address was ever sent: who acts on a bounce must not trust the name in it alone. A MAC
//! would stand between the delimiter and the member.

use crate::address::Address;

/// Where bounces of a list's mail go: `talk-bounces@…`.
pub fn bounces(list: &Address) -> Address {
    list.with_suffix("-bounces")
}

/// The return path that names `member` behind `delimiter`.
///
/// `None` when it would be longer than RFC 5321 lets an address be (a local part of 64 octets): such a member gets the
/// shared [`bounces`] address.
pub fn verp(list: &Address, delimiter: char, member: &Address) -> Option<Address> {
    let domain = if member.needs_smtputf8() { member.domain().into() } else { member.ascii_domain() };
    bounces(list).with_local(&format!("{}-bounces{delimiter}{}={domain}", list.local(), member.local())).ok()
}

/// The member that a VERP address names, from what stands between delimiter and `@`, unquoted; `None` when that is no
/// address.
pub fn decode(extension: &str) -> Option<Address> {
    // An address literal may contain a `=`, but only one bracket opens it.
    let end = if extension.ends_with(']') { extension.rfind("=[") } else { extension.rfind('=') }?;
    let host = Address::parse(&format!("x@{}", &extension[end + 1..])).ok()?;
    host.with_local(&extension[..end]).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn round(member: &Address, delimiter: char) -> Option<Address> {
        let verp = verp(&address("talk@lists.example.org"), delimiter, member)?;
        // As it comes back: printed, and parsed by whoever receives the bounce.
        let received = address(&verp.to_string());
        decode(received.local().strip_prefix("talk-bounces")?.strip_prefix(delimiter)?)
    }

    #[test]
    fn is_spelled_as_postfix_spells_it() {
        let list = address("talk@lists.example.org");
        assert_eq!(bounces(&list).to_string(), "talk-bounces@lists.example.org");
        for (member, expected) in [
            ("ann@example.org", "talk-bounces+ann=example.org@lists.example.org"),
            ("a+b=c@example.org", "talk-bounces+a+b=c=example.org@lists.example.org"),
            ("-x@example.org", "talk-bounces+-x=example.org@lists.example.org"),
            ("\"a b\"@example.org", "\"talk-bounces+a b=example.org\"@lists.example.org"),
            ("ann@bücher.example", "talk-bounces+ann=xn--bcher-kva.example@lists.example.org"),
            ("jörg@bücher.example", "talk-bounces+jörg=bücher.example@lists.example.org"),
        ] {
            assert_eq!(verp(&list, '+', &address(member)).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn gives_way_to_the_shared_address_when_too_long() {
        let list = address("talk@lists.example.org");
        let longest = address(&format!("{}@example.org", "a".repeat(64 - "talk-bounces+=example.org".len())));
        assert_eq!(verp(&list, '+', &longest).unwrap().local().len(), 64);
        let longer = address(&format!("{}@example.org", "a".repeat(65 - "talk-bounces+=example.org".len())));
        assert_eq!(verp(&list, '+', &longer), None);
    }

    #[test]
    fn decodes_nothing_else() {
        for extension in ["", "ann", "=", "ann=", "=example.org", "ann=exa mple", "ann\n=example.org", "a=]"] {
            assert_eq!(decode(extension), None, "{extension:?}");
        }
    }

    proptest! {
        #[test]
        fn a_member_survives_the_way_there_and_back(
            local in "[-+=a-zA-Z0-9 .\"\\\\@ü]{1,16}",
            domain in "(example\\.org|bücher\\.example|\\[192\\.0\\.2\\.1\\]|\\[IPv6:::1\\]|\\[t:=a=\\])",
            delimiter in "[-+]",
        ) {
            let member = address(&format!("x@{domain}")).with_local(&local).unwrap();
            let delimiter = delimiter.chars().next().unwrap();
            prop_assert_eq!(round(&member, delimiter), Some(member));
        }
    }
}
