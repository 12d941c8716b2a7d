//! The message that came back, where it is only quoted in the text of a bounce, and whom it was sent to.

use std::collections::HashSet;

use super::fault::{says, squeezed};
use super::found::addresses;
use super::header::{Header, field};

/// Where a quoted header begins, and the header; the end of the text without one.
pub fn quoted_header(all: &[&str]) -> (usize, Header) {
    let mut i = 0;
    while i < all.len() {
        let end = behind_header(all, i);
        if end > i {
            let mut header = Header::default();
            for line in &all[i..end] {
                header.push_line(unquoted(line));
            }
            if is_message_header(&header) {
                return (i, header);
            }
        }
        i = end.max(i + 1);
    }
    (all.len(), Header::default())
}

/// The end of a block of header fields.
pub fn behind_header(all: &[&str], start: usize) -> usize {
    let mut end = start;
    for line in &all[start..] {
        let line = unquoted(line);
        let goes_on = end > start && line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if !goes_on && field(line).is_none_or(|(name, _)| !name.starts_with(|c: char| c.is_ascii_alphabetic())) {
            break;
        }
        end += 1;
    }
    end
}

fn unquoted(line: &str) -> &str {
    let bare = line.trim_start_matches(['>', '|']);
    let bare = if bare.len() < line.len() { bare.strip_prefix(' ').unwrap_or(bare) } else { bare };
    // Some systems indent what they quote.
    let trimmed = bare.trim_start();
    if field(trimmed).is_some_and(|(name, _)| is_message_field(name)) { trimmed } else { bare }
}

fn is_message_field(name: &str) -> bool {
    ["Received", "Message-ID", "Return-Path", "MIME-Version", "Content-Type", "From", "To", "Subject", "Date"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn is_message_header(header: &Header) -> bool {
    let has = |name: &str| header.get(name).is_some();
    let certain = ["Received", "Message-ID", "Return-Path", "MIME-Version", "DKIM-Signature", "X-Mailer", "Precedence"];
    let certain = certain.iter().filter(|name| has(name)).count();
    let common = ["From", "To", "Subject", "Date"].iter().filter(|name| has(name)).count();
    certain + common >= 3 && (certain > 0 || common == 4)
}

/// The recipients of a returned message, as its header tells them.
pub fn recipients(header: &Header) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To", "Cc"] {
        found.extend(header.all(name).flat_map(addresses).map(|found| found.address.to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

pub fn field_addresses(header: &Header, names: &[&str]) -> HashSet<String> {
    let values = names.iter().flat_map(|name| header.all(name));
    values.flat_map(addresses).map(|found| found.address.to_ascii_lowercase()).collect()
}

/// Words on a line by itself behind which the message follows that came back.
const MARKERS: &str = "\
    below this line is a copy|original message follows|this is a copy of|copy of your message|unsent message|\
    returned message|returned mail follows|text of your message|message header follows|original message|\
    message follows|header of the source mail|old message|start of returned message|begin of returned|\
    message text follows|original mail|headers follow|return message";

/// The first such line; the end of the text without one.
pub fn marked(all: &[&str]) -> usize {
    let marked = all.iter().skip(1).position(|line| {
        let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
        let is_rule = line.trim_start().starts_with(['-', '*', '=', '_', '+']);
        (is_rule || bare.len() < 40 && !line.contains('@')) && says(&squeezed(bare), MARKERS)
    });
    marked.map_or(all.len(), |at| at + 1)
}
