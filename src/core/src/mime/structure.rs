//! Where the parts of a message begin and end (RFC 2046 5.1.1), to the byte.
//!
//! A boundary counts as a whole line, and one of an outer multipart also ends what is open inside. The line end before it
//! belongs to it. What has no boundary is one leaf, whatever its type says.

use std::ops::Range;

use super::fields::Part;
use crate::message::{leading_field, mbox_line};

/// Messages and multiparts in each other that are looked into. Programs that write mail stay below ten.
const DEPTH: usize = 24;

/// Parts of a message that are looked at.
const PARTS: usize = 2000;

/// A header and a body (RFC 2045 2.4): a message or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    /// The header fields.
    pub header: Range<usize>,
    /// What is behind the empty line, without the line end that belongs to the next boundary. Begins where the header ends
    /// if the empty line is missing.
    pub body: Range<usize>,
    /// What the header fields say.
    pub part: Part,
    /// What the body consists of.
    pub inside: Inside,
}

/// What a body consists of.
#[derive(Debug, Clone)]
pub(crate) enum Inside {
    /// Content.
    Leaf,
    /// Parts.
    Parts(Multipart),
    /// A message (RFC 2046 5.2.1) that is not encoded.
    Message(Box<Entity>),
}

/// The parts between boundaries.
#[derive(Debug, Clone)]
pub(crate) struct Multipart {
    /// As its delimiters have it, without hyphens.
    pub boundary: String,
    /// In order, at least one.
    pub parts: Vec<Entity>,
    /// Each part with the delimiter before it, and the line end before that.
    pub spans: Vec<Range<usize>>,
    /// Where the lines of the first and of the closing delimiter begin; the latter may be missing.
    pub first: usize,
    pub close: Option<usize>,
}

impl Entity {
    /// Reads a message; `None` if it has more parts, or parts more deeply nested, than anybody writes.
    pub(crate) fn read(raw: &[u8]) -> Option<Entity> {
        let mut left = PARTS;
        let start = mbox_line(raw).len();
        entity(raw, start..raw.len(), "text/plain", DEPTH, &mut left)
    }

    /// Whether the empty line is there.
    pub(crate) fn has_separator(&self) -> bool {
        self.body.start > self.header.end
    }

    /// Its bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.header.start..self.body.end
    }
}

fn entity(raw: &[u8], range: Range<usize>, default: &str, depth: usize, left: &mut usize) -> Option<Entity> {
    *left = left.checked_sub(1)?;
    let mut at = range.start;
    while let Some(field) = leading_field(&raw[at..range.end]) {
        at += field.raw().len();
    }
    let header = range.start..at;
    let separator = match &raw[at..range.end] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    };
    let body = at + separator..range.end;
    let part = Part::read(&raw[header.clone()], default);
    let inside = if part.kind() == "multipart" {
        match part.boundary.as_deref().and_then(|boundary| delimiters(raw, &body, boundary)) {
            Some(found) => Inside::Parts(multipart(raw, found, &part, depth.checked_sub(1)?, left)?),
            None => Inside::Leaf,
        }
    } else if part.is_message() && part.encoding.is_identity() {
        Inside::Message(Box::new(entity(raw, body.clone(), "text/plain", depth.checked_sub(1)?, left)?))
    } else {
        Inside::Leaf
    };
    Some(Entity { header, body, part, inside })
}

/// The delimiters of a body.
struct Delimiters {
    boundary: String,
    /// Of each: where the line end before it begins, where its line begins, and where the next line does.
    lines: Vec<(usize, usize, usize)>,
    /// The first two of the closing one.
    close: Option<(usize, usize)>,
    end: usize,
}

fn delimiters(raw: &[u8], body: &Range<usize>, boundary: &str) -> Option<Delimiters> {
    let mut found = Delimiters { boundary: boundary.to_owned(), lines: Vec::new(), close: None, end: body.end };
    let mut at = body.start;
    for line in raw[body.clone()].split_inclusive(|b| *b == b'\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary.as_bytes())) else {
            continue;
        };
        // A line end right behind the delimiter before stays with that one.
        let floor = found.lines.last().map_or(body.start, |(_, _, end)| *end);
        let before = start - line_end(&raw[floor..start]);
        if rest.iter().all(u8::is_ascii_whitespace) {
            found.lines.push((before, start, at));
        } else if rest.starts_with(b"--") && rest[2..].iter().all(u8::is_ascii_whitespace) && !found.lines.is_empty() {
            found.close = Some((before, start));
            found.end = before;
            break;
        }
    }
    (!found.lines.is_empty()).then_some(found)
}

fn multipart(raw: &[u8], found: Delimiters, part: &Part, depth: usize, left: &mut usize) -> Option<Multipart> {
    let default = if part.media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
    let mut parts = Vec::new();
    let mut spans = Vec::new();
    for (index, (before, _, start)) in found.lines.iter().enumerate() {
        let end = found.lines.get(index + 1).map_or(found.end, |(next, _, _)| *next);
        spans.push(*before..end);
        parts.push(entity(raw, *start..end, default, depth, left)?);
    }
    let first = found.lines.first().map_or(found.end, |(_, start, _)| *start);
    Some(Multipart { boundary: found.boundary, parts, spans, first, close: found.close.map(|(_, start)| start) })
}

/// Octets of the line end that `bytes` end with.
pub(super) fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Types with their bodies, nested.
    fn show(raw: &str, entity: &Entity) -> String {
        let inside = match &entity.inside {
            Inside::Leaf => format!("{:?}", &raw[entity.body.clone()]),
            Inside::Message(inner) => show(raw, inner),
            Inside::Parts(multipart) => {
                multipart.parts.iter().map(|part| show(raw, part)).collect::<Vec<_>>().join(", ")
            }
        };
        format!("{}[{inside}]", entity.part.media_type)
    }

    fn read(raw: &str) -> String {
        show(raw, &Entity::read(raw.as_bytes()).expect("a message"))
    }

    #[test]
    fn parts_end_before_the_line_end_of_the_next_boundary() {
        let raw = "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\npreamble\r\n--b\r\n\r\none\n\r\n--b \t\r\n\
            Content-Type: text/html\r\n\r\n--bb\r\nx--b\r\n--b--x\r\n--b--\r\nepilogue\r\n--b\r\n";
        assert_eq!(read(raw), "multipart/mixed[text/plain[\"one\\n\"], text/html[\"--bb\\r\\nx--b\\r\\n--b--x\"]]");
        assert_eq!(read("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--"), {
            "multipart/mixed[text/plain[\"\"], text/plain[\"\"]]"
        });
    }

    #[test]
    fn an_outer_boundary_ends_what_is_open_inside() {
        let raw = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n\n\
            one\n--a\nContent-Type: message/rfc822\n\nSubject: x\n\ntwo\n--a--\n";
        assert_eq!(
            read(raw),
            "multipart/mixed[multipart/mixed[text/plain[\"one\"]], message/rfc822[text/plain[\"two\"]]]"
        );
    }

    #[test]
    fn digests_hold_messages_and_what_has_no_boundary_is_a_leaf() {
        let raw = "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\none\n--a\n\nSubject: y\n\ntwo";
        assert_eq!(
            read(raw),
            "multipart/digest[message/rfc822[text/plain[\"one\"]], message/rfc822[text/plain[\"two\"]]]"
        );
        assert_eq!(read("Content-Type: multipart/mixed; boundary=a\n\nnothing\n"), "multipart/mixed[\"nothing\\n\"]");
        assert_eq!(read("Content-Type: multipart/mixed\n\n--\n"), "multipart/mixed[\"--\\n\"]");
        let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdA==\n";
        assert_eq!(read(encoded), "message/rfc822[\"U3ViamVjdA==\\n\"]");
    }

    #[test]
    fn what_nobody_writes_is_not_read() {
        let nested = "Content-Type: message/rfc822\n\n".repeat(DEPTH + 1);
        assert!(Entity::read(nested.as_bytes()).is_none());
        let many = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", "--a\n".repeat(PARTS));
        assert!(Entity::read(many.as_bytes()).is_none());
    }

    /// Parts are in order, inside what they are parts of, and delimiters are all that is between them.
    fn check(raw: &[u8], entity: &Entity) {
        assert!(entity.header.start <= entity.header.end && entity.header.end <= entity.body.start);
        assert!(entity.body.start <= entity.body.end && entity.body.start - entity.header.end <= 2);
        match &entity.inside {
            Inside::Leaf => {}
            Inside::Message(inner) => {
                assert_eq!(inner.range(), entity.body);
                check(raw, inner);
            }
            Inside::Parts(multipart) => {
                let mut at = entity.body.start;
                for (part, span) in multipart.parts.iter().zip(&multipart.spans) {
                    assert!(at <= span.start && span.end == part.range().end);
                    let delimiter = raw[span.start..part.range().start].trim_ascii();
                    assert_eq!(delimiter, format!("--{}", multipart.boundary).as_bytes());
                    check(raw, part);
                    at = span.end;
                }
                assert!(at <= multipart.close.unwrap_or(entity.body.end) && at <= entity.body.end);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_has_an_order(words in prop::collection::vec(prop::sample::select(vec![
            "\n", "\r\n", "\r", " ", "--a", "--a--", "--ab", "x", ":", "Content-Type: multipart/mixed; boundary=a\n",
            "Content-Type: multipart/digest; boundary=ab\r\n", "Content-Type: message/rfc822\n", "Subject: x\n",
        ]), 0..40)) {
            let raw = format!("Content-Type: multipart/mixed; boundary=a\n{}", words.concat());
            check(raw.as_bytes(), &Entity::read(raw.as_bytes()).expect("a message"));
        }
    }
}
