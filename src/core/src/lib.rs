//! The domain without I/O: addresses, messages, lists and the rules; parse, then decide, then say what follows.
//!
//! Nothing here knows XML, SQL, a socket or a clock: time is passed in, lookups are done before, effects after.
#![forbid(unsafe_code)]

pub mod address;
pub mod attachment;
pub mod authentication;
pub mod ban;
pub mod bounce;
pub mod command;
pub mod compose;
pub mod decide;
pub mod digest;
pub mod footer;
pub mod handover;
pub mod list;
pub mod member;
pub mod message;
mod mime;
pub mod network;
pub mod notice;
pub mod phrases;
pub mod recipient;
pub mod return_path;
pub mod settings;
pub mod strip;
pub mod template;
pub mod token;

/// Whether two words are so alike that one may be a slip for the other: at most two edits in words of more than three.
#[must_use]
pub fn near(a: &str, b: &str) -> bool {
    a.len().min(b.len()) > 3 && strsim::levenshtein(a, b) <= 2
}
