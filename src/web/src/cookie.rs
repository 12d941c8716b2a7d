//! Cookies and what they prove: the session, and for those who have none a number of their own, from which forms get
//! the token that shows they came from a page of ours.

use ring::rand::SecureRandom as _;
use ring::{hmac, rand};

use crate::site::Site;

/// What the daemon lets no session outlive, in seconds: 90 days.
const LONGEST: u32 = 90 * 86_400;

/// The names of the two cookies, as the site's address permits them. The prefixes make browsers refuse what others set,
/// such as a page on a sibling host (draft-ietf-httpbis-rfc6265bis 4.1.3).
#[derive(Clone, Debug)]
pub struct Cookies {
    session: String,
    visit: String,
    path: String,
    secure: bool,
}

/// What a request brought.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    pub session: Option<String>,
    pub visit: Option<String>,
}

impl Cookies {
    #[must_use]
    pub fn new(site: &Site) -> Cookies {
        let prefix = match (site.secure, site.base.is_empty()) {
            (false, _) => "",
            (true, true) => "__Host-",
            (true, false) => "__Secure-",
        };
        let path = if site.base.is_empty() { "/" } else { &site.base };
        Cookies {
            session: format!("{prefix}mailjam"),
            visit: format!("{prefix}mailjam-visit"),
            path: path.to_owned(),
            secure: site.secure,
        }
    }

    /// Reads the fields `Cookie`. Of several cookies with a name the first counts, which is the most specific one
    /// (RFC 6265 5.4).
    pub fn read<'h>(&self, fields: impl Iterator<Item = &'h str>) -> Brought {
        let mut brought = Brought::default();
        for (name, value) in fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.split_once('=')) {
            let value = value.trim();
            let slot = match name.trim() {
                name if name == self.session => &mut brought.session,
                name if name == self.visit => &mut brought.visit,
                _ => continue,
            };
            // What was not made here does not travel on.
            let ours = (16..=200).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if slot.is_none() && ours {
                *slot = Some(value.to_owned());
            }
        }
        brought
    }

    /// Keeps a session. The daemon ends it, and later each time it is used; the cookie only must not end before.
    #[must_use]
    pub fn keep_session(&self, token: &str) -> String {
        format!("{}; Max-Age={LONGEST}", self.set(&self.session, token))
    }

    /// Forgets the session.
    #[must_use]
    pub fn drop_session(&self) -> String {
        format!("{}; Max-Age=0", self.set(&self.session, ""))
    }

    /// Keeps the visitor's number until the browser is closed.
    #[must_use]
    pub fn keep_visit(&self, visit: &str) -> String {
        self.set(&self.visit, visit)
    }

    fn set(&self, name: &str, value: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path={}; HttpOnly; SameSite=Lax{secure}", self.path)
    }
}

/// A number for somebody who has no session; `None` if the system has no randomness.
#[must_use]
pub fn new_visit() -> Option<String> {
    let mut bytes = [0; 20];
    rand::SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

/// What a form must bring back: only who knows the cookie can say it, and it tells nothing of the cookie.
#[must_use]
pub fn form_token(secret: &str) -> String {
    hex(hmac::sign(&key(secret), FORM).as_ref())
}

/// Whether a form brought that back.
#[must_use]
pub fn is_form_token(secret: &str, token: &str) -> bool {
    let bytes: Option<Vec<u8>> = token
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2))
        .collect();
    bytes.is_some_and(|bytes| hmac::verify(&key(secret), FORM, &bytes).is_ok())
}

const FORM: &[u8] = b"mailjam-web form";

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cookies(url: &str) -> Cookies {
        Cookies::new(&Site::read(url).expect("an address"))
    }

    #[test]
    fn names_and_attributes_follow_the_address() {
        let set = cookies("https://lists.example.org").keep_session("0123456789abcdef");
        assert!(set.starts_with("__Host-mailjam=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age="));
        let set = cookies("https://lists.example.org/mail").keep_session("0123456789abcdef");
        assert!(set.starts_with("__Secure-mailjam=0123456789abcdef; Path=/mail; HttpOnly; SameSite=Lax; Secure"));
        let set = cookies("").keep_session("0123456789abcdef");
        assert!(set.starts_with("mailjam=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax; Max-Age="), "{set}");
    }

    #[test]
    fn only_cookies_of_our_making_are_read() {
        let read = |text: &str| cookies("https://lists.example.org").read([text].into_iter());
        assert_eq!(read("a=b; __Host-mailjam=0123456789abcdef").session.as_deref(), Some("0123456789abcdef"));
        for bad in ["mailjam=0123456789abcdef", "__Host-mailjam=short", "__Host-mailjam=0123456789abcdef\"x", ""] {
            assert_eq!(read(bad).session, None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_no_token_and_no_harm(field: String, token: String, secret: String) {
            let _ = cookies("").read([field.as_str()].into_iter());
            prop_assert!(!is_form_token(&secret, &token));
            prop_assert!(is_form_token(&secret, &form_token(&secret)));
        }
    }

    #[test]
    fn a_form_token_fits_one_cookie_only() {
        let token = form_token("one");
        assert!(is_form_token("one", &token));
        for wrong in ["", "0", "zz", "é", &token[2..], &form_token("two")] {
            assert!(!is_form_token("one", wrong), "{wrong}");
        }
    }
}
