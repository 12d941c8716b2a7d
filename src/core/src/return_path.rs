//! The return path of a list's mail: where reports about it come back to, and what they prove.
//!
//! A return path has a tag, which names the mail that it was written for and has a MAC: a report that comes to an address
//! without one, or with a forged one, is about nothing that the list sent, and changes nothing. There are three:
//!
//! - `talk-bounces+pTAG@…`, the same for all copies of a post. The next hop may write the member behind it (Postfix's XVERP
//!   with the delimiters `+=`): `talk-bounces+pTAG+ann=example.org@…`. Every member has seen the tag, so that a report about
//!   another one may be forged by a member: before anybody loses mail for it, a probe is sent.
//! - `talk-bounces+cTAG+ann=example.org@…`, for one member's copy (VERP): its MAC is over the member too.
//! - `talk-bounces+tTAG+ann=example.org@…`, for a probe to one member.
//!
//! The member's local part stands there unchanged and is quoted with the rest where it needs to be; the last `=` ends it,
//! since no domain has one. Where that would be longer than RFC 5321 lets a local part be (64 octets), the member is left
//! out; the report has to name whom it is about, and the MAC says whether that is true. Where not even the tag fits, behind
//! the longest names of lists, the return path is `talk-bounces@…`, and reports are only counted.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::address::Address;
use crate::token::{Bearer, Secret};

/// What a return path was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// All copies of the post with this number.
    Post(i64),
    /// One member's copy of this post.
    Copy(i64),
    /// A probe to one member, sent in this hour since 1970.
    Probe(i64),
}

impl Purpose {
    const fn letter(self) -> char {
        match self {
            Purpose::Post(_) => 'p',
            Purpose::Copy(_) => 'c',
            Purpose::Probe(_) => 't',
        }
    }

    const fn number(self) -> i64 {
        match self {
            Purpose::Post(number) | Purpose::Copy(number) | Purpose::Probe(number) => number,
        }
    }
}

/// Who writes return paths: a list, with what they are signed with.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The list's address.
    pub list: &'a Address,
    /// Its number, which stays when the list gets another address.
    pub number: i64,
    /// What MACs are made with.
    pub secret: &'a Secret,
}

/// Where reports come that nothing is to follow from: `talk-bounces@…`.
#[must_use]
pub fn plain(list: &Address) -> Address {
    list.with_suffix("-bounces")
}

impl Writer<'_> {
    /// For all copies of a post.
    #[must_use]
    pub fn post(&self, post: i64) -> Address {
        self.tagged(Purpose::Post(post), "", None)
    }

    /// For one member's copy of a post.
    #[must_use]
    pub fn copy(&self, post: i64, member: &Address) -> Address {
        self.tagged(Purpose::Copy(post), &member.key(), Some(member))
    }

    /// For a probe to a member, sent at `now`, in Unix seconds.
    #[must_use]
    pub fn probe(&self, member: &Address, now: i64) -> Address {
        self.tagged(Purpose::Probe(now / 3600), &member.key(), Some(member))
    }

    fn tagged(&self, purpose: Purpose, key: &str, member: Option<&Address>) -> Address {
        let mac = mac(self.secret, purpose, Bearer { list: self.number, key }).finalize().into_bytes();
        let mut tag = format!("{}{}", purpose.letter(), number(purpose.number()));
        tag.push_str(&BASE32_NOPAD.encode(&mac[..MAC]).to_ascii_lowercase());
        let local = format!("{}-bounces+{tag}", self.list.local());
        let with_member = member.and_then(|member| {
            let domain = if member.needs_smtputf8() { member.domain().into() } else { member.ascii_domain() };
            self.list.with_local(&format!("{local}+{}={domain}", member.local())).ok()
        });
        with_member.or_else(|| self.list.with_local(&local).ok()).unwrap_or_else(|| plain(self.list))
    }
}

/// Octets of a MAC: 48 bits, at which one can guess only by sending mail.
const MAC: usize = 6;

/// Characters of a MAC.
const MAC_CHARACTERS: usize = (MAC * 8).div_ceil(5);

/// A number in as few characters as it takes, as base32 has them.
fn number(number: i64) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        digits.push(DIGITS[(rest & 31) as usize]);
        rest >>= 5;
    }
    digits.iter().rev().map(|&digit| char::from(digit)).collect()
}

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn read_number(text: &str) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_i64, |number, digit| {
        let value = DIGITS.iter().position(|known| *known == digit.to_ascii_lowercase())?;
        number.checked_mul(32)?.checked_add(i64::try_from(value).ok()?)
    })
}

/// A return path that came back, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath {
    /// What it says to have been written for.
    pub purpose: Purpose,
    /// The member that it names.
    pub member: Option<Address>,
    mac: String,
}

/// Reads what stands between `talk-bounces+` and `@`, unquoted; `None` when that has no tag.
#[must_use]
pub fn read(detail: &str) -> Option<ReturnPath> {
    let (tag, member) = detail.split_once(['+', '-']).unwrap_or((detail, ""));
    let letter = tag.chars().next()?.to_ascii_lowercase();
    let (text, mac) = tag.get(1..)?.split_at_checked(tag.len().checked_sub(1 + MAC_CHARACTERS)?)?;
    let about = read_number(text)?;
    let purpose = match letter {
        'p' => Purpose::Post(about),
        'c' => Purpose::Copy(about),
        't' => Purpose::Probe(about),
        _ => return None,
    };
    Some(ReturnPath { purpose, member: named(member), mac: mac.to_ascii_lowercase() })
}

impl ReturnPath {
    /// Whether the list wrote it; for [`Purpose::Copy`] and [`Purpose::Probe`], to the member with this key.
    #[must_use]
    pub fn is_from(&self, secret: &Secret, list: i64, key: &str) -> bool {
        let key = if matches!(self.purpose, Purpose::Post(_)) { "" } else { key };
        let wanted = mac(secret, self.purpose, Bearer { list, key }).finalize().into_bytes();
        let wanted = BASE32_NOPAD.encode(&wanted[..MAC]).to_ascii_lowercase();
        // In constant time: whoever forges must not be told how far the guess was right.
        wanted.len() == self.mac.len()
            && wanted.bytes().zip(self.mac.bytes()).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }
}

fn mac(secret: &Secret, purpose: Purpose, bearer: Bearer<'_>) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret).unwrap_or_else(|_| unreachable!());
    mac.update(b"mailjam return path 1\0");
    mac.update(&[purpose.letter() as u8]);
    mac.update(&purpose.number().to_be_bytes());
    mac.update(&bearer.list.to_be_bytes());
    mac.update(bearer.key.as_bytes());
    mac
}

/// The address in `ann=example.org`.
fn named(text: &str) -> Option<Address> {
    // An address literal may contain a `=`, but only one bracket opens it.
    let end = if text.ends_with(']') { text.rfind("=[") } else { text.rfind('=') }?;
    let host = Address::parse(&format!("x@{}", &text[end + 1..])).ok()?;
    host.with_local(&text[..end]).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: Secret = [7; 32];

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn writer(list: &Address) -> Writer<'_> {
        Writer { list, number: 3, secret: &SECRET }
    }

    /// As it comes back: printed, and parsed by whoever receives the report.
    fn back(written: &Address, list: &str) -> Option<ReturnPath> {
        let received = address(&written.to_string());
        read(received.local().strip_prefix(list)?.strip_prefix("-bounces+")?)
    }

    #[test]
    fn members_are_spelled_as_postfix_spells_them() {
        let list = address("talk@lists.example.org");
        for (member, expected) in [
            ("ann@example.org", "+ann=example.org@lists.example.org"),
            ("a+b=c@example.org", "+a+b=c=example.org@lists.example.org"),
            ("\"a b\"@example.org", "+a b=example.org\"@lists.example.org"),
            ("ann@bücher.example", "+ann=xn--bcher-kva.example@lists.example.org"),
            ("jörg@bücher.example", "+jörg=bücher.example@lists.example.org"),
        ] {
            let written = writer(&list).copy(17, &address(member)).to_string();
            assert!(written.ends_with(expected), "{written}");
        }
    }

    #[test]
    fn the_form_stays_the_same_across_versions() {
        let list = address("talk@lists.example.org");
        assert_eq!(writer(&list).post(17).to_string(), "talk-bounces+przycxkcyqbu@lists.example.org");
    }

    #[test]
    fn each_purpose_proves_what_it_says_and_nothing_else() {
        let (list, ann) = (address("talk@lists.example.org"), address("ann@example.org"));
        let post = back(&writer(&list).post(17), "talk").unwrap();
        assert_eq!((post.purpose, &post.member), (Purpose::Post(17), &None));
        assert!(post.is_from(&SECRET, 3, "whoever@example.org") && !post.is_from(&SECRET, 4, ""));
        assert!(!post.is_from(&[8; 32], 3, ""));
        // As a server with XVERP writes it.
        let mut xverp = writer(&list).post(17).to_string();
        xverp.insert_str(xverp.find('@').unwrap(), "+Ann=example.org");
        assert_eq!(back(&address(&xverp), "talk").unwrap().member, Some(address("Ann@example.org")));

        let copy = back(&writer(&list).copy(17, &ann), "talk").unwrap();
        assert_eq!((copy.purpose, &copy.member), (Purpose::Copy(17), &Some(ann.clone())));
        assert!(copy.is_from(&SECRET, 3, &ann.key()) && !copy.is_from(&SECRET, 3, "bob@example.org"));
        let probe = back(&writer(&list).probe(&ann, 1_800_000_000), "talk").unwrap();
        assert_eq!(probe.purpose, Purpose::Probe(500_000));
        // One purpose's tag is none of another's.
        let forged = ReturnPath { purpose: Purpose::Copy(500_000), ..probe };
        assert!(!forged.is_from(&SECRET, 3, &ann.key()));
    }

    #[test]
    fn long_names_give_way() {
        let list = address("talk@lists.example.org");
        let member = address(&format!("{}@example.org", "a".repeat(64)));
        let written = writer(&list).copy(17, &member);
        let copy = back(&written, "talk").unwrap();
        assert_eq!(copy.member, None);
        assert!(copy.is_from(&SECRET, 3, &member.key()));
        let list = address(&format!("{}@lists.example.org", "l".repeat(52)));
        assert_eq!(writer(&list).post(17), plain(&list));
    }

    #[test]
    fn what_has_no_tag_is_none() {
        for detail in ["", "ann=example.org", "p", "pabcdefghij", "xaabcdefghij", "p+ann=example.org", "pü"] {
            assert_eq!(read(detail), None, "{detail:?}");
        }
        for member in ["ann", "=", "ann=", "=example.org", "ann=exa mple", "ann\n=example.org", "a=]"] {
            assert_eq!(named(member), None, "{member:?}");
        }
    }

    proptest! {
        #[test]
        fn a_member_survives_the_way_there_and_back(
            local in "[-+=a-zA-Z0-9 .\"\\\\@ü]{1,16}",
            domain in "(example\\.org|bücher\\.example|\\[192\\.0\\.2\\.1\\]|\\[IPv6:::1\\]|\\[t:=a=\\])",
            post in 0..i64::MAX,
        ) {
            let list = address("t@lists.example.org");
            let member = address(&format!("x@{domain}")).with_local(&local).unwrap();
            let read = back(&writer(&list).copy(post, &member), "t").unwrap();
            prop_assert_eq!(read.purpose, Purpose::Copy(post));
            prop_assert!(read.is_from(&SECRET, 3, &member.key()));
            prop_assert!(read.member.is_none_or(|named| named == member));
        }

        #[test]
        fn a_tag_with_a_character_changed_is_none_or_forged(at in 0_usize..14, letter in "[a-z2-7]") {
            let list = address("talk@lists.example.org");
            let ann = address("ann@example.org");
            let written = writer(&list).copy(9_999, &ann);
            let detail = written.local().strip_prefix("talk-bounces+").unwrap().to_owned();
            let mut forged = detail.clone();
            forged.replace_range(at..=at, &letter);
            prop_assume!(forged != detail);
            let forged = read(&forged);
            prop_assert!(forged.is_none_or(|read| !read.is_from(&SECRET, 3, &ann.key())), "{detail}");
        }

        #[test]
        fn reading_never_panics(detail in ".{0,40}") {
            let _ = read(&detail);
        }
    }
}
