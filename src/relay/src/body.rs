//! A message in the form in which it crosses the wire.

use bytes::Bytes;

/// A message ready for the wire, shared by all transactions that carry it; cloning is cheap.
#[derive(Clone, Debug)]
pub struct Body {
    wire: Bytes,
    size: u64,
    eight_bit: bool,
    utf8_header: bool,
}

impl Body {
    /// Prepares `raw`, a whole message with header, for the DATA command (RFC 5321 4.5.2).
    ///
    /// Both `"\n"` and `"\r\n"` end a line and become `"\r\n"`; a last line without an end gets one; a line that
    /// starts with a dot gets another. Every other byte stays, a lone CR, NUL and 8-bit ones included.
    #[must_use]
    pub fn new(raw: &[u8]) -> Body {
        let mut wire = Vec::with_capacity(raw.len() + raw.len() / 32 + 8);
        let mut stuffed = 0;
        let mut header_end = None;
        for line in raw.split_inclusive(|&byte| byte == b'\n') {
            let text = match line.strip_suffix(b"\n") {
                Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
                None => line,
            };
            if text.is_empty() && header_end.is_none() {
                header_end = Some(wire.len());
            }
            if text.starts_with(b".") {
                wire.push(b'.');
                stuffed += 1;
            }
            wire.extend_from_slice(text);
            wire.extend_from_slice(b"\r\n");
        }
        let size = (wire.len() - stuffed) as u64;
        let header = &wire[..header_end.unwrap_or(wire.len())];
        let utf8_header = !header.is_ascii() && std::str::from_utf8(header).is_ok();
        let eight_bit = !wire.is_ascii();
        wire.extend_from_slice(END_OF_DATA);
        Body { wire: wire.into(), size, eight_bit, utf8_header }
    }

    /// Octets as RFC 1870 section 3 counts them: with CRLF line ends, without stuffed dots and the final dot.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether any byte is above 127, so that the server must offer 8BITMIME (RFC 6152).
    #[must_use]
    pub fn eight_bit(&self) -> bool {
        self.eight_bit
    }

    /// Whether the header has UTF-8 in it: an internationalized message (RFC 6531), which is sent as one where SMTPUTF8
    /// is offered.
    ///
    /// A header with 8-bit bytes that are not UTF-8 is none; no extension covers it, and it goes out as 8BITMIME, as it
    /// came in.
    #[must_use]
    pub fn utf8_header(&self) -> bool {
        self.utf8_header
    }

    /// The bytes that answer 354, the final dot included.
    pub(crate) fn wire(&self) -> Bytes {
        self.wire.clone()
    }
}

/// The line that ends a message; alone it is the empty message.
pub(crate) const END_OF_DATA: &[u8] = b".\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(raw: &[u8]) -> String {
        String::from_utf8(Body::new(raw).wire().to_vec()).expect("ASCII test input")
    }

    #[test]
    fn line_ends_become_crlf_and_dots_are_doubled() {
        assert_eq!(wire(b"a: b\n\n.\n..c\r\n"), "a: b\r\n\r\n..\r\n...c\r\n.\r\n");
        assert_eq!(wire(b"a: b\n\nlast"), "a: b\r\n\r\nlast\r\n.\r\n");
        assert_eq!(wire(b""), ".\r\n");
        assert_eq!(wire(b"."), "..\r\n.\r\n");
    }

    #[test]
    fn lone_carriage_returns_stay() {
        assert_eq!(wire(b"a\rb\r\r\nc\r"), "a\rb\r\r\nc\r\r\n.\r\n");
        assert_eq!(wire(b"a\r.\r\n"), "a\r.\r\n.\r\n");
    }

    #[test]
    fn size_counts_neither_stuffing_nor_the_final_dot() {
        assert_eq!(Body::new(b"a: b\n\n.\n").size(), "a: b\r\n\r\n.\r\n".len() as u64);
    }

    #[test]
    fn needs_are_told_apart() {
        let needs = |raw: &[u8]| (Body::new(raw).eight_bit(), Body::new(raw).utf8_header());
        assert_eq!(needs(b"a: b\n\ntext\n"), (false, false));
        assert_eq!(needs("a: b\n\nt\u{e9}xt\n".as_bytes()), (true, false));
        assert_eq!(needs("a: b\u{e9}\n\ntext\n".as_bytes()), (true, true));
        assert_eq!(needs("a: b\u{e9}".as_bytes()), (true, true));
        assert_eq!(needs(b"a: \xe9\n\ntext\n"), (true, false));
    }
}
