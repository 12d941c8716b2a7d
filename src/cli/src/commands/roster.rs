//! Files of members: one `ADDRESS` or `Name <ADDRESS>` a line, read without ever holding more than a line.

use std::io::{self, BufRead, Read};

use mailjam_rpc::records::ImportItem;

/// No line with a name and an address needs more, in bytes.
const LONGEST: u64 = 4096;

/// A line that has something to say.
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// Its number, from 1.
    pub line: u64,
    /// Whom it names, or why it names nobody.
    pub member: Result<ImportItem, String>,
}

/// A file of members.
pub struct Roster<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Roster<R> {
    pub fn new(input: R) -> Roster<R> {
        Roster { input, line: 0, buffer: Vec::new() }
    }

    /// Up to `count` entries; none at the end.
    ///
    /// # Errors
    /// Of the reader only; what is wrong with a line is told by its entry.
    pub fn take(&mut self, count: usize) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        while entries.len() < count && self.read_line()? {
            entries.extend(self.member().map(|member| Entry { line: self.line, member }));
        }
        Ok(entries)
    }

    /// The number of the line that was read last.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line, of one that is too long only the beginning. False at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        if self.input.by_ref().take(LONGEST).read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.is_cut() {
            self.input.skip_until(b'\n')?;
        }
        Ok(true)
    }

    fn is_cut(&self) -> bool {
        self.buffer.len() as u64 == LONGEST && !self.buffer.ends_with(b"\n")
    }

    /// Whom the line names; `None` where it is blank or a comment.
    fn member(&self) -> Option<Result<ImportItem, String>> {
        if self.is_cut() {
            return Some(Err(format!("longer than {LONGEST} bytes")));
        }
        let Ok(text) = std::str::from_utf8(&self.buffer) else {
            return Some(Err("not UTF-8".to_owned()));
        };
        let byte_order_mark = if self.line == 1 { "\u{feff}" } else { "" };
        parse(text.strip_prefix(byte_order_mark).unwrap_or(text).trim())
    }
}

/// The member that a line names.
fn parse(line: &str) -> Option<Result<ImportItem, String>> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let member = |name: Option<String>, address: &str| ImportItem { address: address.to_owned(), name, mode: None };
    let Some(opened) = line.strip_suffix('>') else {
        return Some(Ok(member(None, line)));
    };
    Some(match opened.rsplit_once('<') {
        Some((name, address)) => Ok(member(unquote(name.trim()), address.trim())),
        None => Err("a > without a <".to_owned()),
    })
}

/// A name without the quotes of RFC 5322 section 3.2.4 around it; `None` if nothing is left.
fn unquote(name: &str) -> Option<String> {
    let name = match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => {
            let mut plain = String::new();
            let mut letters = quoted.chars();
            while let Some(letter) = letters.next() {
                plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
            }
            plain
        }
        None => name.to_owned(),
    };
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line number, name and address or reason of every entry.
    fn read(bytes: &[u8]) -> Vec<(u64, String)> {
        let entries = Roster::new(bytes).take(usize::from(u16::MAX)).unwrap();
        let shown = |entry: Entry| match entry.member {
            Ok(ImportItem { address, name, .. }) => format!("{}|{address}", name.unwrap_or_default()),
            Err(reason) => format!("! {reason}"),
        };
        entries.into_iter().map(|entry| (entry.line, shown(entry))).collect()
    }

    fn entry(line: u64, text: &str) -> (u64, String) {
        (line, text.to_owned())
    }

    #[test]
    fn addresses_names_comments_and_blank_lines() {
        let text = "\u{feff}a@example.org\r\n\n  # people\nBea <b@example.org>\n\"Doe, \\\"J\\\"\" <j@example.org>\n<c@example.org>\n d@example.org";
        let expected = [
            entry(1, "|a@example.org"),
            entry(4, "Bea|b@example.org"),
            entry(5, "Doe, \"J\"|j@example.org"),
            entry(6, "|c@example.org"),
            entry(7, "|d@example.org"),
        ];
        assert_eq!(read(text.as_bytes()), expected);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_the_next_one_is_read() {
        let mut bytes = b"caf\xe9@example.org\nb@example.org>\n".to_vec();
        bytes.extend(vec![b'x'; 100_000]);
        bytes.extend(b"\nlast@example.org\n");
        let expected = [
            entry(1, "! not UTF-8"),
            entry(2, "! a > without a <"),
            entry(3, "! longer than 4096 bytes"),
            entry(4, "|last@example.org"),
        ];
        assert_eq!(read(&bytes), expected);
    }
}
