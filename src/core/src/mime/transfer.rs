//! Content-Transfer-Encoding (RFC 2045 6), strictly: what is not well formed is left to others.

use std::borrow::Cow;

use data_encoding::BASE64;

use super::structure::line_end;
use crate::message::strip_line_end;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not, and of seven bits as it says; also where nothing is said.
    SevenBit,
    /// Not, and of eight bits or of any form.
    EightBit,
    QuotedPrintable,
    Base64,
    /// In a way that no standard names.
    Unknown,
}

impl Encoding {
    /// From the value of the field.
    pub(super) fn of(value: Option<&str>) -> Encoding {
        match value.unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "7bit" => Encoding::SevenBit,
            "8bit" | "binary" => Encoding::EightBit,
            "quoted-printable" => Encoding::QuotedPrintable,
            "base64" => Encoding::Base64,
            _ => Encoding::Unknown,
        }
    }

    /// Whether the body stands there as it is.
    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Encoding::SevenBit | Encoding::EightBit)
    }

    /// The decoded body; `None` if it is not well formed.
    pub(crate) fn decode(self, body: &[u8]) -> Option<Cow<'_, [u8]>> {
        match self {
            Encoding::SevenBit | Encoding::EightBit => Some(Cow::Borrowed(body)),
            Encoding::QuotedPrintable => decode_quoted_printable(body, None).map(|(decoded, _)| Cow::Owned(decoded)),
            Encoding::Base64 => {
                let letters: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                BASE64.decode(&letters).ok().map(Cow::Owned)
            }
            Encoding::Unknown => None,
        }
    }
}

/// Where in a quoted-printable body the octet of this number is; where there are several places, the first.
pub(crate) fn encoded_position(body: &[u8], decoded: usize) -> Option<usize> {
    decode_quoted_printable(body, Some(decoded)).map(|(_, position)| position)
}

/// Decodes up to an octet, or all. Returns the position, too.
fn decode_quoted_printable(body: &[u8], stop: Option<usize>) -> Option<(Vec<u8>, usize)> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut line_start = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let content = strip_line_end(line).trim_ascii_end();
        let soft = content.last() == Some(&b'=');
        let content = content.strip_suffix(b"=").unwrap_or(content);
        let mut at = 0;
        while at < content.len() {
            if stop == Some(decoded.len()) {
                return Some((decoded, line_start + at));
            }
            if content[at] == b'=' {
                let digits = content.get(at + 1..at + 3)?;
                decoded.push(hexadecimal(digits[0])? << 4 | hexadecimal(digits[1])?);
                at += 3;
            } else {
                decoded.push(content[at]);
                at += 1;
            }
        }
        if stop == Some(decoded.len()) {
            return Some((decoded, line_start + at));
        }
        if !soft {
            decoded.extend_from_slice(&line[line.len() - line_end(line)..]);
        }
        line_start += line.len();
    }
    Some((decoded, line_start))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Octets of an encoded line at most, without its end (RFC 2045 6.7, rule 5).
const LINE: usize = 76;

/// Encodes text. Its line ends stay hard ones and become `line_end`.
pub(crate) fn quoted_printable(text: &[u8], line_end: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let content = strip_line_end(line);
        let mut column = 0;
        for (at, byte) in content.iter().enumerate() {
            let last = at + 1 == content.len();
            // What mbox files and SMTP change at the start of a line.
            let odd = *byte == b'.' || content[at..].starts_with(b"From ");
            let plain = match byte {
                b' ' | b'\t' => !last,
                _ if odd && column == 0 => false,
                b'=' => false,
                byte => byte.is_ascii_graphic(),
            };
            let width = if plain { 1 } else { 3 };
            if column + width + usize::from(!last) > LINE {
                encoded.push(b'=');
                encoded.extend_from_slice(line_end.as_bytes());
                column = 0;
            }
            // A soft break may have made this the start of a line.
            if plain && !(odd && column == 0) {
                encoded.push(*byte);
                column += 1;
            } else {
                encoded.extend_from_slice(format!("={byte:02X}").as_bytes());
                column += 3;
            }
        }
        if content.len() < line.len() {
            encoded.extend_from_slice(line_end.as_bytes());
        }
    }
    encoded
}

/// Encodes in lines of 76 letters.
pub(crate) fn base64(bytes: &[u8], line_end: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len() / 3 * 4 + bytes.len() / 28 + 8);
    for chunk in bytes.chunks(LINE / 4 * 3) {
        encoded.extend_from_slice(BASE64.encode(chunk).as_bytes());
        encoded.extend_from_slice(line_end.as_bytes());
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(body: &str) -> Option<Vec<u8>> {
        Encoding::QuotedPrintable.decode(body.as_bytes()).map(Cow::into_owned)
    }

    #[test]
    fn quoted_printable_is_read_as_the_standard_says() {
        assert_eq!(decoded("a=20 \t\r\nb=  \r\nc=C3=bc=").as_deref(), Some("a \r\nbcü".as_bytes()));
        assert_eq!(decoded("a=\n\nb"), Some(b"a\nb".to_vec()));
        for broken in ["=4", "a=x4", "==", "=\u{fc}1"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
        assert_eq!(encoded_position(b"a=\n=41b\nc", 2), Some(6));
        assert_eq!(encoded_position(b"a=\n=41b\nc", 0), Some(0));
        assert_eq!(encoded_position(b"a=\n=41b\nc", 99), Some(9));
        assert_eq!(Encoding::Base64.decode(b"YW\r\nI=\n").as_deref(), Some(&b"ab"[..]));
        assert_eq!(Encoding::Base64.decode(b"YWI"), None);
        assert_eq!(Encoding::Base64.decode(b"YWI=-- "), None);
        assert_eq!(Encoding::of(Some("x-uuencode")).decode(b""), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            // A CR before LF is part of the line end.
            let expected = String::from_utf8_lossy(&text).replace("\r\n", "\n").into_bytes();
            let text = String::from_utf8_lossy(&text).into_owned().into_bytes();
            let encoded = quoted_printable(&text, "\n");
            prop_assert!(encoded.is_ascii() && encoded.split(|b| *b == b'\n').all(|line| line.len() <= 76));
            prop_assert!(!encoded.split(|b| *b == b'\n').any(|line| line.starts_with(b"From ") || line.starts_with(b".")));
            prop_assert_eq!(Encoding::QuotedPrintable.decode(&encoded).map(Cow::into_owned), Some(expected));
            let encoded = base64(&text, "\r\n");
            prop_assert_eq!(Encoding::Base64.decode(&encoded).map(Cow::into_owned), Some(text));
        }
    }
}
