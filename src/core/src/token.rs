//! Tokens: addresses to which one can only write who was told of them, and what happens then.
//!
//! A token names an act, what it is about, and an hour at which it ends, and has a MAC over these, the list and the person
//! that it was sent to. Nothing is stored for it. It is written in 29 characters that survive being turned into lower or
//! upper case, as mail systems do with local parts: short enough to stand in an address, whose list and sender say whom to
//! compare with. The full form, for subjects and links, names list and person as well.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The secret that tokens are made with.
pub type Secret = [u8; 32];

macro_rules! acts {
    ($($(#[doc = $doc:literal])* $act:ident $number:literal $name:literal,)*) => {
        /// What happens when a token comes back.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Act {
            $($(#[doc = $doc])* $act,)*
        }

        impl Act {
            /// All of them.
            pub const ALL: &'static [Act] = &[$(Act::$act,)*];

            /// The word that is stored and sent.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Act::$act => $name,)* }
            }

            /// Its number in tokens, which stays the same across versions.
            const fn number(self) -> u8 {
                match self { $(Act::$act => $number,)* }
            }
        }
    };
}

acts! {
    /// A held post goes to the members.
    Approve 1 "approve",
    /// The same, and the member's further posts need no approval.
    Trust 2 "trust",
    /// A held post is dropped, and the poster told.
    Reject 3 "reject",
    /// A held post is dropped.
    Discard 4 "discard",
    /// The poster takes a held post back.
    Cancel 5 "cancel",
    /// A person becomes a member; about [`Mode`](crate::member::Mode) as a preference.
    Subscribe 6 "subscribe",
    /// A member leaves.
    Unsubscribe 7 "unsubscribe",
    /// A member leaves, by the link in every copy, which never ends.
    Leave 8 "leave",
    /// A member changes a [`Preference`](crate::member::Preference).
    Set 9 "set",
    /// A member gets nothing more of the thread of a post.
    Mute 10 "mute",
    /// A moderator lets somebody in who asked; about the request.
    Admit 11 "admit",
    /// A moderator turns a request down.
    Deny 12 "deny",
    /// A member whose mail is stopped because it came back gets it again.
    Enable 13 "enable",
}

impl Act {
    /// The opposite of [`Act::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Act> {
        Act::ALL.iter().copied().find(|act| act.name() == name)
    }
}

/// A token that was read, and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it asks for.
    pub act: Act,
    /// What it is about, as the act says: a post, a request, a preference.
    pub about: u32,
    /// List and person, if it names them; not to be believed before [`Token::is_for`] says so.
    pub bearer: Option<(i64, String)>,
    /// Hours since 1970 after which it is worthless; 0 for never.
    hour: u32,
    mac: [u8; MAC],
}

/// Octets of a MAC: 80 bits, which can be guessed at only by asking the daemon.
const MAC: usize = 10;

/// Octets of the head: act, hour, what it is about.
const HEAD: usize = 1 + 3 + 4;

/// Octets of a short token.
const OCTETS: usize = HEAD + MAC;

/// Characters of a short token.
pub const LENGTH: usize = (OCTETS * 8).div_ceil(5);

/// Whom a token is for.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    /// The number of the list, which stays when the list gets another address.
    pub list: i64,
    /// The address in the form for comparison.
    pub key: &'a str,
}

/// Writes a token that ends at `until`, in Unix seconds, to the hour; `None` for one that never ends.
#[must_use]
pub fn write(secret: &Secret, act: Act, about: u32, until: Option<i64>, bearer: Bearer<'_>) -> String {
    encode(&octets(secret, act, about, until, bearer))
}

/// Writes the full form, which names list and person.
#[must_use]
pub fn write_full(secret: &Secret, act: Act, about: u32, until: Option<i64>, bearer: Bearer<'_>) -> String {
    let mut octets = octets(secret, act, about, until, bearer).to_vec();
    octets.extend_from_slice(&bearer.list.to_be_bytes()[4..]);
    octets.extend_from_slice(bearer.key.as_bytes());
    encode(&octets)
}

fn encode(octets: &[u8]) -> String {
    BASE32_NOPAD.encode(octets).to_ascii_lowercase()
}

fn octets(secret: &Secret, act: Act, about: u32, until: Option<i64>, bearer: Bearer<'_>) -> [u8; OCTETS] {
    let hour = until.map_or(0, |until| u32::try_from(until / 3600 + 1).unwrap_or(u32::MAX).min(0x00ff_ffff));
    let mut octets = [0; OCTETS];
    octets[..HEAD].copy_from_slice(&head(act, hour, about));
    let mac = mac(secret, &octets[..HEAD], bearer).finalize().into_bytes();
    octets[HEAD..].copy_from_slice(&mac[..MAC]);
    octets
}

fn head(act: Act, hour: u32, about: u32) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[0] = act.number();
    head[1..4].copy_from_slice(&hour.to_be_bytes()[1..]);
    head[4..].copy_from_slice(&about.to_be_bytes());
    head
}

/// Characters of a full token at most.
const LONGEST: usize = ((OCTETS + 4 + crate::address::MAX_FOREIGN) * 8).div_ceil(5);

/// Reads a token of either form, in any case.
#[must_use]
pub fn read(text: &str) -> Option<Token> {
    if text.len() < LENGTH || text.len() > LONGEST {
        return None;
    }
    let octets = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?;
    let (short, rest) = octets.split_at_checked(OCTETS)?;
    let act = Act::ALL.iter().copied().find(|act| act.number() == short[0])?;
    let number = |octets: &[u8]| octets.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
    let bearer = match rest.split_at_checked(4) {
        None if rest.is_empty() => None,
        Some((list, key)) if !key.is_empty() => {
            Some((i64::from(number(list)), std::str::from_utf8(key).ok()?.to_owned()))
        }
        _ => return None,
    };
    let mut mac = [0; MAC];
    mac.copy_from_slice(&short[HEAD..]);
    Some(Token { act, about: number(&short[4..HEAD]), bearer, hour: number(&short[1..4]), mac })
}

impl Token {
    /// Whether it was written for this bearer.
    #[must_use]
    pub fn is_for(&self, secret: &Secret, bearer: Bearer<'_>) -> bool {
        // Compares in constant time.
        mac(secret, &head(self.act, self.hour, self.about), bearer).verify_truncated_left(&self.mac).is_ok()
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.hour != 0 && now / 3600 > i64::from(self.hour)
    }
}

fn mac(secret: &Secret, octets: &[u8], bearer: Bearer<'_>) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret).unwrap_or_else(|_| unreachable!());
    mac.update(b"mailjam token 1\0");
    mac.update(octets);
    mac.update(&bearer.list.to_be_bytes());
    mac.update(bearer.key.as_bytes());
    mac
}

/// The first token in a text such as a subject: `Re: confirm k5x…`.
#[must_use]
pub fn find(text: &str) -> Option<Token> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: Secret = [7; 32];
    const NOW: i64 = 1_800_000_000;

    const ANN: Bearer<'static> = Bearer { list: 1, key: "ann@example.org" };

    #[test]
    fn a_token_is_for_one_person_one_list_and_a_while() {
        let text = write(&SECRET, Act::Reject, 17, Some(NOW), ANN);
        assert_eq!(text.len(), LENGTH);
        let token = read(&text.to_uppercase()).expect("a token");
        assert_eq!((token.act, token.about, &token.bearer), (Act::Reject, 17, &None));
        assert!(token.is_for(&SECRET, ANN));
        assert!(!token.is_for(&SECRET, Bearer { list: 2, ..ANN }));
        assert!(!token.is_for(&SECRET, Bearer { key: "bob@example.org", ..ANN }));
        assert!(!token.is_for(&[8; 32], ANN));
        assert!(!token.is_over(NOW));
        assert!(token.is_over(NOW + 2 * 3600 + 1));
        assert_eq!(find(&format!("Re: confirm {text}")), Some(token));
        assert_eq!(find("Re: confirm nothing"), None);
    }

    #[test]
    fn a_full_token_names_list_and_person_and_one_that_never_ends_does_not() {
        let text = write_full(&SECRET, Act::Leave, 0, None, ANN);
        let token = read(&text).expect("a token");
        assert_eq!(token.bearer, Some((1, "ann@example.org".to_owned())));
        assert!(token.is_for(&SECRET, ANN) && !token.is_over(i64::MAX / 3600));
    }

    #[test]
    fn the_form_stays_the_same_across_versions() {
        assert_eq!(write(&SECRET, Act::Approve, 1, Some(NOW), ANN), "aed2ciiaaaaadhlr4rrdp5l5fswus");
    }

    fn act() -> impl Strategy<Value = Act> {
        (0..Act::ALL.len()).prop_map(|number| Act::ALL[number])
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            act in act(), about: u32, until in 0_i64..60_000_000_000, list in 0_i64..4_000_000_000, key in "[a-zü]{1,9}@x"
        ) {
            let bearer = Bearer { list, key: &key };
            for text in [write(&SECRET, act, about, Some(until), bearer), write_full(&SECRET, act, about, Some(until), bearer)] {
                let token = read(&text).expect("a token");
                prop_assert_eq!((token.act, token.about), (act, about));
                prop_assert!(token.is_for(&SECRET, bearer));
                prop_assert!(!token.is_over(until));
                prop_assert!(token.bearer.is_none_or(|(of, who)| of == list && who == key));
            }
        }

        #[test]
        fn a_token_with_a_bit_turned_is_none_or_forged(octet in 0..OCTETS, bit in 0..8_u8) {
            let mut octets = octets(&SECRET, Act::Approve, 9, Some(NOW), ANN);
            octets[octet] ^= 1 << bit;
            let forged = read(&encode(&octets));
            prop_assert!(forged.is_none_or(|token| !token.is_for(&SECRET, ANN)));
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}", token in "[a-z2-7]{29,99}") {
            let _ = (find(&text), read(&token));
        }
    }
}
