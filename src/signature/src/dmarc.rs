//! What a domain asks for mail that it did not sign: DMARC (RFC 9989).

mod record;
mod walk;

use std::fmt;

use record::Record;
pub(crate) use walk::organizational_domain;
pub use walk::policy;

/// What a domain asks receivers to do with mail that fails (RFC 9989 4.7, Domain Owner Assessment Policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assessment {
    /// Nothing.
    None,
    /// To be suspicious of it.
    Quarantine,
    /// Not to take it.
    Reject,
}

impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Assessment::None => "none",
            Assessment::Quarantine => "quarantine",
            Assessment::Reject => "reject",
        })
    }
}

/// The policy that holds for an author's domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is asked for.
    pub assessment: Assessment,
    /// Whether it is a trial (`t=y`): receivers are asked for one level less, and lists to do whatever they do under a policy
    /// in force, such as to rewrite From.
    pub testing: bool,
    /// Whether only the very domain may sign, and not one of the same organization.
    pub strict: bool,
    /// The domain whose record says so.
    pub found_at: String,
}

impl Policy {
    /// Whether mail that fails is in danger. A trial counts as well: RFC 9989 4.7 names the rewriting of From as what may be
    /// tried out, and receivers that know only RFC 7489 do not know of trials.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.assessment != Assessment::None
    }
}
