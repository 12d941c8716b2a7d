//! What crosses a socket: addresses of daemons, HTTP/1.1, XML-RPC text and the exit codes an MTA understands.
//!
//! Without the feature `std` this is what `mailjam-mta` needs and no more: nothing allocates, everything goes into
//! buffers or a [`Sink`] of the caller's. With `std` there is [`client`], a blocking HTTP client for programs that live
//! longer than one message.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

pub mod base64;
#[cfg(feature = "std")]
pub mod client;
pub mod exit;
pub mod http;
pub mod reply;
pub mod server;
pub mod xml;

/// Where bytes on their way to a peer are put, piece by piece.
pub trait Sink {
    /// Takes all of `bytes`. A sink that can fail remembers it and tells its owner at the end.
    fn put(&mut self, bytes: &[u8]);
}

/// Counts what it is given, for a length that has to be announced before the first byte is sent.
#[derive(Debug, Default)]
pub struct Counter(pub u64);

impl Sink for Counter {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
}

#[cfg(feature = "std")]
impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes `number` in decimal digits.
pub fn put_decimal(number: u64, out: &mut impl Sink) {
    const LONGEST: usize = 20; // u64::MAX
    let mut digits = [0; LONGEST];
    let mut first = LONGEST;
    let mut rest = number;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.put(&digits[first..]);
}

/// What a peer sent does not follow its protocol; the words say where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Malformed {}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimal_is_what_display_writes(number: u64) {
            let mut out = Vec::new();
            put_decimal(number, &mut out);
            prop_assert_eq!(out, number.to_string().into_bytes());
        }
    }
}
