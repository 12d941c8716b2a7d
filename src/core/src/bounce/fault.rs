//! Why mail did not arrive, by the numbers and words of mail systems.

use super::phrases::{CLEAR, RULE, TEMPORARY};
use super::status::{Reply, Status};

/// What kind of fault it is, which says whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody has this address, nor will: unknown or disabled user, a domain that does not exist.
    Dead,
    /// The mailbox is full.
    Full,
    /// A rule of the receiver that none of the others names: relaying denied, a sender who may not.
    Policy,
    /// The receiver takes the message or the sending host for spam.
    Spam,
    /// SPF, DKIM or DMARC did not pass.
    Authentication,
    /// Too much at once, greylisting.
    Rate,
    /// The message itself: too large, a virus, an attachment, a loop, bad syntax.
    Content,
    /// The receiving host was not found for the time being, not reached, or broke off.
    Network,
    /// Everything else.
    Other,
}

impl Class {
    /// The word that is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Dead => "dead",
            Class::Full => "full",
            Class::Policy => "policy",
            Class::Spam => "spam",
            Class::Authentication => "authentication",
            Class::Rate => "rate",
            Class::Content => "content",
            Class::Network => "network",
            Class::Other => "other",
        }
    }

    /// Whether the address is at fault, and not the message, the list's host or the way there.
    #[must_use]
    pub const fn is_address_fault(self) -> bool {
        matches!(self, Class::Dead | Class::Full)
    }
}

/// Classifies what a server answered to RCPT or to the message: `code` is 400 to 599, `status` what stood behind it, `text`
/// the rest, of all lines. `true` when the server will not take it later either.
#[must_use]
pub fn classify_reply(code: u16, status: Option<Status>, text: &str) -> (Class, bool) {
    let hard = code >= 500;
    (class(Reply { code: Some(code), status }, hard, &squeezed(text)), hard)
}

/// Classifies a report: `stated` is its Status field, `heard` what may be better known from the diagnostic.
///
/// A status other than x.0.0 decides whether the fault is permanent, because the reporting system chose it; else the SMTP
/// code does. A system that gave up after days on a temporary fault says 4.x.x, and that is soft: the address may be well.
pub fn of_report(heard: Reply, stated: Option<Status>, diagnostic: &str) -> (Class, bool) {
    let text = squeezed(diagnostic);
    let precise = stated.filter(|status| !status.is_vague());
    let hard = match (precise, heard.code, heard.status) {
        (Some(status), ..) => status.class == 5,
        (None, Some(code), _) => code >= 500,
        (None, None, Some(status)) => status.class == 5,
        (None, None, None) => !says(&text, TEMPORARY),
    };
    (class(heard, hard, &text), hard)
}

/// Classifies what a mail says in words.
pub fn of_words(text: &str) -> (Class, bool, Option<Status>) {
    let reply = Reply::find(text);
    let text = squeezed(text);
    let hard = match (reply.code, reply.status) {
        (Some(code), _) => code >= 500,
        (None, Some(status)) => status.class == 5,
        (None, None) => !says(&text, TEMPORARY),
    };
    (class(reply, hard, &text), hard, reply.status)
}

/// Text beats numbers where it is clear; a telling number beats text that only speaks of rules.
fn class(reply: Reply, hard: bool, text: &str) -> Class {
    let clear = CLEAR.iter().find(|(_, phrases)| says(text, phrases));
    let by_status = reply.status.map_or(Class::Other, by_status);
    match clear {
        Some((Some(class), _)) => *class,
        Some((None, _)) if hard => Class::Dead,
        Some((None, _)) => Class::Network,
        None if !matches!(by_status, Class::Other | Class::Policy) => by_status,
        None if by_status == Class::Policy || says(text, RULE) => Class::Policy,
        None if reply.code == Some(552) => Class::Full,
        None => Class::Other,
    }
}

/// RFC 3463 3 and the codes registered later (RFC 7372, RFC 7505, RFC 6710).
fn by_status(status: Status) -> Class {
    match (status.subject, status.detail) {
        (1, 7 | 8) => Class::Policy,
        (1, _) | (2, 0 | 1) => Class::Dead,
        (2, 2) => Class::Full,
        (2, 3) | (3, 4) | (6, _) => Class::Content,
        (4, 5) | (5, 3) | (7, 28) => Class::Rate,
        (4, 6) => Class::Content,
        (4, _) => Class::Network,
        (7, 20..=27 | 29 | 30) => Class::Authentication,
        (7, _) => Class::Policy,
        _ => Class::Other,
    }
}

/// Whether a text, in lower case and squeezed, has one of the phrases; `*` in a phrase stands for up to 60 octets.
pub fn says(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| match phrase.split_once('*') {
        None => text.contains(phrase),
        Some((first, second)) => text.match_indices(first).take(20).any(|(at, _)| {
            let from = at + first.len();
            text[from - 1..text.floor_char_boundary(from + 60)].contains(second)
        }),
    })
}

/// Octets of a text that are compared with phrases.
const COMPARED: usize = 4096;

/// A text to compare with phrases: in lower case, on one line, as far as it is looked at.
pub fn squeezed(text: &str) -> String {
    words(&text[..text.floor_char_boundary(COMPARED)]).to_lowercase()
}

/// Characters of a diagnostic that are kept.
const KEPT: usize = 300;

/// A text for a log or a table: on one line, without control characters, not too long.
pub fn one_line(text: &str) -> String {
    let line = words(&text[..text.floor_char_boundary(COMPARED)]);
    match line.char_indices().nth(KEPT) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// The words of a text with single spaces between them. Of a reply of several lines only the first keeps its codes.
fn words(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            if is_continuation(word) {
                continue;
            }
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// `550-5.1.1` or `550-` in the middle of a text.
fn is_continuation(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 4
        && bytes[..3].iter().all(u8::is_ascii_digit)
        && bytes[3] == b'-'
        && bytes[4..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}
