//! Keys in the DNS (RFC 6376 3.6.1).

use std::fmt;

use data_encoding::BASE64;

use crate::key::{Algorithm, PublicKey};
use crate::tags::Tags;

/// Octets of one string in a TXT record (RFC 1035 3.3).
const MOST: usize = 255;

/// What to put into the DNS so that the signatures of a key can be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// The name of the record: `SELECTOR._domainkey.DOMAIN`.
    pub name: String,
    /// Its text, in strings of at most 255 octets, all ASCII and none with a quote or a backslash.
    pub strings: Vec<String>,
}

impl fmt::Display for DnsRecord {
    /// The line of a zone file (RFC 1035 5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. IN TXT (", self.name)?;
        for string in &self.strings {
            write!(f, " \"{string}\"")?;
        }
        f.write_str(" )")
    }
}

/// The record of a key.
#[must_use]
pub fn dns_record(domain: &str, selector: &str, key: &PublicKey) -> DnsRecord {
    let kind = match key.algorithm() {
        Algorithm::Rsa => "rsa",
        Algorithm::Ed25519 => "ed25519",
    };
    let text = format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&key.to_record()));
    let mut strings = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (string, after) = rest.split_at(rest.len().min(MOST));
        strings.push(string.to_owned());
        rest = after;
    }
    DnsRecord { name: record_name(domain, selector), strings }
}

/// Where the key of a signature is.
pub(crate) fn record_name(domain: &str, selector: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// A key record, as far as it is one for mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRecord {
    /// The key; `None` when it was revoked.
    pub(crate) key: Option<PublicKey>,
    /// Whether `i` in a signature may not name a subdomain.
    pub(crate) strict: bool,
}

impl KeyRecord {
    /// Reads a record; `None` when it is none, or has no key that mail can be signed with by SHA-256.
    pub(crate) fn parse(text: &str) -> Option<KeyRecord> {
        let tags = Tags::parse(text)?;
        if tags.get("v").is_some_and(|version| version != "DKIM1" || tags.first() != "v") {
            return None;
        }
        let algorithm = Algorithm::of_key_type(tags.get("k").unwrap_or("rsa"))?;
        let hashes = tags.words("h").is_none_or(|hashes| hashes.iter().any(|hash| hash.eq_ignore_ascii_case("sha256")));
        let mail = tags.words("s").is_none_or(|services| {
            services.iter().any(|service| *service == "*" || service.eq_ignore_ascii_case("email"))
        });
        if !hashes || !mail {
            return None;
        }
        let strict = tags.words("t").is_some_and(|flags| flags.iter().any(|flag| flag.eq_ignore_ascii_case("s")));
        let key = match tags.get("p")? {
            "" => None,
            _ => Some(PublicKey::of_record(algorithm, &tags.bytes("p")?)?),
        };
        Some(KeyRecord { key, strict })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::Key;

    fn rsa() -> PublicKey {
        Key::from_pem("test", include_bytes!("../tests/keys/rsa-pkcs1.pem")).expect("a key").public()
    }

    #[test]
    fn a_record_is_read_again() {
        let ed25519 = Key::from_pem("test", include_bytes!("../tests/keys/ed25519.pem")).expect("a key").public();
        for key in [rsa(), ed25519] {
            let record = dns_record("lists.example.org", "mj1", &key);
            assert_eq!(record.name, "mj1._domainkey.lists.example.org");
            assert!(record.strings.iter().all(|string| (1..=MOST).contains(&string.len())));
            assert_eq!(KeyRecord::parse(&record.strings.concat()), Some(KeyRecord { key: Some(key), strict: false }));
        }
        let record = dns_record("example.org", "s", &rsa());
        assert_eq!(record.strings.len(), 2);
        let line = record.to_string();
        assert!(
            line.starts_with("s._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; p=MII") && line.ends_with("\" )")
        );
    }

    #[test]
    fn only_keys_for_mail_count() {
        let p = BASE64.encode(&rsa().to_record());
        for text in ["p=", "v=DKIM1; p=", "k=rsa; s=email:x; h=sha1:sha256; p="] {
            assert!(KeyRecord::parse(&format!("{text}{p}")).is_some_and(|record| record.key.is_some()), "{text}");
        }
        assert_eq!(KeyRecord::parse("v=DKIM1; p="), Some(KeyRecord { key: None, strict: false }));
        assert!(KeyRecord::parse(&format!("t=y:s; p={p}")).is_some_and(|record| record.strict));
        for text in
            ["v=DKIM2; p=", "p=!;x=", "k=dsa; p=", "s=other; p=", "h=sha1; p=", "k=rsa; v=DKIM1; p=", "k=ed25519; p="]
        {
            assert_eq!(KeyRecord::parse(&format!("{text}{p}")), None, "{text}");
        }
        assert_eq!(KeyRecord::parse("v=spf1 -all"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(v=DKIM1; ?)?(k=(rsa|ed25519); ?)?(p=[A-Za-z0-9+/]{0,60}={0,2};?)?[a-z=;: ]{0,20}") {
            let _ = KeyRecord::parse(&text);
        }
    }
}
