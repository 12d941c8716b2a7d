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

/// Writes text as encoded words in UTF-8, each of whole characters. `column` is where the first one begins in its line, the
/// others begin a folded line; none reaches beyond column 76 (RFC 2047 2).
pub(crate) fn encode_words(text: &str, column: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::from(START);
    let mut room = 76_usize.saturating_sub(column);
    for c in text.chars() {
        let encoded = encode_char(c);
        if word.len() + encoded.len() + END.len() > room && word.len() > START.len() {
            word.push_str(END);
            words.push(std::mem::replace(&mut word, START.to_owned()));
            room = 75;
        }
        word.push_str(&encoded);
    }
    word.push_str(END);
    words.push(word);
    words
}

const START: &str = "=?UTF-8?Q?";
const END: &str = "?=";

fn encode_char(c: char) -> String {
    match c {
        ' ' => "_".to_owned(),
        // What even a phrase may contain unencoded (RFC 2047 5, rule 3).
        '0'..='9' | 'A'..='Z' | 'a'..='z' | '!' | '*' | '+' | '-' | '/' => c.to_string(),
        _ => c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("={byte:02X}")).collect(),
    }
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
            let words = encode_words(&text, 10);
            prop_assert!(words.iter().all(|word| word.len() <= 75));
            prop_assert_eq!(decode_words(words.join(" ").into()), text);
        }
    }
}
