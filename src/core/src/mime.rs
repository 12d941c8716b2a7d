//! MIME, read by a library, and what becomes of messages that it cannot read.

use std::panic::catch_unwind;

use mail_parser::{Message, MessageParser};

/// Why there is no MIME to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// There are not even header fields.
    Empty,
    /// The library panics at it: mail-parser 0.11 asserts in debug builds, which the fuzz targets are, that nested messages
    /// have an end. Release builds read on.
    Broken,
}

/// Reads a whole message. Never panics, whatever the library does.
pub fn parse(raw: &[u8]) -> Result<Message<'_>, Unreadable> {
    match catch_unwind(|| MessageParser::default().parse(raw)) {
        Ok(Some(message)) => Ok(message),
        Ok(None) => Err(Unreadable::Empty),
        Err(_) => Err(Unreadable::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_panics_at_is_broken_and_the_rest_is_read() {
        let nested = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nLook.\n";
        assert!(parse(nested).is_ok());
        let endless = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\
            Content-Type: message/rfc822\n\n\n--b--\n";
        let broken = parse(endless).err() == Some(Unreadable::Broken);
        assert_eq!(broken, cfg!(debug_assertions), "the library's assertion is one of debug builds");
        assert_eq!(parse(b"").err(), Some(Unreadable::Empty));
    }
}
