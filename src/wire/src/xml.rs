//! Text as XML 1.0 carries it: escaped on the way out, entities decoded on the way in.

use crate::Sink;

/// Writes `text` as character data.
///
/// What XML 1.0 cannot carry at all (section 2.2: most control characters, U+FFFE, U+FFFF) and what is not UTF-8 becomes
/// U+FFFD, so that the daemon sees an address it will not know, and not a document it cannot read. A carriage return
/// becomes a character reference, because parsers turn a bare one into a line feed (section 2.11).
pub fn escape(text: &[u8], out: &mut impl Sink) {
    for chunk in text.utf8_chunks() {
        escape_str(chunk.valid(), out);
        if !chunk.invalid().is_empty() {
            out.put("\u{FFFD}".as_bytes());
        }
    }
}

fn escape_str(text: &str, out: &mut impl Sink) {
    let mut plain_from = 0;
    for (at, character) in text.char_indices() {
        let replacement = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\r' => "&#13;",
            other if !is_xml(other) => "\u{FFFD}",
            _ => continue,
        };
        out.put(&text.as_bytes()[plain_from..at]);
        out.put(replacement.as_bytes());
        plain_from = at + character.len_utf8();
    }
    out.put(&text.as_bytes()[plain_from..]);
}

/// `Char` of XML 1.0, section 2.2.
fn is_xml(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        other => other >= ' ',
    }
}

/// Character data as found in a document, entities and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a>(pub &'a str);

impl<'a> Text<'a> {
    /// The characters meant. A reference that means none (an unknown entity, `&#0;`) is U+FFFD.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let reference = if first == '&' { rest.find(';').map(|end| (&rest[1..end], end + 1)) } else { None };
            let (character, used) = match reference {
                Some((name, used)) => (entity(name).unwrap_or(char::REPLACEMENT_CHARACTER), used),
                None => (first, first.len_utf8()),
            };
            rest = &rest[used..];
            Some(character)
        })
    }

    /// Whether the text means exactly `other`.
    #[must_use]
    pub fn is(self, other: &str) -> bool {
        self.chars().eq(other.chars())
    }
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).filter(|&character| is_xml(character));
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        escape(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn meant(text: &str) -> String {
        Text(text).chars().collect()
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(escaped(b"a\0b\x1bc\xff\xfed"), "a\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}d");
        assert_eq!(escaped("x\u{FFFF}".as_bytes()), "x\u{FFFD}");
        assert_eq!(escaped(b"<a&b>\r\n\t"), "&lt;a&amp;b&gt;&#13;\n\t");
    }

    #[test]
    fn references_are_decoded_and_nonsense_is_no_character() {
        assert_eq!(meant("&lt;a&#38;b&#x3E; &quot;&apos;&amp;"), "<a&b> \"'&");
        assert_eq!(meant("&nbsp;&#0;&#xD800;&#x110000;&;"), "\u{FFFD}".repeat(5));
        assert_eq!(meant("fish & chips"), "fish & chips");
        assert!(Text("no-list").is("no-list"));
        assert!(!Text("no-list").is("no-lis"));
    }

    proptest! {
        #[test]
        fn means_what_was_escaped(text: String) {
            let carried: String =
                text.chars().map(|c| if is_xml(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
            prop_assert_eq!(meant(&escaped(text.as_bytes())), carried);
        }

        #[test]
        fn any_bytes_become_character_data(bytes: Vec<u8>) {
            let text = escaped(&bytes);
            prop_assert!(!text.contains(['<', '>', '\r']));
            prop_assert!(text.chars().all(is_xml));
        }

        #[test]
        fn decoding_never_panics(text in "[&#;x0-9a-f<>é ]*") {
            meant(&text);
        }
    }
}
