//! Lists of tags (RFC 6376 3.2): signatures, key records and policy records are written as such.

use data_encoding::BASE64;

/// Most tags of one list; those that mean something are fewer than twenty.
const MOST: usize = 100;

/// Tags in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    tags: Vec<(String, String)>,
}

impl Tags {
    /// Reads `name=value; name=value`, unfolded or not; `None` when that is not what stands there, or a name is there
    /// twice.
    pub(crate) fn parse(text: &str) -> Option<Tags> {
        let mut tags: Vec<(String, String)> = Vec::new();
        let mut parts = text.split(';').peekable();
        while let Some(part) = parts.next() {
            // One semicolon may end the list.
            if parts.peek().is_none() && part.trim_matches(is_folding).is_empty() {
                break;
            }
            let (name, value) = part.split_once('=')?;
            let (name, value) = (name.trim_matches(is_folding), value.trim_matches(is_folding));
            let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !fits || tags.len() == MOST || tags.iter().any(|(known, _)| known == name) {
                return None;
            }
            tags.push((name.to_owned(), value.to_owned()));
        }
        (!tags.is_empty()).then_some(Tags { tags })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The name of the first tag.
    pub(crate) fn first(&self) -> &str {
        self.tags.first().map_or("", |(name, _)| name)
    }

    /// A value without the white space in it.
    pub(crate) fn dense(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.chars().filter(|c| !is_folding(*c)).collect())
    }

    /// A value in base64, which may be folded.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        BASE64.decode(self.dense(name)?.as_bytes()).ok()
    }

    /// A value as a number of at most 18 digits.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        let fits = value.len() <= 18 && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if fits { value.parse().ok() } else { None }
    }

    /// The words of a value between colons.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|value| value.split(':').map(|word| word.trim_matches(is_folding)).collect())
    }
}

fn is_folding(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The value of a field without the value of its `b` tag, which is how a signature looks at itself (RFC 6376 3.7).
pub(crate) fn without_signature(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for (index, part) in value.split(|byte| *byte == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let equals = part.iter().position(|byte| *byte == b'=');
        match equals {
            Some(equals) if part[..equals].trim_ascii() == b"b" => out.extend_from_slice(&part[..=equals]),
            _ => out.extend_from_slice(part),
        }
    }
    out
}

/// Fields that sign a copy, each with its line end, for people to look at: without the signatures. With them whoever sees
/// the copy could send it.
#[must_use]
pub fn without_signatures(fields: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fields.len());
    let mut rest = fields;
    while !rest.is_empty() {
        // A line that begins with white space goes on with the field (RFC 5322 2.2.3).
        let ends = (0..rest.len()).filter(|at| rest[*at] == b'\n').map(|at| at + 1);
        let end = ends.into_iter().find(|end| !matches!(rest.get(*end), Some(b' ' | b'\t'))).unwrap_or(rest.len());
        let (field, behind) = rest.split_at(end);
        let text = field.trim_ascii_end();
        out.extend_from_slice(&without_signature(text));
        out.extend_from_slice(&field[text.len()..]);
        rest = behind;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_shown_without_what_signs_them() {
        for end in ["\r\n", "\n"] {
            let fields = format!("A: v=1; b=abc{end}\tdef;{end} x=1{end}B: bh=b=; b=Z{end} Y={end}C: d{end}");
            let shown = format!("A: v=1; b=;{end} x=1{end}B: bh=b=; b={end}C: d{end}");
            assert_eq!(without_signatures(fields.as_bytes()), shown.as_bytes());
        }
        assert!(without_signatures(b"").is_empty());
    }

    #[test]
    fn reads_lists() {
        let tags = Tags::parse("v=1; a = rsa-sha256;\r\n h=From :\r\n To;b=\tYQ\r\n ==;x=;").expect("tags");
        assert_eq!(tags.first(), "v");
        assert_eq!(tags.get("a"), Some("rsa-sha256"));
        assert_eq!(tags.words("h"), Some(vec!["From", "To"]));
        assert_eq!(tags.bytes("b"), Some(b"a".to_vec()));
        assert_eq!((tags.get("x"), tags.get("y")), (Some(""), None));
    }

    #[test]
    fn what_is_no_list_is_none() {
        for text in ["", ";", "v", "v=1;;a=1", "v=1; v=2", "=1", "v=1; ;", "1=2", "v 1=2"] {
            assert_eq!(Tags::parse(text), None, "{text:?}");
        }
        let long = (0..=MOST).map(|number| format!("t{number}=;")).collect::<String>();
        assert_eq!(Tags::parse(&long), None);
    }

    #[test]
    fn numbers_are_digits() {
        let number = |text: &str| Tags::parse(&format!("t={text}")).and_then(|tags| tags.number("t"));
        assert_eq!(number("17"), Some(17));
        for text in ["", "-1", "+1", "1x", "1234567890123456789"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_signature_does_not_see_its_own_value() {
        for (value, without) in [
            (" v=1; b=abc=", " v=1; b="),
            (" b = a\r\n b ; bh=x", " b =; bh=x"),
            (" bh=b=1; d=x", " bh=b=1; d=x"),
            (" v=1;\r\n\tb=\r\n a;", " v=1;\r\n\tb=;"),
        ] {
            assert_eq!(without_signature(value.as_bytes()), without.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-dhilpstvx=;:/@ .0-9\r\n\tü\"\\\\]{0,80}") {
            let tags = Tags::parse(&text).unwrap_or_default();
            for name in ["a", "b", "h", "i", "l", "p", "t", "v", "x"] {
                let _ = (tags.words(name), tags.bytes(name), tags.number(name), tags.dense(name));
            }
            let without = without_signature(text.as_bytes());
            prop_assert_eq!(without_signature(&without), without);
        }
    }
}
