//! Addresses in running text, and where they stand.

use crate::address::Address;

/// An address in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// As it is written, without brackets.
    pub address: &'a str,
    /// Where it begins, in octets of the line.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// Addresses that are looked for in one line.
const MOST: usize = 50;

/// The addresses in a line, from left to right.
pub fn addresses(line: &str) -> Vec<Found<'_>> {
    let signs = line.match_indices('@').take(MOST);
    let mut found: Vec<Found<'_>> = Vec::new();
    for (at, _) in signs {
        let after = found.last().map_or(0, |last| last.end);
        if at >= after
            && let Some(one) = around(line, at, after)
        {
            found.push(one);
        }
    }
    found
}

/// The address whose `@` is at `at` and that begins at `after` or behind.
fn around(line: &str, at: usize, after: usize) -> Option<Found<'_>> {
    let left = &line[after..at];
    let start = if let Some(quoted) = left.strip_suffix('"') {
        after + quoted.rfind('"')?
    } else {
        after + left.char_indices().rev().take_while(|(_, c)| is_local(*c)).last()?.0
    };
    let mut local = &line[start..at];
    if !local.starts_with('"') {
        local = local.trim_start_matches(['\'', '`', '*', '.', '=', '|', '&', '-']);
    }
    // Exchange writes the address as a part of an X.400 one.
    for kind in ["smtp=", "rfc822=", "rfc-822="] {
        if local.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind)) {
            local = &local[kind.len()..];
        }
    }
    let start = at - local.len();
    let right = &line[at + 1..];
    let len = if right.starts_with('[') {
        right.find(']')? + 1
    } else {
        let len = right.find(|c| !is_domain(c)).unwrap_or(right.len());
        right[..len].trim_end_matches(['.', '-', '_']).len()
    };
    let end = at + 1 + len;
    let address = &line[start..end];
    let bracketed = line[..start].ends_with('<') && line[end..].starts_with('>');
    let is_known = bracketed || right[..len].contains(['.', '[']);
    (is_known && Address::parse_foreign(address).is_ok()).then_some(Found { address, start, end })
}

/// A character of a local part that is not quoted (RFC 5321 4.1.2, RFC 6531 3.3).
fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || !c.is_ascii() && c.is_alphanumeric()
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}
