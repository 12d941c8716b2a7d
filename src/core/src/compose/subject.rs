//! The prefix of a list before a subject: `[talk] Re: dinner`.

use super::list_fields::{WIDTH, fold};
use crate::message::{Field, encode_words, is_plain};

/// The Subject field with the prefix before its value; `None` when it has the prefix already.
///
/// The value keeps its bytes, folds and encoded words. The prefix goes before any `Re:`, so that it stands in one place
/// in a list of subjects; it is not put there again when it follows one, as in an answer to a post.
pub(super) fn prefixed(field: &Field, prefix: &str, line_end: &str) -> Option<Vec<u8>> {
    if has_prefix(&field.decoded(), prefix) {
        return None;
    }
    let mut subject = [field.name().as_bytes(), b": "].concat();
    let value = field.value();
    let (space, rest) = value.split_at(leading_space(value));
    let words = prefix_words(prefix, subject.len(), rest.starts_with(b"=?"));
    subject.extend_from_slice(fold(&words, subject.len(), line_end).as_bytes());
    if !rest.is_empty() {
        let folded_already = space.contains(&b'\n');
        let column = subject.len() - subject.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let first_line = value.split(|b| *b == b'\n').next().unwrap_or_default();
        if !folded_already && column + first_line.len() > WIDTH {
            subject.extend_from_slice(line_end.as_bytes());
        }
        subject.extend_from_slice(if space.is_empty() { b" " } else { space });
        subject.extend_from_slice(rest);
    }
    subject.extend_from_slice(field.line_end());
    Some(subject)
}

/// Octets of space and folds that a value begins with. A bare CR is neither: a line could not continue with it.
fn leading_space(value: &[u8]) -> usize {
    let mut rest = value;
    while let [b' ' | b'\t' | b'\n', after @ ..] | [b'\r', b'\n', after @ ..] = rest {
        rest = after;
    }
    value.len() - rest.len()
}

/// The value of a Subject that is nothing but the prefix.
pub(super) fn alone(prefix: &str, line_end: &str) -> String {
    let column = "Subject: ".len();
    fold(&prefix_words(prefix, column, false), column, line_end)
}

/// The prefix as words of a header. Between two encoded words a space is not shown (RFC 2047 6.2), so that before another
/// one the space is encoded with the prefix.
fn prefix_words(prefix: &str, column: usize, word_follows: bool) -> Vec<String> {
    if is_plain(prefix) {
        return vec![prefix.to_owned()];
    }
    let space = if word_follows { " " } else { "" };
    encode_words(&format!("{prefix}{space}"), column)
}

/// Whether a subject begins with the prefix, behind any reply markers and other lists' tags.
pub(super) fn has_prefix(subject: &str, prefix: &str) -> bool {
    let (subject, prefix) = (subject.to_lowercase(), prefix.to_lowercase());
    let mut rest = subject.trim_start();
    loop {
        if rest.starts_with(&prefix) {
            return true;
        }
        let Some(next) = after_tag(rest).or_else(|| after_reply_marker(rest)) else { return false };
        rest = next.trim_start();
    }
}

/// Skips `[anything]`.
fn after_tag(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.split_once(']').map(|(_, rest)| rest)
}

/// Skips one short word with a colon, such as `Re:`, `AW:`, `Antwort:`, `Re[2]:` or `回复：`. Which languages have which
/// words need not be known: it is only skipped to look for the prefix behind it.
fn after_reply_marker(text: &str) -> Option<&str> {
    let colon = text.find([':', '：'])?;
    let marker = text[..colon].trim_end();
    let word = marker.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^".contains(c));
    let short = (1..=12).contains(&word.chars().count()) && word.chars().all(char::is_alphabetic);
    let colon_len = text[colon..].chars().next().map_or(0, char::len_utf8);
    short.then(|| &text[colon + colon_len..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_prefix_behind_markers_and_tags() {
        for subject in [
            "[talk] x",
            "Re: [talk] x",
            "AW: Re: [Talk] x",
            "Re[2]: [talk] x",
            "Antwort : [talk] x",
            "回复：[talk] x",
            "Re: [other] [talk] x",
            "[talk]",
        ] {
            assert!(has_prefix(subject, "[talk]"), "{subject}");
        }
        for subject in ["", "x", "small [talk] x", "Re: x", "[talkative] x", "[unclosed", "a b: [talk]"] {
            assert!(!has_prefix(subject, "[talk]"), "{subject}");
        }
    }
}
