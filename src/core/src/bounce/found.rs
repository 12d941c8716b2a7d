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
const MOST: usize = 20;

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
        after + left.char_indices().rev().take_while(|(_, c)| is_local(*c)).take_while(same_script()).last()?.0
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
    // A reply of several lines: `550-ann@example.org is not known here`.
    if local.starts_with(['4', '5']) && local.as_bytes().iter().take(3).all(u8::is_ascii_digit) && local.len() > 4 {
        local = local[3..].strip_prefix('-').unwrap_or(local);
    }
    let start = at - local.len();
    let right = &line[at + 1..];
    let len = if right.starts_with('[') {
        right.find(']')? + 1
    } else {
        let mut kept = right.char_indices().take_while(|(_, c)| is_domain(*c)).take_while(same_script());
        let len = kept.by_ref().last().map_or(0, |(at, c)| at + c.len_utf8());
        right[..len].trim_end_matches(['.', '-', '_']).len()
    };
    let end = at + 1 + len;
    let address = &line[start..end];
    let bracketed = line[..start].ends_with('<') && line[end..].starts_with('>');
    let is_known = bracketed || right[..len].contains(['.', '[']);
    (is_known && Address::parse_foreign(address).is_ok()).then_some(Found { address, start, end })
}

/// Keeps on until letters of Chinese, Japanese or Korean stand beside those of ASCII: there are no spaces between them and
/// an address, which seldom has both.
fn same_script() -> impl FnMut(&(usize, char)) -> bool {
    let mut before: Option<bool> = None;
    move |(_, c)| {
        let wide = matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}');
        let now = if wide { Some(true) } else { c.is_ascii_alphanumeric().then_some(false) };
        let same = before.is_none() || now.is_none() || before == now;
        before = now;
        same
    }
}

/// A character of a local part that is not quoted (RFC 5321 4.1.2, RFC 6531 3.3).
fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || !c.is_ascii() && c.is_alphanumeric()
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(line: &str) -> Vec<&str> {
        addresses(line).iter().map(|found| found.address).collect()
    }

    #[test]
    fn finds_addresses_in_text() {
        for (line, expected) in [
            ("<ann@example.org>:", vec!["ann@example.org"]),
            (
                "550 <Ann.X+y@Example.ORG>... unknown, see bob@example.com.",
                vec!["Ann.X+y@Example.ORG", "bob@example.com"],
            ),
            ("rfc822;ann@example.org", vec!["ann@example.org"]),
            ("dda:SMTP=ann@example.org; on Fri", vec!["ann@example.org"]),
            ("`ann@example.org' and \"ann@example.net\"", vec!["ann@example.org", "ann@example.net"]),
            ("\"john doe\"@example.org", vec!["\"john doe\"@example.org"]),
            ("ann@[192.0.2.1] failed", vec!["ann@[192.0.2.1]"]),
            ("宛先jörg@bücher.exampleが見つかりません", vec!["jörg@bücher.example"]),
            ("用户@例子.广告 unknown", vec!["用户@例子.广告"]),
            ("<root@localhost>", vec!["root@localhost"]),
            ("talk-bounces+ann=example.org@lists.example.org", vec!["talk-bounces+ann=example.org@lists.example.org"]),
            ("550-ann@example.org is unknown", vec!["ann@example.org"]),
            ("550123@example.org and 5xü-x@example.org", vec!["550123@example.org", "5xü-x@example.org"]),
            ("root@localhost said @ noon, a@, @b.example, me @ home.example", vec![]),
        ] {
            assert_eq!(all(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_an_address_where_it_says(line in "[a-z45<>@.\"\\[\\] :ü-]{0,80}") {
            for found in addresses(&line) {
                prop_assert_eq!(&line[found.start..found.end], found.address);
                prop_assert!(Address::parse_foreign(found.address).is_ok());
            }
        }
    }
}
