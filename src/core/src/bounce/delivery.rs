//! Delivery status notifications (RFC 3464), also with addresses beyond ASCII (RFC 6533), and broken ones.

use super::Report;
use super::fault;
use super::found::addresses;
use super::header::{Header, field};
use super::status::{Reply, Status};
use crate::address::Address;

/// What became of a message for one recipient (RFC 3464 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// It has not arrived yet.
    Delayed,
    /// It arrived, or somebody else is in charge of it now.
    Delivered,
}

/// Recipients in a report that are read at most.
pub const RECIPIENTS: usize = 1000;

/// Reads a report. Only its fields count, so that one whose empty lines were lost is read as well: where a second recipient
/// is named, a second report begins.
pub fn read(text: &str) -> Vec<(Action, Report)> {
    let mut blocks: Vec<Header> = Vec::new();
    let mut current = Header::default();
    // Which of the fields that name a recipient have occurred.
    let mut named = [false; RECIPIENT_FIELDS.len()];
    for line in text.split('\n') {
        let name = field(line).filter(|_| !line.starts_with([' ', '\t'])).map(|(name, _)| name);
        let names = name.and_then(|name| RECIPIENT_FIELDS.iter().position(|known| name.eq_ignore_ascii_case(known)));
        let ends = line.trim().is_empty() || names.is_some_and(|at| named[at]);
        if ends && named.contains(&true) {
            blocks.push(std::mem::take(&mut current));
            named = [false; RECIPIENT_FIELDS.len()];
        }
        if blocks.len() == RECIPIENTS {
            break;
        }
        current.push_line(line);
        if let Some(at) = names {
            named[at] = true;
        }
    }
    if named.contains(&true) {
        blocks.push(current);
    } else if let Some(last) = blocks.last_mut() {
        // An empty line within the fields of one recipient.
        for (name, value) in current.iter().filter(|(name, _)| is_outcome(name)) {
            if last.get(name).is_none() {
                last.push_line(&format!("{name}: {value}"));
            }
        }
    }
    blocks.iter().map(report).collect()
}

const RECIPIENT_FIELDS: [&str; 2] = ["Original-Recipient", "Final-Recipient"];

fn is_outcome(name: &str) -> bool {
    ["Action", "Status", "Diagnostic-Code"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn report(fields: &Header) -> (Action, Report) {
    let named = |name| fields.get(name).and_then(typed_address);
    let (original, last) = (named("Original-Recipient"), named("Final-Recipient"));
    let address = original.or_else(|| last.clone()).or_else(|| named("X-Actual-Recipient"));
    let forwarded_to = last.or_else(|| named("X-Actual-Recipient"));
    let forwarded_to = forwarded_to.filter(|last| !address.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(last)));
    let diagnostic = fields.get("Diagnostic-Code").map(untyped).unwrap_or_default();
    let reply = Reply::find(diagnostic);
    let stated = fields.get("Status").and_then(status);
    // A status that says nothing gives way to what the remote server said.
    let status = stated.filter(|status| !status.is_vague()).or(reply.status).or(stated);
    let action = action(fields.get("Action").unwrap_or_default(), status);
    let heard = Reply { code: reply.code, status };
    let (class, hard) = fault::of_report(heard, stated, diagnostic);
    (action, Report { address, forwarded_to, class, status, hard, diagnostic: fault::one_line(diagnostic) })
}

fn action(text: &str, status: Option<Status>) -> Action {
    let text = text.trim().to_ascii_lowercase();
    if text.starts_with("fail") || text.starts_with("expire") || text.starts_with("error") || text.starts_with("reject")
    {
        Action::Failed
    } else if text.starts_with("delay") || text.starts_with("defer") {
        Action::Delayed
    } else if ["deliver", "relay", "expand", "success"].iter().any(|word| text.starts_with(word)) {
        Action::Delivered
    } else {
        match status {
            Some(Status { class: 2, .. }) => Action::Delivered,
            _ => Action::Failed,
        }
    }
}

/// The code in a Status field, which may have words behind it.
fn status(value: &str) -> Option<Status> {
    let code = value.trim().split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    code.trim_end_matches('.').parse().ok()
}

/// What stands behind the type and its `;`.
fn untyped(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.len() <= 20 && !kind.trim().contains([' ', '@', '<']) => rest.trim(),
        _ => value.trim(),
    }
}

/// The address in a field like `rfc822; ann@example.org`.
pub fn typed_address(value: &str) -> Option<String> {
    let (kind, text) = match value.split_once(';') {
        Some((kind, rest)) if !kind.contains('@') => (kind.trim().to_ascii_lowercase(), rest),
        _ => (String::new(), value),
    };
    let text = text.trim().trim_matches(['<', '>']).trim();
    match kind.as_str() {
        "utf-8" => valid(&decode_unitext(text)).or_else(|| valid(&decode_xtext(text))),
        "x400" => in_x400(text),
        // RFC 3464 2.3.1 has xtext decoded; where nobody did so there is no `@`.
        _ if !text.contains('@') && text.contains("+40") => valid(&decode_xtext(text)),
        _ => valid(text).or_else(|| addresses(text).first().map(|found| found.address.to_owned())),
    }
}

fn valid(text: &str) -> Option<String> {
    Address::parse_foreign(text).ok().map(|_| text.to_owned())
}

/// An address of the Internet that an X.400 address carries (RFC 2156): `/DD.RFC-822=ann(a)example.org/C=…/`.
fn in_x400(text: &str) -> Option<String> {
    let parts = text.split(['/', ';']);
    let mut values = parts.filter_map(|part| part.split_once('=')).filter(|(name, _)| {
        let name = name.trim().to_ascii_lowercase();
        name.contains("rfc-822") || name.contains("rfc822")
    });
    valid(&values.next()?.1.trim().replace("(a)", "@"))
}

/// `\x{FC}` as the character (RFC 6533 3).
fn decode_unitext(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\\x{") {
        decoded.push_str(before);
        let Some((hex, behind)) = escape.split_once('}') else {
            decoded.push_str("\\x{");
            rest = escape;
            continue;
        };
        match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32) {
            Some(c) => decoded.push(c),
            None => decoded.push('\u{fffd}'),
        }
        rest = behind;
    }
    decoded.push_str(rest);
    decoded
}

/// `+2B` as the octet (RFC 3461 4).
fn decode_xtext(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((byte, rest)) = bytes.split_first() {
        let octet =
            (*byte == b'+').then(|| rest.get(..2)).flatten().filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let octet = octet.and_then(|hex| str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(octet.unwrap_or(*byte));
        bytes = if octet.is_some() { &rest[2..] } else { rest };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_address_in_a_typed_field() {
        for (value, expected) in [
            ("rfc822; ann@example.org", Some("ann@example.org")),
            ("RFC822;<Ann@Example.ORG>", Some("Ann@Example.ORG")),
            ("ann@example.org", Some("ann@example.org")),
            ("rfc822; Ann <ann@example.org>", Some("ann@example.org")),
            ("rfc822; ann+2Bx+40example.org", Some("ann+x@example.org")),
            ("rfc822; ann+40x@example.org", Some("ann+40x@example.org")),
            ("utf-8; j\\x{F6}rg@b\\x{fc}cher.example", Some("jörg@bücher.example")),
            ("utf-8; jörg@bücher.example", Some("jörg@bücher.example")),
            ("utf-8; a\\x{zz}@example.org", Some("a\u{fffd}@example.org")),
            ("x400; /DD.RFC-822=ann(a)example.org/C=DE/", Some("ann@example.org")),
            ("x400; /G=Ann/C=DE/", None),
            ("rfc822; ann", None),
            ("system;<>", None),
            ("", None),
        ] {
            assert_eq!(typed_address(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_report_without_recipients_says_nothing() {
        assert!(read("Reporting-MTA: dns; mx.example.org\n\nAction: failed\nStatus: 5.1.1\n").is_empty());
        assert!(read("").is_empty());
    }

    #[test]
    fn no_more_recipients_are_read_than_a_mail_has_at_most() {
        let text = "Final-Recipient: rfc822; ann@example.org\n\n".repeat(RECIPIENTS + 5);
        assert_eq!(read(&text).len(), RECIPIENTS);
    }
}
