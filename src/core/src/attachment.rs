//! Attachments by media type and file ending.

use mail_parser::{HeaderName, MessageParser, MessagePart, PartType};

use crate::mime::{self, Entity, Inside, Unreadable, closed};

/// The first part of a message that is one of `types` (see the setting `reject_types`), as words for people.
///
/// Looks into attached messages too. A message without MIME has no attachments; one whose MIME is broken may have any.
#[must_use]
pub fn find(raw: &[u8], types: &[String]) -> Option<String> {
    if types.is_empty() {
        return None;
    }
    // Two readers, since neither sees all that some mail program may see: the library loses the parts behind a message that
    // holds nothing but a message.
    Entity::read(raw).and_then(|message| find_entity(raw, &message, types)).or_else(|| find_parsed(raw, types))
}

fn find_parsed(raw: &[u8], types: &[String]) -> Option<String> {
    match mime::parse(raw) {
        Ok(message) => find_in(&message.parts, types, 0),
        Err(Unreadable::Empty) => None,
        // It might be anything.
        Err(Unreadable::Broken) => Some("in a form that no program can read".to_owned()),
    }
}

/// Messages in messages that are looked into; mail-parser stops before that.
const DEPTH: usize = 16;

fn find_in(parts: &[MessagePart<'_>], types: &[String], depth: usize) -> Option<String> {
    parts.iter().find_map(|part| match describe(part, types) {
        None => match &part.body {
            PartType::Message(inner) if depth < DEPTH => find_in(&inner.parts, types, depth + 1),
            _ => None,
        },
        found => found,
    })
}

/// What a part is, in the words of [`find`], by its header or, if it is a message that is encoded, by what is in that.
pub(crate) fn of_entity(raw: &[u8], entity: &Entity, types: &[String]) -> Option<String> {
    let header = closed(&raw[entity.header.clone()]);
    let message = MessageParser::default().parse_headers(&header);
    let found = message.as_ref().and_then(|message| message.parts.first()).and_then(|part| describe(part, types));
    if found.is_some() || !entity.part.is_message() {
        return found;
    }
    // In a digest, where it need not say so.
    let media_type = MediaType { name: entity.part.media_type.clone() };
    if !entity.part.typed
        && let Some(one) = types.iter().find(|one| media_type.is(one))
    {
        return Some(one.clone());
    }
    let encoded = matches!(entity.inside, Inside::Leaf);
    encoded.then(|| find_parsed(&[b"Content-Type: message/rfc822\n", &raw[entity.range()]].concat(), types)).flatten()
}

fn find_entity(raw: &[u8], entity: &Entity, types: &[String]) -> Option<String> {
    of_entity(raw, entity, types).or_else(|| match &entity.inside {
        Inside::Leaf => None,
        Inside::Message(inner) => find_entity(raw, inner, types),
        Inside::Parts(multipart) => multipart.parts.iter().find_map(|part| find_entity(raw, part, types)),
    })
}

/// A media type in lower case.
struct MediaType {
    name: String,
}

impl MediaType {
    fn is(&self, listed: &str) -> bool {
        match listed.split_once('/') {
            Some((kind, "*")) => self.name.split('/').next() == Some(kind),
            _ => self.name == listed,
        }
    }
}

/// Of fields that are there twice each counts, since programs differ in which they take.
fn describe(part: &MessagePart<'_>, types: &[String]) -> Option<String> {
    let fields = |name: HeaderName<'static>| {
        part.headers.iter().filter(move |field| field.name == name).filter_map(|field| field.value.as_content_type())
    };
    let media_types: Vec<MediaType> = fields(HeaderName::ContentType)
        .map(|found| format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()).to_ascii_lowercase())
        .map(|name| MediaType { name })
        .collect();
    // Both names, since programs differ in which they use; what follows the last letter is dropped by some systems.
    let names: Vec<String> = fields(HeaderName::ContentDisposition)
        .filter_map(|found| found.attribute("filename"))
        .chain(fields(HeaderName::ContentType).filter_map(|found| found.attribute("name")))
        .map(|name| name.trim_end_matches(|c: char| c.is_whitespace() || c == '.').to_lowercase())
        .collect();
    let is_listed = |one: &&String| {
        if one.contains('/') {
            media_types.iter().any(|found| found.is(one))
        } else {
            names.iter().any(|name| name.ends_with(one.as_str()))
        }
    };
    let listed = types.iter().find(is_listed)?;
    Some(match names.first() {
        Some(name) => format!("{name:?} ({listed})"),
        None => listed.clone(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MESSAGE: &str = "From: ann@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\nContent-Type: text/plain\n\nHello\n\
        --b\nContent-Type: application/ZIP\nContent-Disposition: attachment; filename=\"Holiday.Scr \"\n\nx\n\
        --b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: video/mp4; name=film.mp4\n\nx\n--b--\n";

    fn found(types: &str) -> Option<String> {
        find(MESSAGE.as_bytes(), &types.split(", ").map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn parts_are_found_by_type_and_by_ending() {
        assert_eq!(found("application/zip").as_deref(), Some("\"holiday.scr\" (application/zip)"));
        assert_eq!(found(".exe, .scr").as_deref(), Some("\"holiday.scr\" (.scr)"));
        assert_eq!(found("video/*").as_deref(), Some("\"film.mp4\" (video/*)"));
        assert_eq!(found("image/*, .pif"), None);
        let two = b"Content-Type: application/octet-stream; name=photo.exe\n\
                    Content-Disposition: attachment; filename=\"photo.txt. .\"\n\nx\n";
        for ending in [".exe", ".txt"] {
            assert!(find(two, &[ending.to_owned()]).is_some(), "{ending}");
        }
        let behind = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\
                       Content-Type: message/rfc822\n\nSubject: x\n\n\n--b\nContent-Type: text/html\n\nx\n--b--\n";
        assert_eq!(find(behind, &["text/html".to_owned()]).as_deref(), Some("text/html"));
        assert_eq!(find(b"no mime at all", &["text/html".to_owned()]), None);
    }

    proptest! {
        #[test]
        fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = find(&raw, &["application/*".to_owned(), ".exe".to_owned()]);
        }
    }
}
