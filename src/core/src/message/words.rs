//! Encoded words of RFC 2047: text beyond ASCII in a header.

use std::borrow::Cow;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

/// Decodes the encoded words in unfolded header text.
///
/// Control characters that were hidden in an encoded word become spaces, so that the result is one line wherever it is
/// written. Text without encoded words comes back as it is.
pub fn decode_words(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("=?") {
        return text;
    }
    // The parser takes a field to its line end and returns nothing without one.
    let line = format!("{text}\n");
    let decoded = match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(decoded) => decoded.into_owned(),
        _ => return text,
    };
    Cow::Owned(decoded.replace(char::is_control, " "))
}

/// Whether text can stand in a header as it is and is read as nothing else: printable ASCII without encoded words.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?")
}

/// Writes text as encoded words of at most 75 octets (RFC 2047 2), each of whole characters, in UTF-8.
pub(crate) fn encode_words(text: &str) -> Vec<String> {
    const ROOM: usize = 75 - "=?UTF-8?Q??=".len();
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        let mut encoded = String::with_capacity(12);
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            match byte {
                b' ' => encoded.push('_'),
                // What even a phrase may contain unencoded (RFC 2047 5, rule 3).
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'!' | b'*' | b'+' | b'-' | b'/' => encoded.push(byte.into()),
                _ => encoded.push_str(&format!("={byte:02X}")),
            }
        }
        if word.len() + encoded.len() > ROOM {
            words.push(format!("=?UTF-8?Q?{word}?="));
            word.clear();
        }
        word.push_str(&encoded);
    }
    words.push(format!("=?UTF-8?Q?{word}?="));
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_what_mail_programs_write() {
        for (text, decoded) in [
            ("plain", "plain"),
            ("=?iso-8859-1?Q?Gr=FC=DFe?= an alle", "Grüße an alle"),
            ("=?UTF-8?B?R3LDvA==?= =?UTF-8?B?w59l?=", "Grüße"),
            ("[x] =?utf-8?q?a=0D=0ABcc:_b?=", "[x] a  Bcc: b"),
            ("=?broken", "=?broken"),
        ] {
            assert_eq!(decode_words(text.into()), decoded);
        }
    }

    proptest! {
        #[test]
        fn encoded_text_is_decoded_again(text in "[^\\pC]{1,80}") {
            prop_assume!(text.trim() == text);
            let words = encode_words(&text);
            prop_assert!(words.iter().all(|word| word.len() <= 75));
            prop_assert_eq!(decode_words(words.join(" ").into()), text);
        }
    }
}
