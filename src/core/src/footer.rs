//! A list's text above and below each post.
//!
//! It becomes part of the post's own text where that can be done without changing anything else: see [`Place`]. Whatever is
//! edited is decoded again and compared, so that a post never comes out garbled; if it would, the text stands apart.
//! What is signed or encrypted is left alone, text and all (docs/decisions/0022).

mod flowed;
mod html;
mod text;

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::mime::{Edits, Entity, Inside, LENGTHS, Multipart, is_mime_field, plain_part};
use text::Change;

/// Where the text of the list has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// There was no text.
    Nowhere,
    /// Into the text of the post, and into each alternative that is text.
    Inside,
    /// Into parts of their own in the multipart/mixed that the post is.
    Apart,
    /// Into parts of their own in a multipart/mixed around the post.
    Around,
    /// Nowhere, for the post is signed or encrypted.
    Sealed,
    /// Nowhere, for programs differ in what the post is.
    Unclear,
}

/// A post with the text of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footed<'a> {
    /// The message; borrowed if it was not changed.
    pub bytes: Cow<'a, [u8]>,
    /// Where the text is.
    pub place: Place,
}

/// What the list says, in lines that end with LF; empty for nothing.
#[derive(Debug, Clone)]
struct Words {
    above: String,
    below: String,
}

/// Why a text cannot go into a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    /// It is signed or encrypted.
    Sealed,
    /// It is no text, or text that cannot be extended.
    Other,
}

/// Adds text above and below what a post says.
#[must_use]
pub fn add<'a>(raw: &'a [u8], above: &str, below: &str) -> Footed<'a> {
    let words = Words { above: tidy(above), below: tidy(below) };
    let unchanged = |place| Footed { bytes: Cow::Borrowed(raw), place };
    if words.above.is_empty() && words.below.is_empty() {
        return unchanged(Place::Nowhere);
    }
    let Some(message) = Entity::read(raw) else { return unchanged(Place::Unclear) };
    let mut edits = Edits::new(raw);
    let mut changes = Vec::new();
    let multipart = match &message.inside {
        Inside::Parts(multipart) => Some(multipart),
        _ => None,
    };
    let place = match collect(&edits, &message, &words, &mut changes) {
        _ if message.part.ambiguous => Place::Unclear,
        Ok(()) => {
            for (entity, change) in changes {
                change.apply(&mut edits, entity, std::ptr::eq(entity, &message));
            }
            Place::Inside
        }
        Err(obstacle) => match multipart {
            Some(multipart) if message.part.media_type == "multipart/mixed" => {
                beside(&mut edits, &message, multipart, &words);
                Place::Apart
            }
            _ if obstacle == Obstacle::Sealed => Place::Sealed,
            None if message.part.kind() == "multipart" => Place::Unclear,
            _ => {
                around(&mut edits, &message, &words);
                Place::Around
            }
        },
    };
    Footed { bytes: edits.apply(), place }
}

/// One form for the line ends, and an end for the last line. Other controls than tabs have no place in mail.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " ");
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// Finds what is to be changed for the text to be seen once, whatever a program shows.
fn collect<'e>(
    edits: &Edits,
    entity: &'e Entity,
    words: &Words,
    changes: &mut Vec<(&'e Entity, Change)>,
) -> Result<(), Obstacle> {
    let part = &entity.part;
    if part.is_sealed() || part.is_envelope() {
        return Err(Obstacle::Sealed);
    }
    if part.ambiguous || part.attached {
        return Err(Obstacle::Other);
    }
    match (&entity.inside, part.media_type.as_str()) {
        (Inside::Leaf, "text/plain" | "text/html") => {
            changes.push((entity, text::change(edits, entity, words)?));
            return Ok(());
        }
        (Inside::Parts(multipart), "multipart/alternative") => {
            let before = changes.len();
            for part in &multipart.parts {
                let shown = matches!(part.part.media_type.as_str(), "text/plain" | "text/html") && !part.part.attached;
                if shown || part.part.kind() == "multipart" {
                    collect(edits, part, words, changes)?;
                }
            }
            if changes.len() == before {
                return Err(Obstacle::Other);
            }
        }
        (Inside::Parts(multipart), "multipart/related") => collect(edits, root(entity, multipart), words, changes)?,
        (Inside::Parts(multipart), "multipart/mixed") => {
            let first = multipart.parts.first().ok_or(Obstacle::Other)?;
            collect(edits, first, words, changes)?;
        }
        _ => return Err(Obstacle::Other),
    }
    changes.push((entity, Change::default()));
    Ok(())
}

/// The part that the others belong to (RFC 2387 3.2).
fn root<'e>(entity: &'e Entity, multipart: &'e Multipart) -> &'e Entity {
    let start = entity.part.parameter("start").map(|id| id.trim_matches(['<', '>']));
    let found = multipart.parts.iter().find(|part| start.is_some() && part.part.id.as_deref() == start);
    found.unwrap_or(&multipart.parts[0])
}

/// Puts parts before the first and behind the last of a multipart/mixed.
fn beside(edits: &mut Edits, message: &Entity, multipart: &Multipart, words: &Words) {
    let line_end = edits.line_end();
    let delimiter = format!("--{}", multipart.boundary);
    let part = |text: &str| [delimiter.as_bytes(), line_end.as_bytes(), &own_part(edits, text)].concat();
    let above = if words.above.is_empty() { Vec::new() } else { part(&words.above) };
    let below = if words.below.is_empty() { Vec::new() } else { part(&words.below) };
    edits.touch(message);
    edits.insert(multipart.first, above);
    match multipart.close {
        Some(close) => edits.insert(close, below),
        None if below.is_empty() => {}
        None => {
            let end = [line_end.as_bytes(), &below, delimiter.as_bytes(), b"--", line_end.as_bytes()].concat();
            edits.insert(message.body.end, end);
        }
    }
}

/// Header and body of a part with text, and the line end that belongs to the next delimiter.
fn own_part(edits: &Edits, text: &str) -> Vec<u8> {
    let (fields, body) = plain_part(text, edits.line_end());
    [&edits.lines(&format!("{fields}Content-Disposition: inline\n\n")), &body, edits.line_end().as_bytes()].concat()
}

/// Makes the message the part of a multipart/mixed. Its body moves there with the fields that belong to it.
fn around(edits: &mut Edits, message: &Entity, words: &Words) {
    let raw = edits.raw();
    let line_end = edits.line_end();
    let boundary = boundary(raw);
    let mut inner = Vec::new();
    let (mut eight_bit, mut versioned) = ("", false);
    for (_, field) in edits.fields(message) {
        versioned |= field.is("MIME-Version");
        if field.is("Content-Transfer-Encoding") && message.part.encoding.is_identity() {
            // What is true of a part is true of what it is in (RFC 2045 6.4).
            let value = field.text().to_ascii_lowercase();
            eight_bit = ["8bit", "binary"].into_iter().find(|known| *known == value).unwrap_or_default();
        }
        if is_mime_field(field.name()) && !LENGTHS.iter().any(|name| field.is(name)) {
            inner.extend_from_slice(field.raw());
            if field.line_end().is_empty() {
                inner.extend_from_slice(line_end.as_bytes());
            }
        }
    }
    let mut fields = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\n");
    if !versioned {
        fields.insert_str(0, "MIME-Version: 1.0\n");
    }
    if !eight_bit.is_empty() {
        fields.push_str(&format!("Content-Transfer-Encoding: {eight_bit}\n"));
    }
    let delimiter = [b"--", boundary.as_bytes(), line_end.as_bytes()].concat();
    let mut head = Vec::new();
    if !words.above.is_empty() {
        head = [&delimiter[..], &own_part(edits, &words.above)].concat();
    }
    head.extend_from_slice(&[&delimiter[..], &inner, line_end.as_bytes()].concat());
    let mut tail = line_end.as_bytes().to_vec();
    if !words.below.is_empty() {
        tail.extend_from_slice(&[&delimiter[..], &own_part(edits, &words.below)].concat());
    }
    tail.extend_from_slice(&[b"--", boundary.as_bytes(), b"--", line_end.as_bytes()].concat());
    edits.set_mime(message, &fields);
    edits.insert(message.body.start, head);
    edits.insert(message.body.end, tail);
}

/// A boundary that is not in the message, and the same for the same message.
fn boundary(raw: &[u8]) -> String {
    let mut digest = Sha256::digest(raw);
    loop {
        let boundary = format!("=_{}", HEXLOWER.encode(&digest[..15]));
        if !raw.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
            return boundary;
        }
        digest = Sha256::digest(digest);
    }
}

#[cfg(test)]
mod tests;
