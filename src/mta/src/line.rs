//! The one line an MTA reads: printable, short, and beginning with the status code that was decided on.
#![forbid(unsafe_code)]

use mailjam_wire::xml::Text;
use mailjam_wire::{Sink, put_decimal};

/// Together with the status an MTA puts before it, this fits into a line of SMTP (RFC 5321 section 4.5.3.1.5).
const LONGEST: usize = 400;

/// A line in the making. What does not fit is left out.
#[derive(Debug)]
pub struct Line {
    bytes: [u8; LONGEST + 1],
    length: usize,
}

impl Line {
    /// A line of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: [0; LONGEST + 1], length: 0 }
    }

    /// Appends one character: a space for white space, a question mark for what is not printable ASCII, because a reply
    /// outside of SMTPUTF8 may carry nothing else (RFC 6531 section 3.7.4.2).
    fn character(&mut self, character: char) {
        if self.length < LONGEST {
            self.bytes[self.length] = match character {
                ' '..='~' => character as u8,
                '\t' | '\r' | '\n' => b' ',
                _ => b'?',
            };
            self.length += 1;
        }
    }

    /// Appends words.
    pub fn words(&mut self, words: &str) -> &mut Self {
        words.chars().for_each(|character| self.character(character));
        self
    }

    /// Appends what was given on a command line or in a file.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        bytes.iter().for_each(|&byte| self.character(char::from(byte)));
        self
    }

    /// Appends what the server said.
    pub fn text(&mut self, text: Text<'_>) -> &mut Self {
        text.chars().take(LONGEST).for_each(|character| self.character(character));
        self
    }

    /// Appends a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        put_decimal(number, self);
        self
    }

    /// The line with its end, or nothing when nothing was appended.
    pub fn finish(&mut self) -> &[u8] {
        while self.length > 0 && self.bytes[self.length - 1] == b' ' {
            self.length -= 1;
        }
        if self.length == 0 {
            return &[];
        }
        self.bytes[self.length] = b'\n';
        &self.bytes[..=self.length]
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Line {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_printable_line() {
        let mut line = Line::new();
        line.words("4.3.0 ").text(Text("a&#10;5.1.1 b\r\nc\u{7}d\u{e9}")).number(42).bytes(b"\xff\0 ");
        assert_eq!(line.finish(), b"4.3.0 a 5.1.1 b  c?d?42??\n");
        assert_eq!(Line::new().finish(), b"");
    }

    proptest! {
        #[test]
        fn never_more_than_one_line(text in ".{0,900}") {
            let mut line = Line::new();
            let written = line.text(Text(&text)).finish();
            prop_assert!(written.len() <= LONGEST + 1);
            prop_assert!(written.iter().rev().skip(1).all(|byte| (b' '..=b'~').contains(byte)));
        }
    }
}
