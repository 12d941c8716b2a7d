//! Whether From can stay as the author wrote it.

use std::fmt;

use mailjam_core::message::Message;
use tokio::time::timeout;

use crate::canonical::BodyHashes;
use crate::dkim::{Failure, Verdict, readable, verify};
use crate::dmarc::{Policy, organizational_domain, policy};
use crate::dns::{Resolver, Temporary};
use crate::domain;

/// Signatures of a message that are verified at most (RFC 6376 6.1 leaves the number to the verifier).
const MOST_SIGNATURES: usize = 10;

/// Signatures of a message that are looked at.
const MOST_LOOKED_AT: usize = 100;

/// What to do about From, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it has to be rewritten.
    pub rewrite: bool,
    /// Why, or why not.
    pub why: Why,
}

/// The grounds of a decision, for logs and for whoever asks what happens to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The author's domain publishes no policy.
    NoPolicy,
    /// It asks for nothing.
    NotEnforced,
    /// It enforces a policy, and this domain signed the copy.
    Signed(String),
    /// It enforces a policy, and nobody of its organization signed.
    NotSigned(Policy),
    /// It enforces a policy, and its signatures do not hold for the copy; of the last one the reason.
    Broken(Policy, Failure),
    /// It cannot be known now. Later it may.
    Unknown(Temporary),
}

impl Why {
    /// Whether the decision may be another one later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Why::Unknown(_))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NoPolicy => f.write_str("the author's domain has no DMARC policy"),
            Why::NotEnforced => f.write_str("the author's domain asks for p=none"),
            Why::Signed(domain) => write!(f, "the copy carries a valid signature of {domain}"),
            Why::NotSigned(Policy { assessment, found_at, .. }) => {
                write!(f, "{found_at} asks for p={assessment}, and the author's domain did not sign")
            }
            Why::Broken(Policy { assessment, found_at, .. }, failure) => {
                write!(f, "{found_at} asks for p={assessment}, but the author's signature does not hold: {failure}")
            }
            Why::Unknown(temporary) => temporary.fmt(f),
        }
    }
}

/// Whether From has to be rewritten in a copy so that receivers take it: only when the author's domain enforces a policy
/// and no signature of its organization holds for the copy.
///
/// `author_domain` is the one in From; for several authors each is to be asked about. `copy` is what would be sent, with
/// From as it is. `now` is in seconds since 1970. Where the DNS gives no answer, rewriting is what loses nothing: a copy
/// with the author in Reply-To reaches everybody, one that a policy forbids does not.
pub async fn should_rewrite(resolver: &Resolver, author_domain: &str, copy: &Message<'_>, now: i64) -> Decision {
    let limit = resolver.timeouts().decision;
    let why = match timeout(limit, judge(resolver, author_domain, copy, now)).await {
        Ok(Ok(why)) => why,
        Ok(Err(temporary)) => Why::Unknown(temporary),
        Err(_) => {
            let problem = format!("not all answers came in {limit:?}");
            Why::Unknown(Temporary { name: author_domain.to_owned(), problem })
        }
    };
    let rewrite = !matches!(why, Why::NoPolicy | Why::NotEnforced | Why::Signed(_));
    Decision { rewrite, why }
}

async fn judge(resolver: &Resolver, author_domain: &str, copy: &Message<'_>, now: i64) -> Result<Why, Temporary> {
    // What is no name in the DNS has no policy there.
    let Some(author) = domain::normal(author_domain) else { return Ok(Why::NoPolicy) };
    let Some(policy) = policy(resolver, &author).await? else { return Ok(Why::NoPolicy) };
    if !policy.is_enforced() {
        return Ok(Why::NotEnforced);
    }
    let mut alignment = Alignment { resolver, author: &author, strict: policy.strict, organization: None };
    let mut body = BodyHashes::new(copy.body());
    let (mut failure, mut unknown, mut verified) = (None, None, 0);
    let mut signatures: Vec<_> = readable(copy).take(MOST_LOOKED_AT).collect();
    // Of the author's very domain nothing has to be looked up to see that it is aligned.
    signatures.sort_by_key(|(_, signature)| signature.domain != author);
    for (field, signature) in signatures {
        match alignment.holds(&signature.domain).await {
            Ok(true) if verified < MOST_SIGNATURES => verified += 1,
            Ok(_) => continue,
            Err(temporary) => {
                unknown = Some(temporary);
                continue;
            }
        }
        match verify(resolver, copy, &mut body, field, &signature, now).await {
            Verdict::Pass => return Ok(Why::Signed(signature.domain)),
            Verdict::Fail(reason) => failure = Some(reason),
            Verdict::Unknown(temporary) => unknown = Some(temporary),
        }
    }
    match (unknown, failure) {
        (Some(temporary), _) => Err(temporary),
        (None, Some(failure)) => Ok(Why::Broken(policy, failure)),
        (None, None) => Ok(Why::NotSigned(policy)),
    }
}

/// Whether domains are aligned with an author's (RFC 9989 4.10.2).
struct Alignment<'d> {
    resolver: &'d Resolver,
    author: &'d str,
    strict: bool,
    /// The author's, once it was needed.
    organization: Option<String>,
}

impl Alignment<'_> {
    async fn holds(&mut self, domain: &str) -> Result<bool, Temporary> {
        if domain == self.author || self.strict {
            return Ok(domain == self.author);
        }
        let organization = match self.organization.take() {
            Some(organization) => organization,
            None => organizational_domain(self.resolver, self.author).await?,
        };
        // Only of what is within the organization the DNS has to be asked.
        let holds = domain::is_within(domain, &organization)
            && organizational_domain(self.resolver, domain).await.map(|other| other == organization)?;
        self.organization = Some(organization);
        Ok(holds)
    }
}
