//! Envelopes, and whether their addresses may be put into a command at all.

use std::fmt::Write as _;

use crate::body::Body;
use crate::extensions::Extensions;
use crate::reply::{Outcome, SmtpReply};

/// Who is told when delivery fails, and who gets the message.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The MAIL command's path.
    pub return_path: ReturnPath<'a>,
    /// The RCPT commands' paths, in the order of the outcomes.
    pub recipients: &'a [String],
}

/// One recipient's copy in a transaction of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonalCopy {
    /// The MAIL command's path; empty for the null return path.
    pub return_path: String,
    /// The RCPT command's path.
    pub recipient: String,
    /// Header fields that this copy has for itself, before all others: ASCII, each ended by CRLF.
    pub head: Vec<u8>,
}

/// The envelope sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnPath<'a> {
    /// This address for all recipients; empty for the null return path (RFC 5321 4.5.5).
    Shared(&'a str),
    /// The server puts each recipient into this address (`MAIL FROM:<…> XVERP=+=`), so that `all-bounces@…` becomes
    /// `all-bounces+ann=example.org@…`; where it does not offer XVERP, the same as [`ReturnPath::Shared`].
    Xverp(&'a str),
}

impl ReturnPath<'_> {
    fn address(&self) -> &str {
        match self {
            ReturnPath::Shared(address) | ReturnPath::Xverp(address) => address,
        }
    }
}

/// Octets in a path without its brackets (RFC 5321 4.5.3.1.3).
const ADDRESS_LIMIT: usize = 254;

/// Whether `address` can be written between angle brackets without becoming something else.
///
/// This keeps commands whole; whether the address exists, or is even well formed, is the server's to say. Spaces
/// and brackets stand only in a quoted local part (RFC 5321 4.1.2).
fn is_sendable(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let bare = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>\"\\".contains(c));
    let local_ok = match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => is_quoted_content(quoted),
        None => bare(local),
    };
    address.len() <= ADDRESS_LIMIT && !address.contains(char::is_control) && local_ok && bare(domain)
}

/// Whether every quote in `content` is escaped, and nothing else after its end is.
fn is_quoted_content(content: &str) -> bool {
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        let whole = match c {
            '"' => false,
            '\\' => chars.next().is_some(),
            _ => true,
        };
        if !whole {
            return false;
        }
    }
    true
}

/// What keeps a recipient from being named in a transaction.
pub(crate) fn refuse_recipient(address: &str, offers: &Extensions) -> Option<Outcome> {
    let reply = if !is_sendable(address) {
        SmtpReply::local(553, (5, 1, 3), "the recipient's address cannot be written in SMTP")
    } else if !address.is_ascii() && !offers.smtputf8 {
        SmtpReply::local(553, (5, 6, 7), "the mail server does not offer SMTPUTF8, which the recipient's address needs")
    } else {
        return None;
    };
    Some(Outcome::Refused(reply))
}

/// The MAIL command, or the reply for all recipients when the message cannot be sent to this server.
///
/// `utf8_recipient` says whether a recipient makes the transaction an internationalized one; `head` is how many octets go
/// before the body.
pub(crate) fn mail_command(
    return_path: ReturnPath<'_>,
    utf8_recipient: bool,
    head: u64,
    body: &Body,
    offers: &Extensions,
) -> Result<String, SmtpReply> {
    let path = return_path.address();
    if !path.is_empty() && !is_sendable(path) {
        return Err(SmtpReply::local(553, (5, 1, 7), "the return path cannot be written in SMTP"));
    }
    if offers.too_large(head + body.size()) {
        return Err(SmtpReply::local(552, (5, 3, 4), "the message is larger than the mail server accepts"));
    }
    if !path.is_ascii() && !offers.smtputf8 {
        return Err(SmtpReply::local(
            553,
            (5, 6, 7),
            "the mail server does not offer SMTPUTF8, which the return path needs",
        ));
    }
    // Turning 8-bit text into 7-bit (RFC 6152 section 3) would change the body and break its signatures.
    if body.eight_bit() && !offers.eight_bit_mime {
        return Err(SmtpReply::local(
            554,
            (5, 6, 3),
            "the mail server does not offer 8BITMIME, and mail is not converted",
        ));
    }

    // A server without SMTPUTF8 gets a raw header as 8-bit text, as it gets one in Latin-1: it may well pass it on, and
    // that is no worse than a post that reaches nobody.
    let utf8 = offers.smtputf8 && (body.utf8_header() || !path.is_ascii() || utf8_recipient);
    let mut command = format!("MAIL FROM:<{path}>");
    if offers.size.is_some() {
        // Writing to a String cannot fail.
        let _ = write!(command, " SIZE={}", head + body.size());
    }
    let parameters = [
        (" BODY=8BITMIME", body.eight_bit()),
        (" SMTPUTF8", utf8),
        (" RET=HDRS", offers.dsn),
        // With its delimiters: those of a bare XVERP are the server's to choose (default_verp_delimiters).
        (" XVERP=+=", offers.xverp && matches!(return_path, ReturnPath::Xverp(_))),
    ];
    command.extend(parameters.iter().filter(|(_, wanted)| *wanted).map(|(text, _)| *text));
    command.push_str("\r\n");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_odd_addresses_are_sendable() {
        for address in [
            "a@example.org",
            "-first@example.org",
            "prvs=1=a+b@example.org",
            "\"john doe\"@example.org",
            "\"a<b>\\\"c\\\\\"@example.org",
            "a@[192.0.2.1]",
            "j\u{f6}rg@b\u{fc}cher.example",
        ] {
            assert!(is_sendable(address), "{address}");
        }
    }

    #[test]
    fn what_would_break_a_command_is_not() {
        let long = format!("{}@example.org", "a".repeat(300));
        for address in [
            "",
            "postmaster",
            "@example.org",
            "a@",
            "a b@example.org",
            "a@exa mple.org",
            "a@example.org> SIZE=1",
            "a>\r\nRCPT TO:<b@example.org",
            "\"a\r\nb\"@example.org",
            "\"a\"b\"@example.org",
            "\"a\\\"@example.org",
            "\"@example.org",
            "a\0@example.org",
            "a\u{85}@example.org",
            "a\u{a0}b@example.org",
            "a@example.org\u{2028}",
            &long,
        ] {
            assert!(!is_sendable(address), "{address:?}");
        }
    }
}
