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
    for line in text.split('\n') {
        let name = field(line).filter(|_| !line.starts_with([' ', '\t'])).map(|(name, _)| name);
        let ends =
            line.trim().is_empty() || name.is_some_and(|name| names_recipient(name) && current.get(name).is_some());
        if ends && has_recipient(&current) {
            blocks.push(std::mem::take(&mut current));
        }
        current.push_line(line);
        if blocks.len() == RECIPIENTS {
            break;
        }
    }
    if has_recipient(&current) {
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

fn names_recipient(name: &str) -> bool {
    name.eq_ignore_ascii_case("Original-Recipient") || name.eq_ignore_ascii_case("Final-Recipient")
}

fn is_outcome(name: &str) -> bool {
    ["Action", "Status", "Diagnostic-Code"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn has_recipient(header: &Header) -> bool {
    header.iter().any(|(name, _)| names_recipient(name))
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
