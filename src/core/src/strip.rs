//! A message without the attachments that a list does not take, each replaced by a line that says so.
//!
//! What is `attachment::find` by the same types is what goes. All other bytes stay, boundaries and nesting included, but for
//! fields of the header that count the octets of a body (Content-Length, Lines, Content-MD5), where that body has changed.
//!
//! - A part becomes a text/plain part in its place.
//! - An alternative (RFC 2046 5.1.4) just goes, for there are others; if none is left, all of them become one text.
//! - A message that is itself the attachment keeps its header and becomes a text. So does an attached one.
//! - Attached messages are looked into. One that is encoded, which RFC 2046 5.2.1 forbids, goes as a whole.
//! - Parts that are signed or encrypted (RFC 1847) are never touched: whoever calls decides what becomes of the message.

use std::borrow::Cow;

use crate::attachment;
use crate::mime::{Edits, Entity, Inside, plain_part};
use crate::template::{lines, one_line};

/// A message without what was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped<'a> {
    /// The message; borrowed if nothing was removed.
    pub bytes: Cow<'a, [u8]>,
    /// What was removed, in the words of [`attachment::find`], each one line.
    pub removed: Vec<String>,
}

/// Why a message cannot be stripped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unstripped {
    /// The attachment is part of what is signed or encrypted.
    #[error("{0} is in a part that is signed or encrypted")]
    Protected(String),
    /// There may be an attachment, but programs differ in where it begins and ends, or whether it is there at all.
    #[error("{0} is in a message whose parts are not clear")]
    Unclear(String),
}

/// Takes out what is one of `types` (see the setting `reject_types`), and puts in its place what `note` says about it.
///
/// # Errors
/// What has to go cannot: nothing is removed at all.
pub fn strip<'a>(raw: &'a [u8], types: &[String], note: &dyn Fn(&str) -> String) -> Result<Stripped<'a>, Unstripped> {
    if types.is_empty() {
        return Ok(Stripped { bytes: Cow::Borrowed(raw), removed: Vec::new() });
    }
    let Some(message) = Entity::read(raw) else {
        return match attachment::find(raw, types) {
            Some(found) => Err(Unstripped::Unclear(one_line(&found))),
            None => Ok(Stripped { bytes: Cow::Borrowed(raw), removed: Vec::new() }),
        };
    };
    let mut walk = Walk { edits: Edits::new(raw), types, note, removed: Vec::new(), protected: None };
    if let Fate::Gone(names) = walk.visit(&message, false) {
        walk.empty(&message, names);
    }
    if let Some(name) = walk.protected {
        return Err(Unstripped::Protected(name));
    }
    let (bytes, removed) = (walk.edits.apply(), walk.removed);
    // The last word has the reader that finds attachments everywhere else. It would find the notes, too.
    let others: Vec<String> =
        types.iter().filter(|one| !["text/plain", "text/*"].contains(&one.as_str())).cloned().collect();
    match attachment::find(&bytes, &others) {
        Some(found) => Err(Unstripped::Unclear(one_line(&found))),
        None => Ok(Stripped { bytes, removed }),
    }
}

/// What becomes of a part.
enum Fate {
    Kept,
    Changed,
    /// It is, or its parts are, what goes. The caller knows what to put there.
    Gone(Vec<String>),
}

struct Walk<'a, 's> {
    edits: Edits<'a>,
    types: &'s [String],
    note: &'s dyn Fn(&str) -> String,
    removed: Vec<String>,
    protected: Option<String>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, entity: &Entity, sealed: bool) -> Fate {
        if let Some(name) = self.listed(entity) {
            if sealed {
                self.protected.get_or_insert(name);
                return Fate::Kept;
            }
            return Fate::Gone(vec![name]);
        }
        let sealed = sealed || entity.part.is_sealed();
        let fate = match &entity.inside {
            Inside::Leaf => Fate::Kept,
            Inside::Message(inner) => match self.visit(inner, sealed) {
                Fate::Gone(names) => {
                    self.empty(inner, names);
                    Fate::Changed
                }
                fate => fate,
            },
            Inside::Parts(_) => self.visit_parts(entity, sealed),
        };
        if matches!(fate, Fate::Changed) {
            self.edits.touch(entity);
        }
        fate
    }

    fn visit_parts(&mut self, entity: &Entity, sealed: bool) -> Fate {
        let Inside::Parts(multipart) = &entity.inside else { return Fate::Kept };
        let alternative = entity.part.media_type == "multipart/alternative";
        let (mut changed, mut gone) = (false, Vec::new());
        for (index, part) in multipart.parts.iter().enumerate() {
            match self.visit(part, sealed) {
                Fate::Kept => {}
                Fate::Changed => changed = true,
                Fate::Gone(names) => gone.push((index, names)),
            }
        }
        if alternative && gone.len() == multipart.parts.len() {
            return Fate::Gone(gone.into_iter().flat_map(|(_, names)| names).collect());
        }
        changed |= !gone.is_empty();
        for (index, names) in gone {
            if alternative {
                self.edits.replace(multipart.spans[index].clone(), Vec::new());
                self.removed.extend(names);
            } else {
                self.replace(&multipart.parts[index], names);
            }
        }
        if changed { Fate::Changed } else { Fate::Kept }
    }

    /// What the part is, if it is one of the types.
    fn listed(&self, entity: &Entity) -> Option<String> {
        attachment::of_entity(self.edits.raw(), entity, self.types).map(|name| one_line(&name))
    }

    /// Puts a note in the place of a part.
    fn replace(&mut self, part: &Entity, names: Vec<String>) {
        let (fields, body) = self.note(&names);
        let mut bytes = self.edits.lines(&format!("{fields}\n"));
        bytes.extend_from_slice(&body);
        self.edits.replace(part.range(), bytes);
        self.removed.extend(names);
    }

    /// Puts a note in the place of the body of a message.
    fn empty(&mut self, message: &Entity, names: Vec<String>) {
        let (fields, mut body) = self.note(&names);
        body.extend_from_slice(self.edits.line_end().as_bytes());
        let versioned = self.edits.fields(message).iter().any(|(_, field)| field.is("MIME-Version"));
        let version = if versioned { "" } else { "MIME-Version: 1.0\n" };
        self.edits.set_mime(message, &format!("{version}{fields}"));
        self.edits.replace(message.body.clone(), body);
        self.removed.extend(names);
    }

    fn note(&self, names: &[String]) -> (String, Vec<u8>) {
        let text: Vec<String> = names.iter().map(|name| lines(&(self.note)(name))).collect();
        plain_part(&text.join("\n"), self.edits.line_end())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn types(text: &str) -> Vec<String> {
        text.split(", ").map(str::to_owned).collect()
    }

    fn note(name: &str) -> String {
        format!("[removed: {name}]")
    }

    const SIGNED: &str = "Subject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n\ntext\n--b\n\
        Content-Type: application/zip; name=\"a\u{202e}b.zip\"\n\nx\n--b--\n";

    #[test]
    fn what_is_signed_is_not_touched() {
        let refused = strip(SIGNED.as_bytes(), &types(".zip"), &note);
        assert!(
            matches!(&refused, Err(Unstripped::Protected(name)) if name.contains(".zip") && !name.contains('\u{202e}'))
        );
        assert!(strip(SIGNED.as_bytes(), &types(".exe"), &note).is_ok_and(|stripped| stripped.removed.is_empty()));
        // The whole of it may go.
        let stripped = strip(SIGNED.as_bytes(), &types("multipart/signed"), &note).expect("a note");
        assert_eq!(stripped.removed, ["multipart/signed"]);
    }

    #[test]
    fn where_programs_differ_nothing_is_stripped() {
        // The library takes a boundary in the middle of a line for one.
        let raw =
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext --b\nContent-Type: application/zip\n\nx\n--b--\n";
        let refused = strip(raw.as_bytes(), &types("application/zip"), &note);
        assert_eq!(refused, Err(Unstripped::Unclear("application/zip".to_owned())));
        let deep = "Content-Type: message/rfc822\n\n".repeat(100);
        assert!(matches!(strip(deep.as_bytes(), &types("message/*"), &note), Err(Unstripped::Unclear(_))));
    }

    fn part() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("Content-Type: text/plain\n\nHello\n".to_owned()),
            Just("Content-Type: text/html\n\n<p>Hello".to_owned()),
            Just("Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\nAAAA\n".to_owned()),
            Just("Content-Type: image/png\n\nx".to_owned()),
            Just("\nplain".to_owned()),
            Just("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQ29udGVudC1UeXBlOiBpbWFnZS9wbmcKCg==\n".to_owned()),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let kind = prop::sample::select(vec!["mixed", "alternative", "related", "digest"]);
            let many = (kind, prop::collection::vec(inner.clone(), 1..4));
            prop_oneof![
                inner.prop_map(|part| format!("Content-Type: message/rfc822\n\nSubject: x\n{part}")),
                many.prop_map(|(kind, parts)| {
                    // Each longer than those inside, and no start of another.
                    let boundary = format!("b{}_", parts.concat().len());
                    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
                    format!("Content-Type: multipart/{kind}; boundary={boundary}\nLines: 1\n\n{parts}--{boundary}--\n")
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_is_listed_stays_and_nothing_else_goes(part in part(), crlf in any::<bool>()) {
            let raw = format!("Subject: x\n{part}");
            let raw = if crlf { raw.replace('\n', "\r\n") } else { raw };
            for listed in [types("image/*"), types(".zip"), types("text/html, application/zip"), types("video/*")] {
                let stripped = match strip(raw.as_bytes(), &listed, &note) {
                    Ok(stripped) => stripped,
                    // The library asserts at some messages in messages, see mime.rs.
                    Err(Unstripped::Unclear(why)) if why.contains("no program") => continue,
                    Err(why) => return Err(TestCaseError::fail(why.to_string())),
                };
                prop_assert_eq!(attachment::find(&stripped.bytes, &listed), None);
                prop_assert_eq!(attachment::find(raw.as_bytes(), &listed).is_none(), stripped.removed.is_empty());
                prop_assert_eq!(stripped.removed.is_empty(), matches!(stripped.bytes, Cow::Borrowed(_)));
                let again = strip(&stripped.bytes, &listed, &note).expect("a message");
                prop_assert!(again.removed.is_empty());
            }
        }

        #[test]
        fn never_panics(raw in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = strip(&raw, &types("application/*, .exe"), &note);
        }
    }
}
