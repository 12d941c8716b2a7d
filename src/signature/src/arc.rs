//! Who vouches for what a list received: the Authenticated Received Chain (RFC 8617).
//!
//! The chain is validated on the message as it came in, and a set is added to the copy as it goes out, last of all.

mod chain;
mod seal;
mod validate;

use std::fmt;

pub use chain::Chain;
pub use seal::authentication_results;

/// Sets of a chain (RFC 8617 4.2.1).
const MOST: u32 = 50;

/// The fields of a set.
const RESULTS: &str = "ARC-Authentication-Results";
const SIGNATURE: &str = "ARC-Message-Signature";
const SEAL: &str = "ARC-Seal";

/// What is known of a chain (RFC 8617 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainStatus {
    /// There is none.
    None,
    /// All of it holds.
    Pass,
    /// It does not.
    Fail,
}

impl fmt::Display for ChainStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChainStatus::None => "none",
            ChainStatus::Pass => "pass",
            ChainStatus::Fail => "fail",
        })
    }
}
