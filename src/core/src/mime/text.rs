//! Character sets of text, both ways, and parts of our own.

use std::borrow::Cow;

use encoding_rs::Encoding as Known;

use super::transfer::{base64, quoted_printable};

/// A character set by the name that a message gives it.
#[derive(Debug, Clone)]
pub(crate) struct Charset {
    label: String,
    known: &'static Known,
}

impl Charset {
    /// `None` if nobody knows it, or it cannot be written.
    pub(crate) fn named(label: &str) -> Option<Charset> {
        let known = Known::for_label(label.as_bytes())?;
        // What is read as UTF-16, or not at all for being dangerous, would be written as UTF-8.
        (known.output_encoding() == known).then(|| Charset { label: label.trim().to_ascii_lowercase(), known })
    }

    /// Text for bytes; what does not fit becomes U+FFFD.
    pub(crate) fn decode<'t>(&self, bytes: &'t [u8]) -> Cow<'t, str> {
        self.known.decode_without_bom_handling(bytes).0
    }

    /// Bytes for text; `None` if some of it has none.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let (bytes, _, missing) = self.known.encode(text);
        if missing {
            return None;
        }
        // Programs of the web read ASCII and some of ISO 8859 as the larger sets of Windows; those of mail may not.
        let larger = self.known.name().starts_with("windows-")
            && !["windows", "cp", "x-cp"].iter().any(|start| self.label.starts_with(start));
        let ascii = self.label.contains("ascii") || self.label.contains("x3.4") || self.label == "iso646-us";
        let fits = |b: &u8| b.is_ascii() || !(larger && (ascii || (0x80..=0x9f).contains(b)));
        bytes.iter().all(fits).then(|| bytes.into_owned())
    }

    /// Whether what is ASCII in it is ASCII.
    pub(crate) fn holds_ascii(&self) -> bool {
        self.known.is_ascii_compatible()
    }
}

/// Fields, with LF, and body of a text of our own in UTF-8, which has seven bits on the way.
pub(crate) fn plain_part(text: &str, line_end: &str) -> (String, Vec<u8>) {
    let plain = text.is_ascii() && !text.contains('\r') && text.split('\n').all(|line| line.len() <= 900);
    let others = text.bytes().filter(|b| !b.is_ascii()).count();
    let (encoding, body) = if plain {
        ("7bit", text.replace('\n', line_end).into_bytes())
    } else if others * 6 > text.len() {
        ("base64", base64(text.replace('\n', "\r\n").as_bytes(), line_end))
    } else {
        ("quoted-printable", quoted_printable(text.as_bytes(), line_end))
    };
    let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
    (format!("Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_where_every_program_reads_it_as_the_same() {
        let encode = |label: &str, text: &str| Charset::named(label).and_then(|charset| charset.encode(text));
        assert_eq!(encode("US-ASCII", "a"), Some(b"a".to_vec()));
        assert_eq!(encode("us-ascii", "ä"), None);
        assert_eq!(encode("ISO-8859-1", "ä"), Some(vec![0xe4]));
        assert_eq!(encode("iso-8859-1", "€"), None);
        assert_eq!(encode("windows-1252", "€"), Some(vec![0x80]));
        assert_eq!(encode("iso-2022-jp", "日\n"), Some(b"\x1b$BF|\x1b(B\n".to_vec()));
        for label in ["utf-16", "utf-7", "iso-2022-kr", "hz-gb-2312", "x-unknown", ""] {
            assert!(Charset::named(label).is_none(), "{label}");
        }
    }
}
