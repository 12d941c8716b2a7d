//! Signing: the body once for a post, the header for each copy.

use data_encoding::BASE64;
use mailjam_core::message::{Message, MessageError};

use super::{FIELD, Selection};
use crate::canonical::{Canonicalization, hash_body, push_field, push_relaxed};
use crate::domain;
use crate::fold::Fold;
use crate::key::{Algorithm, Key};
use crate::record::{DnsRecord, dns_record};

/// Fields that a list speaks with (RFC 2369, RFC 2919, RFC 8058). With From they are signed once more than they are there, so
/// that nobody on the way can add another (RFC 6376 8.15).
pub(crate) const LIST_FIELDS: [&str; 8] = [
    "List-Id",
    "List-Help",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Post",
    "List-Owner",
    "List-Archive",
];

/// Fields that are signed as often as they are there: what the reader sees, and what the body is read by (RFC 6376 5.4.1).
/// Those that mail systems on the way add or change are not among them.
pub(crate) const SIGNED: [&str; 15] = [
    "Sender",
    "Author",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-Language",
];

/// Why a domain cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Not a domain.
    #[error("{0:?} is no domain that can sign; name one like lists.example.org")]
    Domain(String),
    /// Not a selector.
    #[error("{0:?} is no selector; use letters, digits and hyphens, such as mj2026")]
    Selector(String),
    /// Nothing to sign with, or more than one key of a kind.
    #[error("{domain} has {count} {algorithm} keys to sign with; name one of RSA, and one of Ed25519 if you like")]
    Keys {
        /// The domain.
        domain: String,
        /// Which kind.
        algorithm: Algorithm,
        /// How many.
        count: usize,
    },
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The header is none.
    #[error("the copy cannot be signed: {0}")]
    Header(#[from] MessageError),
    /// The library made none.
    #[error("no {algorithm} signature for {domain}: the system is short of memory or random numbers; try again")]
    Failed {
        /// Whose.
        domain: String,
        /// With which key.
        algorithm: Algorithm,
    },
}

/// What a domain signs with: one key, or one of each kind (RFC 8463 5).
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<(String, Key)>,
}

impl Signer {
    /// A domain with its keys and the selectors under which they are in the DNS.
    ///
    /// # Errors
    /// When a name cannot be in the DNS, there is no key, or there are two of a kind.
    pub fn new(domain: &str, keys: Vec<(String, Key)>) -> Result<Signer, SignerError> {
        let domain = domain::normal(domain).ok_or_else(|| SignerError::Domain(domain.to_owned()))?;
        if let Some((selector, _)) = keys.iter().find(|(selector, _)| !domain::is_name(selector)) {
            return Err(SignerError::Selector(selector.clone()));
        }
        let count = |algorithm| keys.iter().filter(|(_, key)| key.algorithm() == algorithm).count();
        for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
            if keys.is_empty() || count(algorithm) > 1 {
                return Err(SignerError::Keys { domain, algorithm, count: count(algorithm) });
            }
        }
        Ok(Signer { domain, keys })
    }

    /// The domain, in A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What has to be in the DNS, a record for each key.
    #[must_use]
    pub fn dns_records(&self) -> Vec<DnsRecord> {
        self.keys.iter().map(|(selector, key)| dns_record(&self.domain, selector, &key.public())).collect()
    }

    /// The key for where there is only one signature: RSA, if there is one, since every verifier knows it.
    pub(crate) fn first(&self) -> Option<(&str, &Key)> {
        let rsa = self.keys.iter().find(|(_, key)| key.algorithm() == Algorithm::Rsa);
        rsa.or_else(|| self.keys.first()).map(|(selector, key)| (selector.as_str(), key))
    }

    pub(crate) fn failed(&self, key: &Key) -> SignError {
        SignError::Failed { domain: self.domain.clone(), algorithm: key.algorithm() }
    }
}

/// What the copies of a post have in common for whoever signs them: the hash of their body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    body_hash: [u8; 32],
}

impl Prepared {
    /// Hashes a body, which is what follows the empty line, as stored or as it goes on the wire but without doubled dots.
    #[must_use]
    pub fn new(body: &[u8]) -> Prepared {
        Prepared { body_hash: hash_body(Canonicalization::Relaxed, body, None).hash }
    }

    /// The value of `bh`.
    pub(crate) fn encoded(&self) -> String {
        BASE64.encode(&self.body_hash)
    }

    /// DKIM-Signature fields, one for each key, for a copy with this header. They go before it, and nothing that they sign
    /// may change any more; the empty line behind a header may be there or not. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When the header is none, or the system is short of something.
    pub fn sign(&self, signer: &Signer, header: &[u8], now: i64) -> Result<Vec<u8>, SignError> {
        let message = Message::parse(header)?;
        let names = signed_names(&message, &[]);
        let mut fields = Vec::new();
        for (selector, key) in &signer.keys {
            let start = ["v=1;".to_owned()];
            let mut fold = self.begin(FIELD, &start, signer, selector, key, now);
            push_names(&mut fold, &names);
            let signed = canonical_header(&message, &names, FIELD, &fold);
            let signature = key.sign(&signed).ok_or_else(|| signer.failed(key))?;
            fold.join_long(&BASE64.encode(&signature));
            fields.extend(fold.finish());
        }
        Ok(fields)
    }

    /// A field with the tags that DKIM-Signature and ARC-Message-Signature share (RFC 6376 3.5), up to `bh`.
    pub(crate) fn begin(
        &self,
        name: &str,
        start: &[String],
        signer: &Signer,
        selector: &str,
        key: &Key,
        now: i64,
    ) -> Fold {
        let mut fold = Fold::new(name);
        for word in start {
            fold.word(word);
        }
        fold.word(&format!("a={};", key.algorithm().tag()));
        fold.word("c=relaxed/relaxed;");
        fold.word(&format!("d={};", signer.domain));
        fold.word(&format!("s={selector};"));
        fold.word(&format!("t={};", now.max(0)));
        fold.word(&format!("bh={};", self.encoded()));
        fold
    }
}

/// The tags `h` and, without its value, `b`.
pub(crate) fn push_names(fold: &mut Fold, names: &[&str]) {
    fold.word("h=");
    for (index, name) in names.iter().enumerate() {
        let end = if index + 1 == names.len() { ";" } else { ":" };
        fold.join(&format!("{name}{end}"));
    }
    fold.word("b=");
}

/// What `h` lists for a message: From and what the list says once more than they are there, the others as often as they are
/// there, `more` among them.
pub(crate) fn signed_names<'n>(message: &Message, more: &[&'n str]) -> Vec<&'n str> {
    let count = |name: &str| message.fields().iter().filter(|field| field.is(name)).count();
    let oversigned = std::iter::once("From").chain(LIST_FIELDS).map(|name| (name, count(name) + 1));
    let signed = SIGNED.into_iter().chain(more.iter().copied()).map(|name| (name, count(name)));
    oversigned.chain(signed).flat_map(|(name, times)| std::iter::repeat_n(name, times)).collect()
}

/// What is signed (RFC 6376 3.7): the fields that `names` lists, and the signature's own field without its line end and
/// without a signature.
pub(crate) fn canonical_header(message: &Message, names: &[&str], own: &str, fold: &Fold) -> Vec<u8> {
    let mut selection = Selection::new(message, None);
    let mut out = Vec::with_capacity(message.header().len());
    for name in names {
        if let Some(field) = selection.next(name) {
            push_field(&mut out, Canonicalization::Relaxed, field);
        }
    }
    push_relaxed(&mut out, own, fold.value());
    out.truncate(out.len() - b"\r\n".len());
    out
}
