//! Mail addresses: parsed strictly, printed with the least quoting, compared by what they mean.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// Octets of a local part that every mail system must take (RFC 5321 4.5.3.1.1).
pub const MAX_LOCAL: usize = 64;
/// Octets of a domain (RFC 5321 4.5.3.1.2).
pub const MAX_DOMAIN: usize = 255;
/// Octets of a whole address: a path of 256 less its angle brackets (RFC 5321 4.5.3.1.3).
pub const MAX_ADDRESS: usize = 254;
/// Octets of somebody else's address, see [`Address::parse_foreign`]: 64, `@` and 255, split in any way.
pub const MAX_FOREIGN: usize = 320;

/// A mailbox as RFC 5321 4.1.2 writes it, with UTF-8 as RFC 6531 3.3 adds it: `local@domain`.
///
/// Two addresses are equal when their [`key`](Address::key)s are, so `"Ann"@EXAMPLE.org` equals `ann@example.org`;
/// what was written is kept and comes back from [`local`](Address::local), [`domain`](Address::domain) and `Display`.
/// No control character can be in one, so an address can be written into a header or an SMTP command as it is.
#[derive(Clone)]
pub struct Address {
    /// The local part without its quoting, `@`, the domain.
    text: String,
    at: usize,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing before or behind it.
    #[error("it must have the form local@domain")]
    Incomplete,
    /// The local part breaks a rule.
    #[error("the part before the @ has {found:?} where RFC 5321 allows none; put it in quotes if it is meant")]
    Local {
        /// The first character that may not stand where it stands.
        found: char,
    },
    /// A quoted local part does not end in a quote right before the `@`.
    #[error("the quotes before the @ are not closed")]
    Quotes,
    /// The domain is neither a domain name nor an address literal.
    #[error("{domain:?} is no domain name")]
    Domain {
        /// What stands behind the `@`.
        domain: String,
    },
    /// A control character, which would end the line that the address is written to.
    #[error("it contains the control character {found:?}")]
    Control {
        /// The first one.
        found: char,
    },
    /// It is longer than mail systems pass on.
    #[error("its {part} has {octets} octets, and mail systems take {limit}")]
    TooLong {
        /// Which part is too long.
        part: &'static str,
        /// How long it is.
        octets: usize,
        /// How long it may be.
        limit: usize,
    },
}

impl Address {
    /// Reads an address that is to be kept or written to: the sizes of RFC 5321 4.5.3.1 (64, 255 and 254 octets, counted
    /// without quoting) are limits here, because what exceeds them need not be accepted by the member's mail system.
    ///
    /// `text` is the bare mailbox without angle brackets, display name or spaces around it.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let address = Address::parse_foreign(text)?;
        limit("local part", address.at, MAX_LOCAL)?;
        limit("whole", address.text.len(), MAX_ADDRESS)?;
        Ok(address)
    }

    /// Reads an address that is only looked at: an envelope sender, an author. The grammar is the same, but the local part
    /// may be as long as it likes within 320 octets, since other people's VERP and SRS tags overrun 64 and their mail
    /// arrives nevertheless.
    pub fn parse_foreign(text: &str) -> Result<Address, AddressError> {
        if let Some(found) = text.chars().find(|c| is_control(*c)) {
            return Err(AddressError::Control { found });
        }
        let (local, domain) = split(text)?;
        let at = local.len();
        limit("domain", domain.len(), MAX_DOMAIN)?;
        limit("whole", at + 1 + domain.len(), MAX_FOREIGN)?;
        if !is_domain(domain) && !is_address_literal(domain) {
            return Err(AddressError::Domain { domain: domain.to_owned() });
        }
        let mut text = local.into_owned();
        text.push('@');
        text.push_str(domain);
        Ok(Address { text, at })
    }

    /// The local part without quotes and backslashes: `john doe` of `"john doe"@example.org`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain as it was written, or the address literal with its brackets.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The form to compare and look up by: the domain in lower-case A-labels (RFC 5890), the local part in lower case and
    /// NFC (RFC 6530 10.1) without needless quotes.
    ///
    /// RFC 5321 2.4 leaves the case of a local part to its host, but no host worth the name tells `Ann` from `ann`, and
    /// people write both.
    pub fn key(&self) -> String {
        let local = if self.local().is_ascii() {
            self.local().to_ascii_lowercase()
        } else {
            self.local().to_lowercase().nfc().collect()
        };
        let mut key = String::with_capacity(self.text.len());
        push_local(&mut key, &local);
        key.push('@');
        key.push_str(&self.ascii_domain());
        key
    }

    /// The domain in lower-case A-labels, as DNS and older mail systems know it.
    pub fn ascii_domain(&self) -> Cow<'_, str> {
        let domain = self.domain();
        if domain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'_') {
            return Cow::Borrowed(domain);
        }
        if domain.starts_with('[') {
            return Cow::Owned(domain.to_ascii_lowercase());
        }
        to_ascii(domain).unwrap_or_else(|| Cow::Owned(domain.to_lowercase()))
    }

    /// Whether a mail system needs SMTPUTF8 (RFC 6531) to take this address. A domain alone does not: its A-labels do.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The address for MAIL and RCPT: as `Display`, but with an ASCII domain wherever the local part is ASCII too, so that
    /// an internationalised domain reaches hosts without SMTPUTF8.
    pub fn envelope(&self) -> String {
        if self.text.is_ascii() || self.needs_smtputf8() {
            return self.to_string();
        }
        let mut text = String::with_capacity(self.text.len() + 8);
        push_local(&mut text, self.local());
        text.push('@');
        text.push_str(&self.ascii_domain());
        text
    }

    /// The same domain with another local part, given without quoting.
    pub fn with_local(&self, local: &str) -> Result<Address, AddressError> {
        let mut text = String::with_capacity(local.len() + self.text.len());
        push_local(&mut text, local);
        text.push('@');
        text.push_str(self.domain());
        Address::parse(&text)
    }

    /// The same address with `suffix` behind the local part: `talk@…` and `-owner` give `talk-owner@…`. The length is not
    /// looked at: who names a list leaves room for the suffixes.
    pub fn with_suffix(&self, suffix: &str) -> Address {
        debug_assert!(suffix.bytes().all(|b| is_atext(b.into()) || b == b'.'));
        let mut text = self.text.clone();
        text.insert_str(self.at, suffix);
        Address { text, at: self.at + suffix.len() }
    }

    fn same_text(&self, other: &Address) -> bool {
        self.at == other.at && self.text == other.text
    }
}

/// The address behind a BATV tag (draft-levine-smtp-batv): `ann@…` of `prvs=0123456789=ann@…`, also in Barracuda's spelling
/// `btv1==0123456789==ann@…`. An address without such a tag comes back as it is.
///
/// For comparing a sender with members only: whoever answers must answer to the tagged form.
pub fn unwrap_batv(address: &Address) -> Address {
    for (prefix, end) in [("prvs=", "="), ("btv1==", "==")] {
        let local = address.local();
        let Some(head) = local.get(..prefix.len()) else { continue };
        if !head.eq_ignore_ascii_case(prefix) {
            continue;
        }
        if let Some((tag, user)) = local[prefix.len()..].split_once(end)
            && !tag.is_empty()
            && tag.bytes().all(|b| b.is_ascii_alphanumeric())
            && !user.is_empty()
        {
            return Address { text: format!("{user}@{}", address.domain()), at: user.len() };
        }
    }
    address.clone()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(self.local()) {
            return f.write_str(&self.text);
        }
        let mut local = String::with_capacity(self.at + 4);
        push_local(&mut local, self.local());
        write!(f, "{local}@{}", self.domain())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        self.same_text(other) || self.key() == other.key()
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        Address::parse(text)
    }
}

fn limit(part: &'static str, octets: usize, limit: usize) -> Result<(), AddressError> {
    if octets > limit {
        return Err(AddressError::TooLong { part, octets, limit });
    }
    Ok(())
}

/// Controls, and the two Unicode separators that some programs take for the end of a line.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// RFC 5322 3.2.3 atext, with the UTF-8 of RFC 6531 3.3.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii()
}

fn is_dot_string(local: &str) -> bool {
    !local.is_empty() && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn push_local(out: &mut String, local: &str) {
    if is_dot_string(local) {
        return out.push_str(local);
    }
    out.push('"');
    for c in local.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Parts the two sides of the `@`, the left one without its quoting. An empty quoted local part is legal in RFC 5321 and
/// refused here, as by the mail systems themselves: nobody can be reached there.
fn split(text: &str) -> Result<(Cow<'_, str>, &str), AddressError> {
    let (local, domain) = match text.strip_prefix('"') {
        Some(rest) => split_quoted(rest)?,
        None => {
            let (local, domain) = text.split_once('@').ok_or(AddressError::Incomplete)?;
            (Cow::Borrowed(local), domain)
        }
    };
    if local.is_empty() || domain.is_empty() {
        return Err(AddressError::Incomplete);
    }
    if !text.starts_with('"') && !is_dot_string(&local) {
        let found = local.chars().find(|c| !is_atext(*c) && *c != '.').unwrap_or('.');
        return Err(AddressError::Local { found });
    }
    Ok((local, domain))
}

fn split_quoted(rest: &str) -> Result<(Cow<'_, str>, &str), AddressError> {
    let mut local = String::new();
    let mut chars = rest.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => {
                let domain = rest[i + 1..].strip_prefix('@').ok_or(AddressError::Quotes)?;
                return Ok((Cow::Owned(local), domain));
            }
            // RFC 5321 4.1.2 quoted-pairSMTP: ASCII only.
            '\\' => match chars.next() {
                Some((_, escaped)) if escaped.is_ascii() => local.push(escaped),
                Some((_, found)) => return Err(AddressError::Local { found }),
                None => return Err(AddressError::Quotes),
            },
            _ => local.push(c),
        }
    }
    Err(AddressError::Quotes)
}

fn is_domain(domain: &str) -> bool {
    match to_ascii(domain) {
        Some(ascii) => ascii.len() <= MAX_DOMAIN && ascii.split('.').all(is_label),
        None => false,
    }
}

/// Letters, digits and hyphens (RFC 5321 4.1.2), and the underscore that some hosts have all the same.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Lower-case A-labels, or `None` for a name that IDNA (UTS 46) forbids.
fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() && !domain.to_ascii_lowercase().contains("xn--") {
        return Some(Cow::Owned(domain.to_ascii_lowercase()));
    }
    idna::domain_to_ascii(domain).ok().map(Cow::Owned)
}

/// RFC 5321 4.1.3.
fn is_address_literal(domain: &str) -> bool {
    let Some(inner) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) else { return false };
    if let Some(v6) = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")) {
        return inner[v6.len()..].parse::<Ipv6Addr>().is_ok();
    }
    if let Some((tag, content)) = inner.split_once(':') {
        return is_label(tag) && !content.is_empty() && content.bytes().all(|b| matches!(b, 33..=90 | 94..=126));
    }
    inner.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests;
