//! Address lists of RFC 5322 3.4, as mail programs write them and not only as they should.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use super::words::decode_words;
use crate::address::Address;

/// One mailbox of an address field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded; of the old form `ann@example.org (Ann)` what is in the parentheses.
    pub name: Option<String>,
    /// The address, `None` where what stands there is none.
    pub address: Option<Address>,
}

/// Reads the value of an address field, unfolded, into its mailboxes; members of groups come one by one.
///
/// Never fails: what is no mailbox is left out, or has no address when something stands in its place.
pub fn mailboxes(text: &str) -> Vec<Mailbox> {
    let mut scan = Scan::new(text);
    while let Some(c) = scan.chars.next() {
        match c {
            '(' => scan.comment = Some(read_comment(&mut scan.chars)),
            '"' => {
                let quoted = read_quoted(&mut scan.chars);
                scan.word(&quoted, &requote(&quoted));
            }
            '[' => {
                let literal = read_literal(&mut scan.chars);
                scan.word(&literal, &literal);
            }
            '<' => {
                if scan.angle.is_some() {
                    scan.finish();
                }
                scan.angle = Some(read_angle(&mut scan.chars));
            }
            ',' | ';' => scan.finish(),
            // The end of a group's name.
            ':' => scan.clear(),
            c if c.is_whitespace() => scan.gap = true,
            c => {
                let mut buffer = [0; 4];
                let c = &*c.encode_utf8(&mut buffer);
                scan.word(c, c);
            }
        }
    }
    scan.finish();
    scan.found
}

/// The identifier in a List-Id value: what stands in angle brackets, or everything in the bare form (RFC 2919 2).
pub(super) fn list_id(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut bare = String::new();
    while let Some(c) = chars.next() {
        match c {
            '(' => drop(read_comment(&mut chars)),
            '"' => drop(read_quoted(&mut chars)),
            '<' => return read_angle(&mut chars).to_ascii_lowercase(),
            c => bare.push(c),
        }
    }
    bare.trim().to_ascii_lowercase()
}

struct Scan<'t> {
    chars: Peekable<Chars<'t>>,
    /// The words before an angle bracket, to be shown.
    phrase: String,
    /// The same as an address, with quotes and without the space that RFC 5322 4.4 allows around dots and `@`.
    spec: String,
    gap: bool,
    angle: Option<String>,
    comment: Option<String>,
    found: Vec<Mailbox>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Scan<'t> {
        Scan {
            chars: text.chars().peekable(),
            phrase: String::new(),
            spec: String::new(),
            gap: false,
            angle: None,
            comment: None,
            found: Vec::new(),
        }
    }

    fn word(&mut self, shown: &str, spec: &str) {
        if self.gap && !self.phrase.is_empty() {
            self.phrase.push(' ');
            if !self.spec.ends_with(['@', '.']) && !spec.starts_with(['@', '.']) {
                self.spec.push(' ');
            }
        }
        self.gap = false;
        self.phrase.push_str(shown);
        self.spec.push_str(spec);
    }

    fn finish(&mut self) {
        if self.angle.is_some() || !self.spec.is_empty() {
            let name = if self.angle.is_some() { Some(std::mem::take(&mut self.phrase)) } else { self.comment.take() };
            let name = name.map(|name| decode_words(Cow::Owned(name)).trim().to_owned());
            let address = self.angle.as_deref().unwrap_or(&self.spec);
            self.found.push(Mailbox {
                name: name.filter(|name| !name.is_empty()),
                address: Address::parse_foreign(address).ok(),
            });
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.phrase.clear();
        self.spec.clear();
        self.gap = false;
        self.angle = None;
        self.comment = None;
    }
}

/// Reads to the parenthesis that closes a comment, nested ones included.
fn read_comment(chars: &mut Peekable<Chars>) -> String {
    let mut comment = String::new();
    let mut depth = 1;
    while let Some(c) = chars.next() {
        match c {
            '\\' => comment.extend(chars.next()),
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            c => comment.push(c),
        }
    }
    comment
}

/// Reads to the closing quote and takes the backslashes away.
fn read_quoted(chars: &mut Peekable<Chars>) -> String {
    let mut quoted = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => quoted.extend(chars.next()),
            '"' => break,
            c => quoted.push(c),
        }
    }
    quoted
}

fn requote(content: &str) -> String {
    format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
}

fn read_literal(chars: &mut Peekable<Chars>) -> String {
    let mut literal = String::from("[");
    for c in chars.by_ref() {
        literal.push(c);
        if c == ']' {
            break;
        }
    }
    literal
}

/// Reads to the closing bracket: the address alone, without comments, space and the source route of RFC 5322 4.4.
fn read_angle(chars: &mut Peekable<Chars>) -> String {
    let mut address = String::new();
    while let Some(c) = chars.next() {
        match c {
            '>' => break,
            '(' => drop(read_comment(chars)),
            '"' => address.push_str(&requote(&read_quoted(chars))),
            '[' => address.push_str(&read_literal(chars)),
            ':' if address.starts_with('@') => address.clear(),
            c if c.is_whitespace() => {}
            c => address.push(c),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let text_of = |mailbox: Mailbox| {
            (mailbox.name.unwrap_or_default(), mailbox.address.map(|a| a.to_string()).unwrap_or_default())
        };
        mailboxes(text).into_iter().map(text_of).collect()
    }

    #[test]
    fn reads_one_mailbox() {
        for (text, name, address) in [
            ("ann@example.org", "", "ann@example.org"),
            ("Ann <ann@example.org>", "Ann", "ann@example.org"),
            ("<ann@example.org>", "", "ann@example.org"),
            ("ann@example.org (Ann (the elder))", "Ann the elder", "ann@example.org"),
            ("\"Doe, John\" <john@example.org>", "Doe, John", "john@example.org"),
            ("\"boss@example.org\" <evil@example.net>", "boss@example.org", "evil@example.net"),
            ("boss@example.org <evil@example.net>", "boss@example.org", "evil@example.net"),
            ("=?utf-8?q?J=C3=B6rg?= Meier <j@example.org>", "Jörg Meier", "j@example.org"),
            ("Jörg <jörg@bücher.example>", "Jörg", "jörg@bücher.example"),
            ("\"john doe\"@example.org", "", "\"john doe\"@example.org"),
            ("<\"a>b\"@example.org>", "", "\"a>b\"@example.org"),
            ("ann @ example . org", "", "ann@example.org"),
            ("<@a.example,@b.example:ann@example.org>", "", "ann@example.org"),
            ("ann@[IPv6:::1]", "", "ann@[IPv6:::1]"),
            ("A (x) <ann (y) @example.org>", "A", "ann@example.org"),
            ("John Doe john@example.org", "", ""),
            ("Nobody <>", "Nobody", ""),
        ] {
            assert_eq!(read(text), [(name.to_owned(), address.to_owned())], "{text}");
        }
    }

    #[test]
    fn reads_lists_and_groups() {
        let addresses = |text| read(text).into_iter().map(|(_, address)| address).collect::<Vec<_>>();
        assert_eq!(
            addresses("a@x.example, B <b@x.example>,, c@x.example"),
            ["a@x.example", "b@x.example", "c@x.example"]
        );
        assert_eq!(
            addresses("Team: a@x.example, b@x.example;, c@x.example"),
            ["a@x.example", "b@x.example", "c@x.example"]
        );
        assert_eq!(addresses("undisclosed-recipients:;"), Vec::<String>::new());
        assert_eq!(addresses("<a@x.example> <b@x.example>"), ["a@x.example", "b@x.example"]);
        assert_eq!(addresses(""), Vec::<String>::new());
    }

    #[test]
    fn finds_the_list_id() {
        for (text, id) in [
            ("Talk <talk.lists.example.org>", "talk.lists.example.org"),
            ("\"a <fake.example>\" (<b>) <Talk.Lists.example.org>", "talk.lists.example.org"),
            ("talk.lists.example.org", "talk.lists.example.org"),
            ("", ""),
        ] {
            assert_eq!(list_id(text), id);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a@.,:;<>()\\[\\]\"\\\\ =?qü]{0,60}") {
            mailboxes(&text);
            list_id(&text);
        }
    }
}
