//! A bounce taken apart: its header, what it says in words, its reports for machines, and the message that came back.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::header::{Header, field};
use super::returned::{marked, quoted_header};
use crate::message::mbox_line;
use crate::mime;

/// Octets of a mail that are looked at. Reports come before the message that they return, and no report is as long as this.
const LOOKED_AT: usize = 1024 * 1024;

/// Messages in messages that are looked into: a report that was forwarded is still a report.
const DEPTH: usize = 3;

/// The parts of a mail, decoded, with lines that end in LF.
#[derive(Debug, Default)]
pub struct Parts {
    /// The header of the mail itself.
    pub header: Header,
    /// What is written for people.
    pub text: String,
    /// Parts message/delivery-status (RFC 3464), and what looks like one.
    pub statuses: Vec<String>,
    /// The part message/disposition-notification (RFC 8098).
    pub disposition: Option<String>,
    /// The part message/feedback-report (RFC 5965).
    pub feedback: Option<String>,
    /// The header of the message that was returned or reported.
    pub original: Header,
}

impl Parts {
    /// Takes a mail apart. Never fails: what MIME cannot make sense of is text.
    pub fn read(raw: &[u8]) -> Parts {
        let raw = with_line_feeds(&raw[..raw.len().min(LOOKED_AT)]);
        let start = raw.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(raw.len());
        let raw = &raw[start..];
        let raw = &raw[mbox_line(raw).len()..];
        let (head, body) = split_header(raw);
        let mut parts = Parts { header: Header::read(&String::from_utf8_lossy(head)), ..Parts::default() };
        let mut html = String::new();
        match mime::parse(raw) {
            Ok(message) => parts.add(&message, raw, 0, &mut html),
            Err(_) => parts.text.push_str(&String::from_utf8_lossy(body)),
        }
        if parts.text.trim().is_empty() {
            parts.text = html_to_text(&html);
        }
        parts.text = plain_lines(&parts.text);
        parts.look_into_text();
        parts
    }

    /// Finds what should have been parts of their own: the message that came back, quoted, and before it a report that goes by
    /// the name of text. A report behind it is part of what somebody once wrote to the list.
    fn look_into_text(&mut self) {
        let lines: Vec<&str> = self.text.split('\n').collect();
        let (end, quoted) = quoted_header(&lines);
        let end = end.min(marked(&lines));
        if self.statuses.is_empty() {
            let own = lines[..end].join("\n");
            self.statuses.extend(Some(own).filter(|own| is_status_text(own)));
        }
        if self.original.is_empty() {
            self.original = quoted;
        }
    }

    fn add(&mut self, message: &Message<'_>, raw: &[u8], depth: usize, html: &mut String) {
        for part in &message.parts {
            match &part.body {
                PartType::Text(text) => self.add_text(&media_type(part), text),
                PartType::Html(text) => html.push_str(text),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    self.add_binary(&media_type(part), bytes);
                }
                PartType::Message(nested) => self.add_message(nested, raw, depth),
                PartType::Multipart(_) => {}
            }
        }
    }

    fn add_text(&mut self, media_type: &str, text: &str) {
        match media_type {
            "text/rfc822-headers" | "text/rfc822" | "message/rfc822-headers" => self.set_original(text),
            kind if is_status_type(kind) => self.statuses.push(plain_lines(text)),
            _ => {
                self.text.push_str(text);
                self.text.push_str("\n\n");
            }
        }
    }

    fn add_binary(&mut self, media_type: &str, bytes: &[u8]) {
        let text = || plain_lines(&String::from_utf8_lossy(bytes));
        match media_type {
            kind if is_status_type(kind) => self.statuses.push(text()),
            "message/disposition-notification" | "message/global-disposition-notification" => {
                self.disposition.get_or_insert_with(text);
            }
            "message/feedback-report" => {
                self.feedback.get_or_insert_with(text);
            }
            "message/global-headers" | "message/rfc822-headers" | "message/global" | "message/partial" => {
                self.set_original(&text());
            }
            _ => {
                let start = &bytes[..bytes.len().min(4096)];
                if !start.contains(&0) && is_status_text(&String::from_utf8_lossy(start)) {
                    self.statuses.push(text());
                }
            }
        }
    }

    fn add_message(&mut self, nested: &Message<'_>, raw: &[u8], depth: usize) {
        // A message that was encoded has bytes of its own; offsets count in those.
        let own = if nested.raw_message.is_empty() { raw } else { nested.raw_message.as_ref() };
        let header = nested.parts.first().map_or(0..0, |root| root.offset_header as usize..root.offset_body as usize);
        let header = String::from_utf8_lossy(own.get(header).unwrap_or_default());
        // What some systems send as message/rfc822 is the report itself.
        if is_status_text(&header) && field(header.trim_start()).is_some_and(|(name, _)| is_status_field(name)) {
            self.statuses.push(plain_lines(&header));
            return;
        }
        let has_report = !self.statuses.is_empty() || self.disposition.is_some() || self.feedback.is_some();
        if !has_report && depth < DEPTH && is_report(nested) {
            let mut inner = Parts::default();
            let mut html = String::new();
            inner.add(nested, own, depth + 1, &mut html);
            self.statuses = inner.statuses;
            self.disposition = inner.disposition;
            self.feedback = inner.feedback;
            self.text.push_str(&inner.text);
            if !inner.original.is_empty() {
                self.original = inner.original;
            }
        }
        self.set_original(&header);
    }

    fn set_original(&mut self, text: &str) {
        if self.original.is_empty() {
            self.original = Header::read(plain_lines(text).trim_start());
        }
    }
}

fn is_report(message: &Message<'_>) -> bool {
    let kind = message.content_type();
    kind.is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report"))
}

/// `text/plain` of a part without a type.
fn media_type(part: &MessagePart<'_>) -> String {
    let name = part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
    name.map_or_else(|| "text/plain".to_owned(), |name| name.to_ascii_lowercase())
}

fn is_status_type(media_type: &str) -> bool {
    media_type.ends_with("delivery-status") || media_type == "message/delivery-report"
}

/// Fields that only reports have (RFC 3464 2.2 and 2.3).
fn is_status_field(name: &str) -> bool {
    ["Reporting-MTA", "Original-Envelope-Id", "Final-Recipient", "Original-Recipient", "X-Actual-Recipient"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a text has the fields of a report: a recipient, and what became of the message.
fn is_status_text(text: &str) -> bool {
    let mut recipient = false;
    let mut outcome = false;
    for line in text.lines().take(200) {
        if let Some((name, _)) = field(line) {
            recipient |=
                name.eq_ignore_ascii_case("Final-Recipient") || name.eq_ignore_ascii_case("Original-Recipient");
            outcome |= name.eq_ignore_ascii_case("Action") || name.eq_ignore_ascii_case("Status");
        }
    }
    recipient && outcome
}

/// Header and body, without the empty line between them.
fn split_header(raw: &[u8]) -> (&[u8], &[u8]) {
    let end = raw.windows(2).position(|pair| pair == b"\n\n");
    end.map_or((raw, &b""[..]), |end| (&raw[..end], &raw[end + 2..]))
}

/// Every line end as LF: CRLF, CR alone as old gateways write it, and CR CR LF where somebody added one.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\r') {
        return Cow::Borrowed(raw);
    }
    let mut lines = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\r' {
            lines.push(byte);
            continue;
        }
        // CR CR LF is one end, CR CR alone are two.
        let mut ends = 1;
        while bytes.next_if_eq(&b'\r').is_some() {
            ends += 1;
        }
        if bytes.next_if_eq(&b'\n').is_some() {
            ends = 1;
        }
        lines.extend(std::iter::repeat_n(b'\n', ends));
    }
    Cow::Owned(lines)
}

/// Text with LF alone and without the shifts of ISO-2022 (RFC 1468) and what stands between them: the library does not know
/// that encoding, and its bytes look like letters.
fn plain_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    for (i, piece) in text.split('\u{1b}').enumerate() {
        if i == 0 {
            plain.push_str(piece);
        } else if let Some(ascii) = piece.strip_prefix("(B").or_else(|| piece.strip_prefix("(J")) {
            plain.push(' ');
            plain.push_str(ascii);
        } else if let Some((_, rest)) = piece.split_once('\n') {
            plain.push('\n');
            plain.push_str(rest);
        }
    }
    plain
}
