//! A digest as RFC 1153 describes it: a preamble, 70 hyphens, posts with 30 hyphens behind each, and a trailer.

use std::borrow::Cow;

use super::reduce;
use crate::compose::fold;
use crate::message::Message;
use crate::mime::{base64, quoted_printable};

/// Fields of a post that are kept, in this order.
const FIELDS: [&str; 8] = ["Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "Summary"];

/// Hyphens of the line behind each post.
const BETWEEN: usize = 30;

/// Hyphens of the line behind the preamble.
const BEFORE: usize = 70;

/// Octets of a line at most (RFC 5322 2.1.1).
const LINE: usize = 998;

/// The posts as text with CRLF.
pub(super) struct Body {
    text: String,
}

impl Body {
    pub(super) fn new(capacity: usize) -> Body {
        Body { text: String::with_capacity(capacity) }
    }

    pub(super) fn add(&mut self, raw: &[u8], message: Option<&Message>, left_out: &dyn Fn(&str) -> String) {
        for name in FIELDS {
            for field in message.into_iter().flat_map(|message| message.field(name)) {
                let value = field.decoded();
                let words: Vec<String> = value.split_whitespace().map(clean).map(Cow::into_owned).collect();
                self.line(&format!("{name}: {}", fold(&words, name.len() + 2, "\r\n")));
            }
        }
        self.line("");
        let text = reduce::text(raw, left_out);
        // Blank lines at either end go.
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
        let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
        for line in text.lines().take(last).skip(first) {
            self.line(&escaped(&clean(line)));
        }
        self.line("");
        self.line(&"-".repeat(BETWEEN));
        self.line("");
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str("\r\n");
    }

    pub(super) fn finish(mut self, header: &str, contents: &str, end: &str) -> Vec<u8> {
        self.line(end);
        self.line(&"*".repeat(end.chars().count()));
        let mut preamble = Body::new(contents.len() * 2);
        for line in contents.lines() {
            preamble.line(&escaped(&clean(line)));
        }
        preamble.line("");
        preamble.line(&"-".repeat(BEFORE));
        preamble.line("");
        let head = |charset: &str, encoding: &str| {
            format!(
                "{header}Content-Type: text/plain; charset={charset}\r\n\
                 Content-Transfer-Encoding: {encoding}\r\n\r\n"
            )
        };
        let parts = [preamble.text.as_str(), &self.text];
        let short = parts.iter().all(|part| part.lines().all(|line| line.len() <= LINE));
        let others: usize = parts.iter().map(|part| part.bytes().filter(|b| !b.is_ascii()).count()).sum();
        if short && others == 0 {
            self.text.insert_str(0, &(head("us-ascii", "7bit") + &preamble.text));
            return self.text.into_bytes();
        }
        self.text.insert_str(0, &preamble.text);
        let in_base64 = others > self.text.len() / 6;
        let encoding = if in_base64 { "base64" } else { "quoted-printable" };
        let encode = if in_base64 { base64 } else { quoted_printable };
        let mut bytes = encode(self.text.as_bytes(), "\r\n");
        drop(self.text);
        bytes.splice(0..0, head("utf-8", encoding).into_bytes());
        bytes
    }
}

/// A line that no program takes for one of the digest's own: RFC 1153 replaces the first of 30 hyphens, and some programs
/// look for 30 or more.
fn escaped(line: &str) -> Cow<'_, str> {
    let hyphens = line.trim_end();
    if hyphens.len() >= BETWEEN && hyphens.bytes().all(|b| b == b'-') {
        return Cow::Owned(format!(" {}", &line[1..]));
    }
    Cow::Borrowed(line)
}

/// Text without what makes terminals do things.
fn clean(line: &str) -> Cow<'_, str> {
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Cow::Owned(line.replace(|c: char| c.is_control() && c != '\t', " "));
    }
    Cow::Borrowed(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_hyphens_are_escaped() {
        for (length, escapes) in [(29, false), (30, true), (31, true), (70, true)] {
            let line = "-".repeat(length);
            assert_eq!(escaped(&line).starts_with(' '), escapes, "{length}");
            assert_eq!(escaped(&line).len(), length);
        }
        assert!(escaped(&format!("{} ", "-".repeat(30))).starts_with(' '));
        assert!(!escaped(&format!("{}x", "-".repeat(30))).starts_with(' '));
    }
}
