//! MIME: what a message consists of, and edits that leave every other byte as it was.
//!
//! A library reads header fields and finds attachments. Where parts begin and end is found here ([`structure`]): the
//! library takes a boundary for one wherever in a line it stands, and whatever follows it.

mod edit;
mod fields;
mod structure;
mod text;
mod transfer;

use std::ops::Deref;
use std::panic::catch_unwind;

use mail_parser::{Message, MessageParser, PartType};

pub(crate) use edit::Edits;
pub(crate) use fields::{LENGTHS, closed, is_mime_field};
pub(crate) use structure::{Entity, Inside, Multipart};
pub(crate) use text::{Charset, plain_part};
pub(crate) use transfer::{Encoding, base64, encoded_position, quoted_printable};

/// Why there is no MIME to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// There are not even header fields.
    Empty,
    /// The library panics at it: mail-parser 0.11 asserts in debug builds, which the fuzz targets are, that nested messages
    /// have an end. Release builds read on.
    Broken,
}

/// A message that was read. It is let go message by message: the library nests as deep as a mail says, tens of thousands of
/// messages in one, and to drop each within the one around it would overflow the stack.
pub struct Parsed<'x>(Message<'x>);

impl<'x> Deref for Parsed<'x> {
    type Target = Message<'x>;

    fn deref(&self) -> &Message<'x> {
        &self.0
    }
}

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        let mut parts = std::mem::take(&mut self.0.parts);
        while let Some(mut part) = parts.pop() {
            if let PartType::Message(nested) = &mut part.body {
                parts.append(&mut nested.parts);
            }
        }
    }
}

/// Reads a whole message. Never panics, whatever the library does.
pub fn parse(raw: &[u8]) -> Result<Parsed<'_>, Unreadable> {
    match catch_unwind(|| MessageParser::default().parse(raw)) {
        Ok(Some(message)) => Ok(Parsed(message)),
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

    #[test]
    fn messages_may_nest_deeper_than_a_stack() {
        let deep = "Content-Type: message/rfc822\n\n".repeat(20_000);
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        let read = small.spawn(move || parse(deep.as_bytes()).is_ok()).unwrap();
        assert!(read.join().unwrap());
    }
}
