//! Why mail did not arrive, by the numbers and words of mail systems.

use super::phrases::{CLEAR, RETRIED, RULE, TEMPORARY};
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
///
/// Without a code the class decides whether it is final: "check the address and try again" says nothing of a dead address,
/// and a network that failed is never final.
pub fn of_words(text: &str) -> (Class, bool, Option<Status>) {
    let reply = Reply::find(text);
    let text = squeezed(text);
    let by_code = match (reply.code, reply.status) {
        (Some(code), _) => Some(code >= 500),
        (None, status) => status.map(|status| status.class == 5),
    };
    let lasting = !says(&text, TEMPORARY);
    let class = class(reply, by_code.unwrap_or(lasting), &text);
    let by_class = || match class {
        Class::Dead | Class::Policy | Class::Spam | Class::Authentication | Class::Content => true,
        Class::Network | Class::Rate => false,
        Class::Full => !says(&text, RETRIED),
        Class::Other => lasting,
    };
    (class, by_code.unwrap_or_else(by_class), reply.status)
}

/// Text beats numbers where it is clear; a telling number beats text that only speaks of rules.
fn class(reply: Reply, hard: bool, text: &str) -> Class {
    let clear = CLEAR.iter().find(|(_, phrases)| says(text, phrases));
    // Bad sender's address (RFC 3463 3.2): what does not exist there is not the member.
    let of_sender = reply.status.is_some_and(|status| matches!((status.subject, status.detail), (1, 7 | 8)));
    let by_status = reply.status.map_or(Class::Other, by_status);
    match clear {
        Some((Some(Class::Dead) | None, _)) if of_sender => Class::Policy,
        // `450 mailbox temporarily unavailable` says nothing of the address.
        Some((Some(Class::Dead), _)) if !hard && reply != Reply::default() && says(text, TEMPORARY) => Class::Other,
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

/// Whether a text, in lower case and squeezed, has one of the phrases, which are written as in [`super::phrases`].
pub fn says(text: &str, phrases: &str) -> bool {
    phrases.split('|').any(|phrase| match phrase.split_once('*') {
        None => text.contains(phrase),
        Some((first, second)) => text.match_indices(first).take(20).any(|(at, _)| {
            let from = at + first.len();
            text[from - 1..text.floor_char_boundary(from + 60)].contains(second)
        }),
    })
}

/// Octets of a text that are compared with phrases.
const COMPARED: usize = 4096;

/// A text to compare with phrases: in lower case, on one line, `BAD_RECIPIENT` as words, as far as it is looked at.
pub fn squeezed(text: &str) -> String {
    words(&text[..text.floor_char_boundary(COMPARED)]).to_lowercase().replace('_', " ")
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
    let mut continues = false;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if is_continuation(word) && std::mem::replace(&mut continues, true) {
            continue;
        }
        if !line.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_classified_by_words_and_numbers() {
        use Class::{Authentication, Content, Dead, Full, Network, Other, Policy, Rate, Spam};
        for (code, status, text, class) in [
            (
                550,
                "5.1.1",
                "<ann@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
                Dead,
            ),
            (550, "5.1.1", "", Dead),
            (550, "", "No such user here", Dead),
            (550, "5.2.1", "The email account that you tried to reach is disabled", Dead),
            (550, "5.4.1", "Recipient address rejected: Access denied", Dead),
            (550, "5.7.1", "No such user!", Dead),
            (556, "5.1.10", "Recipient address has null MX", Dead),
            (550, "", "BAD_RECIPIENT - see https://mx.example.org/", Dead),
            (452, "4.2.2", "The email account that you tried to reach is over quota", Full),
            (552, "5.2.2", "", Full),
            (552, "", "", Full),
            (550, "5.7.1", "Mailbox is full", Full),
            (554, "5.7.1", "Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.example", Spam),
            (550, "5.7.1", "Message rejected as spam", Spam),
            (550, "5.7.26", "Unauthenticated email is not accepted due to domain's DMARC policy", Authentication),
            (550, "5.7.23", "", Authentication),
            (550, "", "SPF check failed", Authentication),
            (421, "4.7.0", "Too many connections from your host", Rate),
            (450, "4.2.0", "Recipient address rejected: Greylisted", Rate),
            (450, "4.2.1", "The user you are trying to contact is receiving mail at a rate that", Rate),
            (552, "5.3.4", "Message size exceeds fixed limit", Content),
            (554, "5.6.0", "", Content),
            (550, "", "This message contains a virus", Content),
            (451, "4.4.1", "Connection timed out", Network),
            (451, "4.4.3", "Host not found, try again", Network),
            (550, "5.7.1", "Relay access denied", Policy),
            (550, "5.1.8", "<talk-bounces@lists.example.org>: Sender address rejected: Domain not found", Policy),
            (553, "5.1.8", "Domain of sender does not exist", Policy),
            (550, "5.1.7", "No such user", Policy),
            (450, "4.7.25", "Client host rejected: cannot find your hostname, [192.0.2.7]", Policy),
            (550, "", "HELO command rejected: Host not found", Policy),
            (550, "", "they are not accepting mail from talk@lists.example.org", Policy),
            (500, "5.5.1", "Command not recognized", Other),
            (550, "5.4.5", "Daily sending quota exceeded", Rate),
            (552, "", "The user has too many messages on the server", Full),
            (554, "5.7.1", "", Policy),
            (550, "", "Access denied", Policy),
            (451, "4.3.0", "", Other),
            (450, "4.2.0", "Mailbox temporarily unavailable, try again later", Other),
            (450, "4.1.1", "User unknown in virtual mailbox table", Dead),
            (450, "", "delivery temporarily suspended: connect to mx.example.org: Connection refused", Network),
            (550, "", "", Other),
        ] {
            let found = classify_reply(code, status.parse().ok(), text);
            assert_eq!(found, (class, code >= 500), "{code} {status} {text}");
        }
    }

    #[test]
    fn a_host_that_is_not_found_is_dead_only_for_good() {
        assert_eq!(classify_reply(550, None, "Host unknown").0, Class::Dead);
        assert_eq!(classify_reply(450, None, "Host unknown").0, Class::Network);
        assert_eq!(of_words("Host or domain name not found, try again"), (Class::Network, false, None));
    }

    #[test]
    fn a_phrase_may_have_a_gap() {
        assert!(says("the mailbox of ann is full", "mailbox * is full"));
        assert!(!says(&format!("mailbox {} is full", "x".repeat(80)), "mailbox * is full"));
        assert!(!says("is full mailbox", "mailbox * is full"));
        assert!(says("mailbox üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü", "mailbox *ü"));
    }

    #[test]
    fn a_diagnostic_is_one_short_line_and_has_its_codes_once() {
        let reply = "smtp;\r\n 550-5.1.1 No\t\u{7}such\n 550-5.1.1 user\n 550 5.1.1 here";
        assert_eq!(one_line(reply), "smtp; 550-5.1.1 No such user 550 5.1.1 here");
        assert_eq!(one_line(&"ü".repeat(5000)).chars().count(), KEPT + 1);
    }

    #[test]
    fn names_are_told_apart() {
        let all = [
            Class::Dead,
            Class::Full,
            Class::Policy,
            Class::Spam,
            Class::Authentication,
            Class::Rate,
            Class::Content,
            Class::Network,
            Class::Other,
        ];
        let names: std::collections::HashSet<&str> = all.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), all.len());
    }
}
