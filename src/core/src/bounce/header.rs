//! Header fields wherever a bounce has some: its own, of a report, of the message that came back. Nothing is refused.

use std::borrow::Cow;

use crate::message::decode_words;

/// Fields in order, unfolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header(Vec<(String, String)>);

/// Fields that are kept at most.
const FIELDS: usize = 400;

/// Octets of a value that are kept at most.
const VALUE: usize = 8 * 1024;

impl Header {
    /// Reads fields up to the first empty line. What is no field is left out.
    pub fn read(text: &str) -> Header {
        let mut header = Header::default();
        for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
            if line.is_empty() && !header.is_empty() || header.0.len() == FIELDS {
                break;
            }
            header.push_line(line);
        }
        header
    }

    /// Adds a line: a field, or the rest of the last one.
    pub fn push_line(&mut self, line: &str) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = self.0.last_mut().filter(|(_, value)| value.len() + line.len() < VALUE) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = field(line).filter(|_| self.0.len() < FIELDS) {
            let value = value.trim();
            self.0.push((name.to_owned(), value[..value.floor_char_boundary(VALUE)].to_owned()));
        }
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first field of this name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The fields of this name.
    pub fn all<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h str> {
        self.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every field as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first field of this name with its encoded words (RFC 2047) decoded.
    pub fn decoded(&self, name: &str) -> Cow<'_, str> {
        self.get(name).map(|value| decode_words(Cow::Borrowed(value))).unwrap_or_default()
    }
}

/// Name and value of a line that begins a field (RFC 5322 2.2); space before the colon is borne with.
pub fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.len() <= 60 && name.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    is_name.then_some((name, value))
}
