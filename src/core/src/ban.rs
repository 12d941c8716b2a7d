//! Bans: addresses, domains and patterns that may not post.

use crate::address::Address;

/// Octets of a pattern at most.
const LONGEST: usize = 320;

/// Why a text bans nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Neither address nor domain nor pattern.
    #[error(
        "{pattern:?} is neither an address, nor a domain such as example.org, nor a pattern with * or ? such as *@*.example.org"
    )]
    Form {
        /// What was given.
        pattern: String,
    },
    /// Everybody would be banned.
    #[error("{pattern:?} would ban everybody; \"mailjam-cli list close\" closes a list")]
    Everybody {
        /// What was given.
        pattern: String,
    },
}

/// Reads a ban as somebody wrote it; answers the form that is stored and compared: an address, a domain, or a pattern over
/// the whole address with `*` for anything and `?` for one character.
pub fn pattern(text: &str) -> Result<String, PatternError> {
    let wrong = || PatternError::Form { pattern: text.to_owned() };
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong());
    }
    if is_pattern(text) {
        if text.chars().all(|c| matches!(c, '*' | '?' | '@' | '.')) {
            return Err(PatternError::Everybody { pattern: text.to_owned() });
        }
        return in_ascii(&text.to_lowercase()).ok_or_else(wrong);
    }
    let domain = text.strip_prefix('@').unwrap_or(text);
    if domain.contains('@') {
        return Address::parse_foreign(text).map(|address| address.key()).map_err(|_| wrong());
    }
    match Address::parse_foreign(&format!("x@{domain}")) {
        Ok(address) if domain.contains('.') => Ok(address.ascii_domain().into_owned()),
        _ => Err(wrong()),
    }
}

/// A pattern with the labels of its domain in ASCII, in which addresses are compared; `None` for a label beyond ASCII that
/// has a `*` or `?` in it, and so none of its own.
fn in_ascii(pattern: &str) -> Option<String> {
    let (local, domain) = pattern.rsplit_once('@').unwrap_or(("", pattern));
    let labels: Option<Vec<String>> = domain
        .split('.')
        .map(|label| {
            if label.is_ascii() {
                return Some(label.to_owned());
            }
            let whole = Address::parse_foreign(&format!("x@{label}")).ok().filter(|_| !is_pattern(label));
            whole.map(|address| address.ascii_domain().into_owned())
        })
        .collect();
    let domain = labels?.join(".");
    Some(if pattern.contains('@') { format!("{local}@{domain}") } else { domain })
}

/// Whether a stored ban has to be matched, and cannot be looked up.
#[must_use]
pub fn is_pattern(ban: &str) -> bool {
    ban.contains(['*', '?'])
}

/// All bans that hold an address, but patterns: itself, its domain and every domain above. The address is in the form for
/// comparison.
#[must_use]
pub fn exact(key: &str) -> Vec<String> {
    let mut bans = vec![key.to_owned()];
    let mut domain = key.rsplit_once('@').map(|(_, domain)| domain);
    while let Some(name) = domain {
        bans.push(name.to_owned());
        domain = name.split_once('.').map(|(_, above)| above);
    }
    bans
}

/// Whether a stored ban holds an address, which is in the form for comparison.
#[must_use]
pub fn holds(ban: &str, key: &str) -> bool {
    if is_pattern(ban) { matches(ban.as_bytes(), key.as_bytes()) } else { exact(key).iter().any(|one| one == ban) }
}

/// Matches `*` and `?` in time that grows with both lengths multiplied at worst. Bytes will do: `?` for a character beyond
/// ASCII is written as `*`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bans_hold_whom_they_name() {
        for (text, held, free) in [
            ("Eve@Evil.example", "eve@evil.example", "ann@evil.example"),
            ("evil.example", "ann@mail.evil.example", "ann@notevil.example"),
            ("@bücher.example", "ann@xn--bcher-kva.example", "ann@example"),
            ("spam*@example.org", "spammer@example.org", "nospam@example.org"),
            ("*@*.evil.example", "a@b.evil.example", "a@evil.example"),
            ("*@*.bücher.example", "a@b.xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("eve?@example.org", "eve1@example.org", "eve12@example.org"),
        ] {
            let ban = pattern(text).expect(text);
            assert!(holds(&ban, held), "{ban} {held}");
            assert!(!holds(&ban, free), "{ban} {free}");
        }
    }

    #[test]
    fn what_bans_nobody_or_everybody_is_refused() {
        for text in ["", "eve", "a b@example.org", "eve@", "@", "x\u{0}@example.org"] {
            assert!(matches!(pattern(text), Err(PatternError::Form { .. })), "{text:?}");
        }
        for text in ["*", "*@*", "?*@*.*"] {
            assert!(matches!(pattern(text), Err(PatternError::Everybody { .. })), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_an_address_holds_it(key in "[a-z]{1,8}@[a-z]{1,5}\\.[a-z]{2,3}", at in 0_usize..8) {
            let mut ban = key.clone();
            let at = at.min(ban.len() - 1);
            ban.replace_range(at..=at, "*");
            prop_assert!(holds(&ban, &key));
        }

        #[test]
        fn matching_never_panics(ban in "[ab*?@.]{0,20}", key in "[ab@.]{0,20}") {
            let _ = holds(&ban, &key);
        }
    }
}
