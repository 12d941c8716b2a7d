//! Signatures on mail: what the author's domain signed is checked, and what a list sends is signed anew.
//!
//! A copy of a post is treated in this order: [`should_rewrite`] says whether From can stay; [`Prepared::sign`] adds the
//! list's DKIM-Signature fields; [`Prepared::seal`] adds a set to the ARC chain, which [`Chain::validate`] looked at on the
//! message as it came in. The body is hashed once for a post, in [`Prepared::new`]; copies whose headers differ are signed
//! one by one.
//!
//! Nothing here changes a message or knows lists and members. All bytes count as the relay sends them, whether lines end in LF
//! or CRLF in memory. Questions go to the DNS alone, within the limits of [`Timeouts`].
#![forbid(unsafe_code)]

mod arc;
mod canonical;
mod dkim;
mod dmarc;
mod dns;
mod domain;
mod fold;
mod key;
mod record;
mod rewrite;
mod tags;

pub use arc::{Chain, ChainStatus, authentication_results};
pub use dkim::{Failure, Prepared, SignError, Signer, SignerError};
pub use dmarc::{Assessment, Policy, policy};
pub use dns::{Resolver, ResolverError, Temporary, Timeouts};
pub use key::{Algorithm, Key, KeyError, Pem, PublicKey, generate};
pub use record::{DnsRecord, dns_record};
pub use rewrite::{Decision, Why, should_rewrite};
