//! A mailing list as the rules see it, and the names a list may have.

use crate::address::{Address, AddressError};
use crate::recipient;
use crate::settings::Settings;

/// A mailing list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Posting address.
    pub address: Address,
    /// Identifier for `List-Id` (RFC 2919), such as `talk.lists.example.org`; stays when the address changes.
    pub list_id: String,
    /// Whether posts are refused for now.
    pub closed: bool,
    /// What the owner chose.
    pub settings: Settings,
}

impl List {
    /// Whether an address is one of the list's own: the list itself, or with an extension such as `-owner`.
    #[must_use]
    pub fn owns(&self, address: &Address) -> bool {
        let local = address.local().to_lowercase();
        address.ascii_domain() == self.address.ascii_domain()
            && (local == self.address.local()
                || recipient::readings(&local).any(|(name, _)| name == self.address.local()))
    }
}

/// Why a list cannot have a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not an address.
    #[error("{address:?} is no address: {error}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// It ends as one of the addresses of another list could.
    #[error("{address} ends in -{extension}, which is the {extension} address of a list {base:?}")]
    Extension {
        /// What was given.
        address: String,
        /// The list that this would be an address of.
        base: String,
        /// The extension.
        extension: &'static str,
    },
    /// Mail systems need the name themselves (RFC 2142, RFC 5321 4.5.1).
    #[error("{address}: every domain needs {local} for itself (RFC 2142); choose another name")]
    Reserved {
        /// What was given.
        address: String,
        /// The local part.
        local: String,
    },
    /// So long that the list's other addresses would not fit.
    #[error("{address}: the part before the @ may have {limit} octets, so that -unsubscribe fits behind it")]
    Long {
        /// What was given.
        address: String,
        /// Octets permitted.
        limit: usize,
    },
    /// Quoted local parts and address literals are legal and break in too many programs.
    #[error("{address}: a list is named with letters, digits and . _ - in a domain, without quotes or brackets")]
    Odd {
        /// What was given.
        address: String,
    },
}

/// Octets of a list's local part: 64 (RFC 5321 4.5.3.1.1) less `-unsubscribe`.
pub const MAX_LOCAL: usize = 64 - "-unsubscribe".len();

/// Names that a domain needs for itself.
const RESERVED: &[&str] =
    &["postmaster", "abuse", "hostmaster", "webmaster", "mailer-daemon", "root", "noc", "security"];

/// Checks the posting address of a new list; lower-cases it, as lists are known.
pub fn posting_address(text: &str) -> Result<Address, NameError> {
    let odd = || NameError::Odd { address: text.to_owned() };
    let lower = text.trim().to_lowercase();
    let address = Address::parse(&lower).map_err(|error| NameError::Address { address: text.to_owned(), error })?;
    let local = address.local();
    if !local.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')) || local.starts_with('-') {
        return Err(odd());
    }
    if address.domain().starts_with('[') {
        return Err(odd());
    }
    if local.len() > MAX_LOCAL {
        return Err(NameError::Long { address: text.to_owned(), limit: MAX_LOCAL });
    }
    if RESERVED.contains(&local) {
        return Err(NameError::Reserved { address: text.to_owned(), local: local.to_owned() });
    }
    if let Some((base, extension)) = recipient::readings(local).next() {
        let extension = extension.kind.name();
        return Err(NameError::Extension { address: text.to_owned(), base: base.to_owned(), extension });
    }
    Ok(address)
}

/// The `List-Id` of a new list: its address with a dot for the `@` (RFC 2919 section 2), in ASCII. An octet beyond ASCII is
/// written as `=` and two hexadecimal digits, so that no two addresses share an identifier.
#[must_use]
pub fn list_id(address: &Address) -> String {
    let mut id = String::new();
    for byte in address.local().bytes() {
        if byte.is_ascii() {
            id.push(byte.into());
        } else {
            id.push_str(&format!("={byte:02x}"));
        }
    }
    id.push('.');
    id.push_str(&address.ascii_domain());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_cased_and_has_a_list_id() {
        let address = posting_address("Talk@Lists.Example.ORG").expect("a good name");
        assert_eq!(address.to_string(), "talk@lists.example.org");
        assert_eq!(list_id(&address), "talk.lists.example.org");
        let address = posting_address("übung@example.org").expect("a good name");
        assert_eq!(list_id(&address), "=c3=bcbung.example.org");
    }

    #[test]
    fn names_that_would_be_ambiguous_or_break_elsewhere_are_refused() {
        for name in [
            "x-request@example.org",
            "x+owner@example.org",
            "x-bounces-y@example.org",
            "postmaster@example.org",
            "\"a b\"@example.org",
            "a+b@example.org",
            "-x@example.org",
            "talk@[127.0.0.1]",
            "talk",
        ] {
            assert!(posting_address(name).is_err(), "{name}");
        }
        let long = format!("{}@example.org", "x".repeat(MAX_LOCAL + 1));
        assert!(matches!(posting_address(&long), Err(NameError::Long { .. })));
        for name in ["dev-talk@example.org", "owner@example.org", "request-tracker@example.org", "übung@example.org"] {
            assert!(posting_address(name).is_ok(), "{name}");
        }
    }
}
