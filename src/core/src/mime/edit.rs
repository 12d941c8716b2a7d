//! Edits of a message, by bytes that are replaced. All others stay.

use std::borrow::Cow;
use std::ops::Range;

use super::fields::LENGTHS;
use super::{Entity, is_mime_field};
use crate::message::{Field, leading_field};

/// Edits of one message.
#[derive(Debug)]
pub(crate) struct Edits<'a> {
    raw: &'a [u8],
    line_end: &'static str,
    splices: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Edits<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Edits<'a> {
        let first = raw.iter().position(|b| *b == b'\n').unwrap_or_default();
        let line_end = if raw[..first].ends_with(b"\r") { "\r\n" } else { "\n" };
        Edits { raw, line_end, splices: Vec::new() }
    }

    /// What lines that are added end with: the end of the first line.
    pub(crate) fn line_end(&self) -> &'static str {
        self.line_end
    }

    /// The message.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Puts bytes in the place of others.
    pub(crate) fn replace(&mut self, range: Range<usize>, bytes: Vec<u8>) {
        self.splices.push((range, bytes));
    }

    /// Puts bytes before others; what is put there first stands first.
    pub(crate) fn insert(&mut self, at: usize, bytes: impl Into<Vec<u8>>) {
        self.replace(at..at, bytes.into());
    }

    /// The fields of a header with where they are.
    pub(crate) fn fields(&self, entity: &Entity) -> Vec<(Range<usize>, Field<'a>)> {
        let mut fields = Vec::new();
        let mut at = entity.header.start;
        while let Some(field) = leading_field(&self.raw[at..entity.header.end]) {
            fields.push((at..at + field.raw().len(), field));
            at += field.raw().len();
        }
        fields
    }

    /// Says that the body is edited: takes away what the header says about its octets, and sees to the empty line.
    pub(crate) fn touch(&mut self, entity: &Entity) {
        self.set(entity, |name| LENGTHS.iter().any(|length| name.eq_ignore_ascii_case(length)), "");
    }

    /// Takes away the fields that belong to the body.
    pub(crate) fn set_mime(&mut self, entity: &Entity, fields: &str) {
        self.set(entity, is_mime_field, fields);
    }

    /// Takes away fields and puts others, with LF, in the place of the first of them, or else at the end. To be called once
    /// for an entity, and before its body is edited.
    pub(crate) fn set(&mut self, entity: &Entity, gone: impl Fn(&str) -> bool, fields: &str) {
        let old = &self.raw[entity.header.clone()];
        let mut new = Vec::with_capacity(old.len() + fields.len() + 4);
        let mut fields = self.lines(fields);
        for (range, field) in self.fields(entity) {
            if gone(field.name()) { new.append(&mut fields) } else { new.extend_from_slice(&self.raw[range]) }
        }
        let close = |header: &mut Vec<u8>| {
            if !header.is_empty() && !header.ends_with(b"\n") {
                header.extend_from_slice(self.line_end.as_bytes());
            }
        };
        if !fields.is_empty() {
            close(&mut new);
            new.append(&mut fields);
        }
        if !entity.has_separator() {
            close(&mut new);
            new.extend_from_slice(self.line_end.as_bytes());
        }
        if new != old {
            self.replace(entity.header.clone(), new);
        }
    }

    /// Text with the line ends of the message.
    pub(crate) fn lines(&self, text: &str) -> Vec<u8> {
        if self.line_end == "\n" { text.as_bytes().to_vec() } else { text.replace('\n', self.line_end).into_bytes() }
    }

    /// The message with its edits.
    pub(crate) fn apply(mut self) -> Cow<'a, [u8]> {
        if self.splices.is_empty() {
            return Cow::Borrowed(self.raw);
        }
        self.splices.sort_by_key(|(range, _)| (range.start, range.end));
        let added: usize = self.splices.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut edited = Vec::with_capacity(self.raw.len() + added);
        let mut at = 0;
        for (range, bytes) in self.splices {
            debug_assert!(at <= range.start, "edits overlap");
            edited.extend_from_slice(self.raw.get(at..range.start).unwrap_or_default());
            edited.extend_from_slice(&bytes);
            at = at.max(range.end);
        }
        edited.extend_from_slice(&self.raw[at..]);
        Cow::Owned(edited)
    }
}
