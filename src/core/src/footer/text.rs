//! Text that is put into a part that is text, in its character set and its encoding.

use std::borrow::Cow;
use std::ops::Range;

use super::{Obstacle, Words, flowed, html};
use crate::mime::{Charset, Edits, Encoding, Entity, LENGTHS, base64, encoded_position, quoted_printable};

/// What is to be done to a part, or, if nothing, to what it is in.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Content-Type, if it has to be another one.
    content_type: Option<String>,
    /// Whether the body becomes quoted-printable.
    to_quoted_printable: bool,
    /// Bytes of the message that are replaced.
    splices: Vec<(Range<usize>, Vec<u8>)>,
}

impl Change {
    pub(super) fn apply(self, edits: &mut Edits, entity: &Entity, is_message: bool) {
        let mut fields = String::new();
        let versioned = !is_message || edits.fields(entity).iter().any(|(_, field)| field.is("MIME-Version"));
        if !versioned && (self.content_type.is_some() || self.to_quoted_printable) {
            fields.push_str("MIME-Version: 1.0\n");
        }
        if let Some(content_type) = &self.content_type {
            fields.push_str(content_type);
        }
        if self.to_quoted_printable {
            fields.push_str("Content-Transfer-Encoding: quoted-printable\n");
        }
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        let gone = |name: &str| {
            LENGTHS.iter().any(|length| is(name, length))
                || self.content_type.is_some() && is(name, "Content-Type")
                || self.to_quoted_printable && is(name, "Content-Transfer-Encoding")
        };
        edits.set(entity, gone, &fields);
        for (range, bytes) in self.splices {
            edits.replace(range, bytes);
        }
    }
}

/// Octets of a line at most (RFC 5322 2.1.1).
const LINE: usize = 998;

/// Text and the place in the decoded body that it goes to.
type Insertion<T> = (usize, T);

/// How a text part is to be changed.
pub(super) fn change(edits: &Edits, entity: &Entity, words: &Words) -> Result<Change, Obstacle> {
    let body = &edits.raw()[entity.body.clone()];
    let decoded = entity.part.encoding.decode(body).ok_or(Obstacle::Other)?;
    if is_inline_pgp(&decoded) {
        return Err(Obstacle::Sealed);
    }
    let line_end = line_end(&decoded).unwrap_or(match entity.part.encoding {
        Encoding::Base64 => "\r\n",
        _ => edits.line_end(),
    });
    let insertions = insertions(entity, &decoded, words, line_end).ok_or(Obstacle::Other)?;
    let label = entity.part.parameter("charset").unwrap_or("us-ascii");
    let charset = Charset::named(label).ok_or(Obstacle::Other)?;
    let mut change = Change::default();
    let (bytes, charset) = match encode(&charset, &insertions) {
        Some(bytes) => (bytes, charset),
        // Nothing is changed by calling ASCII by another name. An escape may begin something else (RFC 1468).
        None if decoded.is_ascii() && !decoded.contains(&0x1b) && charset.holds_ascii() => {
            let utf_8 = Charset::named("utf-8").ok_or(Obstacle::Other)?;
            change.content_type = Some(renamed(entity).ok_or(Obstacle::Other)?);
            (encode(&utf_8, &insertions).ok_or(Obstacle::Other)?, utf_8)
        }
        None => return Err(Obstacle::Other),
    };
    let new_body = rewrite(edits, entity, &decoded, &bytes, line_end, &mut change).ok_or(Obstacle::Other)?;
    // Nothing but the text may have changed.
    let encoding = if change.to_quoted_printable { Encoding::QuotedPrintable } else { entity.part.encoding };
    let found = encoding.decode(&new_body).ok_or(Obstacle::Other)?;
    let mut expected = String::new();
    let mut at = 0;
    for (place, text) in &insertions {
        expected.push_str(&charset.decode(&decoded[at..*place]));
        expected.push_str(text);
        at = *place;
    }
    expected.push_str(&charset.decode(&decoded[at..]));
    let same = expected.replace("\r\n", "\n") == charset.decode(&found).replace("\r\n", "\n");
    if same { Ok(change) } else { Err(Obstacle::Other) }
}

/// Text in the form that the part has, in order of places.
fn insertions(entity: &Entity, decoded: &[u8], words: &Words, line_end: &str) -> Option<Vec<Insertion<String>>> {
    let mut insertions = Vec::new();
    if entity.part.media_type == "text/html" {
        let (above, below) = html::places(decoded)?;
        for (place, text) in [(above, &words.above), (below, &words.below)] {
            if !text.is_empty() {
                insertions.push((place, html::escaped(text, line_end)));
            }
        }
        insertions.sort_by_key(|(place, _)| *place);
        return Some(insertions);
    }
    let is_flowed = entity.part.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
    let lines = |text: &str| {
        let text = if is_flowed { flowed::fixed(text) } else { text.to_owned() };
        text.replace('\n', line_end)
    };
    let start = if decoded.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    if !words.above.is_empty() {
        insertions.push((start, lines(&words.above)));
    }
    if !words.below.is_empty() {
        let text = &decoded[start..];
        let mut below = String::new();
        if !text.is_empty() && !text.ends_with(b"\n") {
            below.push_str(line_end);
        }
        if is_flowed && flowed::is_open(text) {
            below.push_str(line_end);
        }
        below.push_str(&lines(&words.below));
        insertions.push((decoded.len(), below));
    }
    Some(insertions)
}

fn encode(charset: &Charset, insertions: &[Insertion<String>]) -> Option<Vec<Insertion<Vec<u8>>>> {
    insertions.iter().map(|(place, text)| Some((*place, charset.encode(text)?))).collect()
}

/// The body with the insertions, encoded as it was or as `change` now says, which also gets what leads there.
fn rewrite<'b>(
    edits: &Edits,
    entity: &Entity,
    decoded: &'b [u8],
    insertions: &[Insertion<Vec<u8>>],
    line_end: &str,
    change: &mut Change,
) -> Option<Cow<'b, [u8]>> {
    let body = &edits.raw()[entity.body.clone()];
    let spliced = splice(decoded, insertions);
    let whole = |new: Vec<u8>| (vec![(entity.body.clone(), new.clone())], new);
    let (splices, new) = match entity.part.encoding {
        Encoding::SevenBit | Encoding::EightBit => {
            let ascii = insertions.iter().all(|(_, bytes)| bytes.is_ascii());
            if !insertions.iter().flat_map(|(_, bytes)| bytes.split(|b| *b == b'\n')).all(|line| line.len() <= LINE) {
                return None;
            }
            if !ascii && decoded.is_ascii() {
                // Seven bits stay seven bits, whatever is declared: not every mail server takes eight.
                change.to_quoted_printable = true;
                whole(quoted_printable(&spliced, line_end))
            } else if ascii || entity.part.encoding == Encoding::EightBit {
                (placed(entity, insertions), spliced)
            } else {
                return None;
            }
        }
        Encoding::QuotedPrintable => {
            let insertions: Vec<Insertion<Vec<u8>>> =
                insertions.iter().map(|one| quoted(body, decoded, one, line_end)).collect::<Option<_>>()?;
            (placed(entity, &insertions), splice(body, &insertions))
        }
        Encoding::Base64 => {
            let mut new = base64(&spliced, edits.line_end());
            if !body.ends_with(b"\n") {
                // The line end belongs to the boundary.
                new.truncate(new.len() - edits.line_end().len());
            }
            whole(new)
        }
        Encoding::Unknown => return None,
    };
    change.splices = splices;
    Some(Cow::Owned(new))
}

/// An insertion into a quoted-printable body, whose other bytes stay.
fn quoted(body: &[u8], decoded: &[u8], insertion: &Insertion<Vec<u8>>, line_end: &str) -> Option<Insertion<Vec<u8>>> {
    let (place, bytes) = insertion;
    let encoded = quoted_printable(bytes, line_end);
    let place = if *place == decoded.len() { body.len() } else { encoded_position(body, *place)? };
    let before = &body[..place];
    // A soft line break that still lacks its line end, and a space that must not become the end of a line.
    let closing = match before.last() {
        Some(b'=') => line_end.to_owned(),
        Some(b' ' | b'\t') if place < body.len() => format!("={line_end}"),
        _ => String::new(),
    };
    Some((place, [closing.as_bytes(), &encoded].concat()))
}

fn placed(entity: &Entity, insertions: &[Insertion<Vec<u8>>]) -> Vec<(Range<usize>, Vec<u8>)> {
    let at = |place: usize| entity.body.start + place..entity.body.start + place;
    insertions.iter().map(|(place, bytes)| (at(*place), bytes.clone())).collect()
}

fn splice(bytes: &[u8], insertions: &[Insertion<Vec<u8>>]) -> Vec<u8> {
    let mut spliced = Vec::with_capacity(bytes.len() + insertions.iter().map(|(_, one)| one.len()).sum::<usize>());
    let mut at = 0;
    for (place, inserted) in insertions {
        spliced.extend_from_slice(&bytes[at..*place]);
        spliced.extend_from_slice(inserted);
        at = *place;
    }
    spliced.extend_from_slice(&bytes[at..]);
    spliced
}

/// Content-Type with UTF-8 in the place of the character set; `None` if it says what we do not know.
fn renamed(entity: &Entity) -> Option<String> {
    let mut field = format!("Content-Type: {}; charset=utf-8", entity.part.media_type);
    for (name, value) in entity.part.parameters.iter().filter(|(name, _)| name != "charset") {
        let known = ["format", "delsp", "reply-type"].contains(&name.as_str());
        if !known || value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        field.push_str(&format!("; {name}={value}"));
    }
    field.push('\n');
    Some(field)
}

/// Text that is signed or encrypted in itself (RFC 9580 7).
fn is_inline_pgp(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n')
        .filter_map(|line| line.strip_prefix(b"-----BEGIN PGP "))
        .any(|rest| rest.starts_with(b"SIGNED MESSAGE-----") || rest.starts_with(b"MESSAGE"))
}

/// The line end that text has, by its first line.
fn line_end(text: &[u8]) -> Option<&'static str> {
    let end = text.iter().position(|b| *b == b'\n')?;
    Some(if text[..end].ends_with(b"\r") { "\r\n" } else { "\n" })
}
