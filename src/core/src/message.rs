//! A message as it was received: a view of its header fields and body that never changes a byte.

mod mailboxes;
mod words;

use std::borrow::Cow;

pub use mailboxes::{Mailbox, mailboxes};
pub use words::decode_words;
pub(crate) use words::{encode_words, is_plain};

/// Octets of one header line without its end. RFC 5322 2.1.1 sets 998; mail systems that take more (2048 is the limit of
/// Postfix and sendmail) fold it when they send, so a post that came in with such a line can also go out. What is longer
/// would be cut or refused on the way to every member.
pub const MAX_HEADER_LINE: usize = 2048;

/// Why bytes are no message (RFC 5322 2.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not one byte.
    #[error("the message is empty")]
    Empty,
    /// The first line is no header field, so there is no header at all.
    #[error("these bytes are no message: the first line is no header field")]
    NoHeader,
    /// A header line that mail systems do not pass on.
    #[error("line {line} of the header has {octets} octets, at most {MAX_HEADER_LINE} can be passed on")]
    HeaderLineTooLong {
        /// Counted from 1, an mbox `From ` line included.
        line: usize,
        /// Its length without the line end.
        octets: usize,
    },
    /// A NUL byte in the header.
    #[error("line {line} of the header contains a NUL byte")]
    NulInHeader {
        /// Counted from 1, an mbox `From ` line included.
        line: usize,
    },
}

/// How the lines of a header end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// All by LF, as mail systems hand messages to programs.
    Lf,
    /// All by CRLF, as on the wire.
    CrLf,
    /// Some by LF, some by CRLF.
    Mixed,
}

impl LineEnd {
    /// What a line that is added to the header ends with.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnd::CrLf => "\r\n",
            LineEnd::Lf | LineEnd::Mixed => "\n",
        }
    }
}

/// One header field in the bytes of the message.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    raw: &'a [u8],
    name_len: usize,
    value_at: usize,
}

impl<'a> Field<'a> {
    /// The name as it was written.
    pub fn name(&self) -> &'a str {
        // parse_field has let nothing but visible ASCII into the name.
        str::from_utf8(&self.raw[..self.name_len]).unwrap_or_default()
    }

    /// Compares the name without regard to case.
    pub fn is(&self, name: &str) -> bool {
        self.raw[..self.name_len].eq_ignore_ascii_case(name.as_bytes())
    }

    /// The whole field: name, colon, value, its folds and the line end (which the last line of a message may lack).
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Everything behind the colon as it was written, without the last line end.
    pub fn value(&self) -> &'a [u8] {
        strip_line_end(&self.raw[self.value_at..])
    }

    /// The end of its last line.
    pub fn line_end(&self) -> &'a [u8] {
        &self.raw[self.value_at + self.value().len()..]
    }

    /// The value unfolded (RFC 5322 2.2.3) and trimmed. Bytes that are no UTF-8 come as U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        let value = self.value().trim_ascii();
        if !value.contains(&b'\n') {
            return String::from_utf8_lossy(value);
        }
        let mut text = Vec::with_capacity(value.len());
        for line in value.split_inclusive(|b| *b == b'\n') {
            text.extend_from_slice(strip_line_end(line));
        }
        Cow::Owned(String::from_utf8_lossy(&text).into_owned())
    }

    /// The text with its encoded words (RFC 2047) decoded.
    pub fn decoded(&self) -> Cow<'a, str> {
        decode_words(self.text())
    }

    /// The identifier in a List-Id (RFC 2919) without brackets and in lower case, in which identifiers are compared.
    pub fn list_id(&self) -> String {
        mailboxes::list_id(&self.text())
    }
}

/// Whether a program wrote the message, and why (RFC 3834 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AutoSubmitted {
    /// A person did, as far as the header says.
    No,
    /// A program on its own account: CI, cron, commit mail. A post like any other.
    Generated,
    /// A program to tell about mail that arrived (RFC 5436 2.7.1).
    Notified,
    /// A keyword that no standard defines yet.
    Other,
    /// A program in answer to a message: vacation notices, robots. To answer it, or to post it, makes a loop.
    Replied,
}

/// A parsed view of a message's bytes.
///
/// Parsing looks at the header once and finds where each field begins and ends; what is inside a field is only looked at
/// when it is asked for.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    mbox_line: &'a [u8],
    header: &'a [u8],
    separator: &'a [u8],
    body: &'a [u8],
    fields: Vec<Field<'a>>,
    line_end: LineEnd,
}

impl<'a> Message<'a> {
    /// Finds the header fields and the body.
    ///
    /// A header ends at the first empty line, or where a line is neither field nor continuation: such a line is the first
    /// of the body, as mail systems also see it. A message may consist of a header alone, but not of a body alone.
    /// NUL bytes are let through in the body, where they harm nobody but its reader.
    pub fn parse(raw: &'a [u8]) -> Result<Message<'a>, MessageError> {
        if raw.is_empty() {
            return Err(MessageError::Empty);
        }
        let mbox_line = mbox_line(raw);
        let rest = &raw[mbox_line.len()..];
        let lines_before = usize::from(!mbox_line.is_empty());
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(32);
        let (mut lf, mut crlf) = (false, false);
        let (mut field_start, mut at) = (0, 0);
        let mut separator: &[u8] = b"";
        for (index, line) in rest.split_inclusive(|b| *b == b'\n').enumerate() {
            let content = strip_line_end(line);
            if content.is_empty() {
                separator = line;
                break;
            }
            let continues = matches!(content[0], b' ' | b'\t') && !fields.is_empty();
            let field = if continues { None } else { parse_field(content) };
            if !continues && field.is_none() {
                break;
            }
            check_line(content, lines_before + index + 1)?;
            match line.len() - content.len() {
                2 => crlf = true,
                1 => lf = true,
                _ => {}
            }
            at += line.len();
            if let Some((name_len, value_at)) = field {
                field_start = at - line.len();
                fields.push(Field { raw: line, name_len, value_at });
            } else if let Some(last) = fields.last_mut() {
                last.raw = &rest[field_start..at];
            }
        }
        if fields.is_empty() {
            return Err(MessageError::NoHeader);
        }
        let line_end = match (lf, crlf) {
            (true, true) => LineEnd::Mixed,
            (false, true) => LineEnd::CrLf,
            (_, false) => LineEnd::Lf,
        };
        let body = &rest[at + separator.len()..];
        Ok(Message { mbox_line, header: &rest[..at], separator, body, fields, line_end })
    }

    /// A leading mbox `From ` line with its end (RFC 4155), which some mail systems put before the header; empty without.
    pub fn mbox_line(&self) -> &'a [u8] {
        self.mbox_line
    }

    /// The header: the fields without the empty line behind them.
    pub fn header(&self) -> &'a [u8] {
        self.header
    }

    /// The empty line between header and body; empty when there is none.
    pub fn separator(&self) -> &'a [u8] {
        self.separator
    }

    /// Everything behind the empty line.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How the lines of the header end.
    pub fn line_end(&self) -> LineEnd {
        self.line_end
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The fields of this name, whatever its case.
    pub fn field<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Field<'a>> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The authors: every mailbox of every From field.
    pub fn from(&self) -> Vec<Mailbox> {
        self.mailboxes("From")
    }

    /// Every mailbox in the fields of this name.
    pub fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        self.field(name).flat_map(|field| mailboxes(&field.text())).collect()
    }

    /// The Message-ID with its angle brackets; `None` when it is missing or empty.
    pub fn message_id(&self) -> Option<Cow<'a, str>> {
        self.field("Message-ID").map(Field::text).find(|id| !id.is_empty())
    }

    /// What the header says about a program as the writer; of several Auto-Submitted the one to be most wary of counts.
    ///
    /// Where that field is missing, the older signs of an auto-responder count as [`AutoSubmitted::Replied`]:
    /// X-Autoreply, X-Autorespond and `Precedence: auto_reply`. `Precedence: bulk` does not, newsletters and CI mail have
    /// it; nor does X-Auto-Response-Suppress, with which Exchange and many trackers ask for no answers to ordinary mail.
    pub fn auto_submitted(&self) -> AutoSubmitted {
        let declared = self.field("Auto-Submitted").map(|field| auto_submitted(&field.text())).max();
        declared.unwrap_or_else(|| {
            let says_yes = |field: &Field| {
                let text = field.text();
                !text.is_empty() && !text.eq_ignore_ascii_case("no")
            };
            let replied = self.field("X-Autoreply").any(says_yes)
                || self.field("X-Autorespond").any(says_yes)
                || self.field("Precedence").any(|field| field.text().eq_ignore_ascii_case("auto_reply"));
            if replied { AutoSubmitted::Replied } else { AutoSubmitted::No }
        })
    }

    /// The Message-IDs of the thread that it belongs to, with angle brackets: what it answers, the oldest first, and its own
    /// last (RFC 5322 3.6.4). At most [`THREAD`] of each field.
    pub fn thread(&self) -> Vec<String> {
        let mut thread: Vec<String> = Vec::new();
        for name in ["References", "In-Reply-To", "Message-ID"] {
            let ids: Vec<String> = self.field(name).flat_map(|field| message_ids(&field.text())).collect();
            // Of a long thread the root and the latest: a mute names the root, or what was answered.
            let skip = ids.len().saturating_sub(THREAD - 1);
            let kept = ids.iter().take(1).chain(ids.iter().skip(skip.max(1)));
            thread.extend(kept.filter(|id| !thread.contains(id)).cloned().collect::<Vec<_>>());
        }
        thread
    }

    /// Whether a program wrote it for its own reasons, or a list sent it: mail that is not to be answered (RFC 3834 2).
    pub fn is_automatic(&self) -> bool {
        self.auto_submitted() != AutoSubmitted::No
            || self.field("List-Id").next().is_some()
            || self
                .field("Precedence")
                .any(|field| ["bulk", "list", "junk"].iter().any(|word| field.text().eq_ignore_ascii_case(word)))
    }

    /// The identifiers of all List-Id fields, see [`Field::list_id`].
    pub fn list_ids(&self) -> Vec<String> {
        self.field("List-Id").map(Field::list_id).filter(|id| !id.is_empty()).collect()
    }
}

/// Message-IDs of a field that count for a thread at most.
pub const THREAD: usize = 20;

/// The words in angle brackets.
fn message_ids(text: &str) -> Vec<String> {
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| format!("<{}>", id.trim()))).collect()
}

/// The mbox line at the start of `raw`, or nothing. `From :` is a field in the old syntax of RFC 5322 4.5.
pub(crate) fn mbox_line(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") {
        return b"";
    }
    let end = raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |i| i + 1);
    let line = &raw[..end];
    if parse_field(strip_line_end(line)).is_some() { b"" } else { line }
}

/// The field that `raw` begins with, its folded lines included.
pub(crate) fn leading_field(raw: &[u8]) -> Option<Field<'_>> {
    let mut lines = raw.split_inclusive(|b| *b == b'\n');
    let first = lines.next()?;
    let (name_len, value_at) = parse_field(strip_line_end(first))?;
    let folds = lines.take_while(|line| matches!(line[0], b' ' | b'\t')).map(<[u8]>::len).sum::<usize>();
    Some(Field { raw: &raw[..first.len() + folds], name_len, value_at })
}

/// Name length and where the value begins, when the line starts a field. Space before the colon is RFC 5322 4.5.
fn parse_field(line: &[u8]) -> Option<(usize, usize)> {
    let name_len = line.iter().position(|b| !matches!(b, 33..=57 | 59..=126))?;
    let colon = name_len + line[name_len..].iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    (name_len > 0 && line[colon] == b':').then_some((name_len, colon + 1))
}

fn check_line(content: &[u8], line: usize) -> Result<(), MessageError> {
    if content.len() > MAX_HEADER_LINE {
        return Err(MessageError::HeaderLineTooLong { line, octets: content.len() });
    }
    if content.contains(&0) {
        return Err(MessageError::NulInHeader { line });
    }
    Ok(())
}

pub(crate) fn strip_line_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

fn auto_submitted(text: &str) -> AutoSubmitted {
    let keyword = text.split([';', '(', ' ', '\t']).next().unwrap_or_default();
    match keyword.to_ascii_lowercase().as_str() {
        "no" | "" => AutoSubmitted::No,
        "auto-generated" => AutoSubmitted::Generated,
        "auto-notified" => AutoSubmitted::Notified,
        "auto-replied" => AutoSubmitted::Replied,
        _ => AutoSubmitted::Other,
    }
}

#[cfg(test)]
mod tests;
