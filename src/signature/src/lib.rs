//! Signatures on mail: what the author's domain signed is checked, and what a list sends is signed anew.
//!
//! A copy of a post is treated in this order: [`should_rewrite`] says whether From can stay; [`Prepared::sign`] adds the
//! list's DKIM-Signature fields; [`Prepared::seal`] adds a set to the ARC chain, which [`Chain::validate`] looked at on the
//! message as it came in. The body is hashed once for a post, in [`Prepared::new`]; copies whose headers differ are signed
//! one by one.
//!
//! ```no_run
//! # async fn example(incoming: &[u8], copy: &[u8], pem: &[u8], now: i64) -> Result<(), Box<dyn std::error::Error>> {
//! use mailjam_core::message::Message;
//! use mailjam_signature::{
//!     Chain, Key, Prepared, Resolver, Signer, Timeouts, authentication_results, should_rewrite,
//! };
//!
//! let resolver = Resolver::new(&[], Timeouts::default())?;
//! let key = Key::from_pem("/etc/mailjam/dkim/mj1.pem", pem)?;
//! let signer = Signer::new("lists.example.org", vec![("mj1".to_owned(), key)])?;
//!
//! let incoming = Message::parse(incoming)?;
//! let copy = Message::parse(copy)?;
//! let decision = should_rewrite(&resolver, "example.com", &copy, now).await;
//! if decision.rewrite {
//!     // Compose the copy again, with the list in From: decision.why says why.
//! }
//! let chain = Chain::validate(&resolver, &incoming, now).await;
//!
//! let prepared = Prepared::new(copy.body());
//! let mut header = copy.header().to_vec();
//! header.splice(..0, prepared.sign(&signer, &header, now)?);
//! if let Ok(chain) = chain {
//!     let results = authentication_results(&incoming, "mx.example.org");
//!     header.splice(..0, prepared.seal(&signer, &header, &chain, &results, now)?);
//! }
//! # Ok(()) }
//! ```
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
pub use dns::{Resolver, ResolverError, Temporary, Timeouts, reverse_name};
pub use key::{Algorithm, Key, KeyError, Pem, PublicKey, generate};
pub use record::{DnsRecord, dns_record};
pub use rewrite::{Decision, Why, should_rewrite};
pub use tags::without_signatures;
