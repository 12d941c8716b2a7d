//! Verifying what others signed (RFC 6376 6).

use mailjam_core::message::{Field, Message};

use super::{FIELD, Selection};
use crate::canonical::{BodyHashes, Canonicalization, push_field, push_relaxed};
use crate::dns::{Resolver, Temporary};
use crate::domain;
use crate::key::Algorithm;
use crate::record::{KeyRecord, record_name};
use crate::tags::{Tags, without_signature};

/// Names in `h` that are looked at.
const MOST_NAMES: usize = 1000;

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The field cannot be read, or lacks something.
    #[error("the signature is malformed")]
    Malformed,
    /// RSA with SHA-1, or something that is not known here.
    #[error("the signature's algorithm is not in use any more, or not yet")]
    Algorithm,
    /// Its time is over, or begins later.
    #[error("the signature has expired")]
    Expired,
    /// The body is another one.
    #[error("the body was changed")]
    Body,
    /// There is no key, it was revoked, or is not meant for this.
    #[error("the domain has no such key")]
    NoKey,
    /// The header is another one, or somebody else signed.
    #[error("the header was changed")]
    Header,
}

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is genuine.
    Pass,
    /// It is not.
    Fail(Failure),
    /// The key could not be looked up now.
    Unknown(Temporary),
}

/// A DKIM-Signature, or an ARC-Message-Signature, which has the same tags.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) domain: String,
    selector: String,
    algorithm: Algorithm,
    header: Canonicalization,
    body: Canonicalization,
    names: Vec<String>,
    body_hash: Vec<u8>,
    signature: Vec<u8>,
    /// Domain of the user or agent who signed.
    agent: Option<String>,
    /// Octets of the body that were signed.
    limit: Option<u64>,
    expires: Option<u64>,
    signed: Option<u64>,
}

impl Signature {
    /// Reads a DKIM-Signature (RFC 6376 3.5, 6.1.1).
    pub(crate) fn parse(text: &str) -> Result<Signature, Failure> {
        let tags = Tags::parse(text).ok_or(Failure::Malformed)?;
        if tags.get("v") != Some("1") {
            return Err(Failure::Malformed);
        }
        let mut signature = Signature::of_tags(&tags)?;
        if let Some(agent) = tags.get("i") {
            let agent = agent.rsplit_once('@').and_then(|(_, domain)| domain::normal(domain));
            let within = |agent: &String| domain::is_within(agent, &signature.domain);
            signature.agent = Some(agent.filter(within).ok_or(Failure::Malformed)?);
        }
        Ok(signature)
    }

    /// Reads the tags that both kinds have.
    pub(crate) fn of_tags(tags: &Tags) -> Result<Signature, Failure> {
        let algorithm = Algorithm::of_tag(tags.get("a").ok_or(Failure::Malformed)?).ok_or(Failure::Algorithm)?;
        let (header, body) = canonicalizations(tags.get("c").unwrap_or("simple/simple")).ok_or(Failure::Malformed)?;
        let read = || {
            let names: Vec<String> = tags.words("h")?.into_iter().map(str::to_owned).collect();
            let whole = names.len() <= MOST_NAMES && names.iter().any(|name| name.eq_ignore_ascii_case("From"));
            let selector = tags.get("s").filter(|selector| domain::is_name(selector))?.to_owned();
            let number = |name: &str| match tags.get(name) {
                Some(_) => tags.number(name).map(Some),
                None => Some(None),
            };
            let method = tags.words("q").is_none_or(|methods| methods.contains(&"dns/txt"));
            let signature = Signature {
                domain: domain::normal(tags.get("d")?)?,
                selector,
                algorithm,
                header,
                body,
                names,
                body_hash: tags.bytes("bh")?,
                signature: tags.bytes("b")?,
                agent: None,
                limit: number("l")?,
                expires: number("x")?,
                signed: number("t")?,
            };
            (whole && method).then_some(signature)
        };
        read().ok_or(Failure::Malformed)
    }

    /// The names in `h`.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    fn has_expired(&self, now: i64) -> bool {
        let now = u64::try_from(now).unwrap_or_default();
        self.expires.is_some_and(|expires| expires < now || self.signed.is_some_and(|signed| expires < signed))
    }

    fn covers(&self, body: &mut BodyHashes<'_>) -> bool {
        let found = body.get(self.body, self.limit);
        found.hash[..] == self.body_hash && self.limit.is_none_or(|limit| limit == found.octets)
    }

    fn canonical_header(&self, message: &Message, own: &Field) -> Vec<u8> {
        let mut selection = Selection::new(message, Some(own));
        let mut out = Vec::with_capacity(message.header().len());
        for name in &self.names {
            if let Some(field) = selection.next(name) {
                push_field(&mut out, self.header, field);
            }
        }
        push_own(&mut out, self.header, own);
        out
    }
}

/// Appends the field of a signature without the signature and without its line end.
pub(crate) fn push_own(out: &mut Vec<u8>, how: Canonicalization, own: &Field) {
    let value = without_signature(own.value());
    match how {
        Canonicalization::Relaxed => push_relaxed(out, own.name(), &value),
        Canonicalization::Simple => {
            let start = own.raw().len() - own.value().len() - own.line_end().len();
            let raw = [&own.raw()[..start], &value, b"\r\n"].concat();
            for line in raw.split_inclusive(|byte| *byte == b'\n') {
                let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    out.truncate(out.len() - b"\r\n".len());
}

/// Header and body; `c` may name the first alone.
fn canonicalizations(text: &str) -> Option<(Canonicalization, Canonicalization)> {
    let (header, body) = text.split_once('/').unwrap_or((text, "simple"));
    let one = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
        "simple" => Some(Canonicalization::Simple),
        "relaxed" => Some(Canonicalization::Relaxed),
        _ => None,
    };
    Some((one(header)?, one(body)?))
}

/// The signatures that can be read, with their fields, from the top; one that cannot be is none (RFC 6376 6.1.1).
pub(crate) fn readable<'m, 'a>(message: &'m Message<'a>) -> impl Iterator<Item = (&'m Field<'a>, Signature)> {
    message.field(FIELD).filter_map(|field| Some((field, Signature::parse(&field.text()).ok()?)))
}

/// Verifies one signature of a message with this body: what costs least first. `own` is the field it was read from.
pub(crate) async fn verify(
    resolver: &Resolver,
    message: &Message<'_>,
    body: &mut BodyHashes<'_>,
    own: &Field<'_>,
    signature: &Signature,
    now: i64,
) -> Verdict {
    if signature.has_expired(now) {
        return Verdict::Fail(Failure::Expired);
    }
    if !signature.covers(body) {
        return Verdict::Fail(Failure::Body);
    }
    let record = match key_record(resolver, &signature.domain, &signature.selector).await {
        Ok(record) => record,
        Err(unknown) => return Verdict::Unknown(unknown),
    };
    let strange =
        |record: &KeyRecord| record.strict && signature.agent.as_ref().is_some_and(|agent| *agent != signature.domain);
    let Some(key) = record.filter(|record| !strange(record)).and_then(|record| record.key) else {
        return Verdict::Fail(Failure::NoKey);
    };
    let genuine = key.algorithm() == signature.algorithm
        && key.verifies(&signature.canonical_header(message, own), &signature.signature);
    if genuine { Verdict::Pass } else { Verdict::Fail(Failure::Header) }
}

/// The key of a selector: the first text that is a key record, if there is one.
pub(crate) async fn key_record(
    resolver: &Resolver,
    domain: &str,
    selector: &str,
) -> Result<Option<KeyRecord>, Temporary> {
    let texts = resolver.texts(&record_name(domain, selector)).await?;
    Ok(texts.iter().find_map(|text| KeyRecord::parse(text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::canonical::hash_body;

    const WHOLE: &str = "v=1; a=rsa-sha256; d=example.com; s=s1; h=From:To; bh=YQ==; b=YQ==";

    fn parsed(change: &str, to: &str) -> Result<Signature, Failure> {
        assert!(WHOLE.contains(change), "{change}");
        Signature::parse(&WHOLE.replace(change, to))
    }

    #[test]
    fn signatures_that_lack_something_are_none() {
        let signature = parsed("v=1", "v=1").expect("a signature");
        assert_eq!((signature.header, signature.body), (Canonicalization::Simple, Canonicalization::Simple));
        let signature = parsed("v=1;", "v=1; c=relaxed; i=ann@Mail.example.com; l=7; t=1; x=2;").expect("a signature");
        assert_eq!((signature.header, signature.body), (Canonicalization::Relaxed, Canonicalization::Simple));
        assert_eq!((signature.agent.as_deref(), signature.limit), (Some("mail.example.com"), Some(7)));
        for (change, to) in [
            ("v=1", "v=2"),
            ("v=1; ", ""),
            ("a=rsa-sha256; ", ""),
            ("d=example.com", "d=a b"),
            ("s=s1", "s="),
            ("s=s1", "s=a@b"),
            ("h=From:To", "h=To"),
            ("bh=YQ==; ", ""),
            ("b=YQ==", "b=!"),
            ("v=1", "v=1; c=nowsp"),
            ("v=1", "v=1; i=ann@other.example"),
            ("v=1", "v=1; i=example.com"),
            ("v=1", "v=1; q=other"),
            ("v=1", "v=1; l=-1"),
            ("v=1", "v=1; x=soon"),
            ("v=1", "v=1; d=example.com"),
        ] {
            assert_eq!(parsed(change, to).err(), Some(Failure::Malformed), "{to}");
        }
        assert_eq!(parsed("rsa-sha256", "rsa-sha1").err(), Some(Failure::Algorithm));
    }

    #[test]
    fn a_signature_has_its_time() {
        let expired = |times: &str| parsed("v=1", &format!("v=1; {times}")).expect("a signature").has_expired(100);
        assert!(!expired("t=99") && !expired("x=100") && !expired("t=200; x=300"));
        assert!(expired("x=99") && expired("t=300; x=200"));
    }

    #[test]
    fn a_signed_length_has_to_be_there() {
        let covers = |limit: &str, body: &[u8]| {
            let hash = data_encoding::BASE64.encode(&hash_body(Canonicalization::Simple, b"ab", None).hash);
            let signature = parsed("bh=YQ==", &format!("bh={hash}{limit}")).expect("a signature");
            signature.covers(&mut BodyHashes::new(body))
        };
        assert!(covers("", b"ab") && covers("; l=4", b"ab\nmore"));
        assert!(!covers("", b"ab\nmore") && !covers("; l=5", b"ab"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ -~ü]{0,40}", at in 0..WHOLE.len()) {
            let (start, end) = WHOLE.split_at(at);
            let _ = Signature::parse(&format!("{start}{text}{end}"));
        }
    }
}
