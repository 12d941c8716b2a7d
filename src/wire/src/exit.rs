//! Exit codes of `sysexits.h`, as far as an MTA draws the right conclusion from them.
//!
//! What an MTA does with the others was measured: Postfix, Exim and OpenSMTPD return the message to its sender for
//! 70 (a crash), 74, 78 and 101 (a Rust panic), and Exim for 71 as well. So whatever is not a verdict on the message is
//! [`TEMPFAIL`].

/// The message was taken over: it is on the daemon's disk, or was discarded on purpose.
pub const OK: u8 = 0;
/// The bytes are no message (Postfix: 5.6.0).
pub const DATAERR: u8 = 65;
/// There is no such list (Postfix: 5.1.1).
pub const NOUSER: u8 = 67;
/// The list cannot take this message: closed, too large, needs what it cannot do (Postfix: 5.3.0).
pub const UNAVAILABLE: u8 = 69;
/// Keep the message and try again later (Postfix: 4.3.0).
pub const TEMPFAIL: u8 = 75;
/// The sender may not post here (Postfix: 5.7.0).
pub const NOPERM: u8 = 77;
