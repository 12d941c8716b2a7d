//! Attachments by media type and file ending.

use mail_parser::{MessagePart, MimeHeaders, PartType};

use crate::mime::{self, Unreadable};

/// The first part of a message that is one of `types` (see the setting `reject_types`), as words for people.
///
/// Looks into attached messages too. A message without MIME has no attachments; one whose MIME is broken may have any.
#[must_use]
pub fn find(raw: &[u8], types: &[String]) -> Option<String> {
    if types.is_empty() {
        return None;
    }
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

fn describe(part: &MessagePart<'_>, types: &[String]) -> Option<String> {
    let media_type = part
        .content_type()
        .map(|found| format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()).to_ascii_lowercase());
    // Both names, since programs differ in which they use; what follows the last letter is dropped by some systems.
    let disposition = part.content_disposition().and_then(|found| found.attribute("filename"));
    let names = [disposition, part.content_type().and_then(|found| found.attribute("name"))];
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .map(|name| name.trim_end_matches(|c: char| c.is_whitespace() || c == '.').to_lowercase())
        .collect();
    let is_listed = |one: &String| match one.split_once('/') {
        Some((kind, "*")) => {
            media_type.as_ref().is_some_and(|found| found.split('/').next().is_some_and(|found| found == kind))
        }
        Some(_) => media_type.as_ref() == Some(one),
        None => names.iter().any(|name| name.ends_with(one.as_str())),
    };
    let listed = types.iter().find(|one| is_listed(one))?;
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
        assert_eq!(find(b"no mime at all", &["text/html".to_owned()]), None);
    }

    proptest! {
        #[test]
        fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = find(&raw, &["application/*".to_owned(), ".exe".to_owned()]);
        }
    }
}
