//! The lines of a bounce's text, and what is known of each.

use std::cell::OnceCell;
use std::ops::Range;

use super::fault::{self, Class, says};
use super::found::{Found, addresses};
use super::phrases::{CLEAR, FAILURE, FAULT};
use super::status::{Reply, Status};

/// A line.
pub struct Line<'a> {
    /// As it is.
    pub text: &'a str,
    /// In lower case and squeezed, to be compared with phrases.
    pub lower: String,
    /// The addresses in it.
    pub found: Vec<Found<'a>>,
    fails: OnceCell<bool>,
}

impl<'a> Line<'a> {
    /// Looks at a line.
    pub fn new(text: &'a str) -> Line<'a> {
        Line { text, lower: fault::squeezed(text), found: addresses(text), fails: OnceCell::new() }
    }

    /// Whether it says that something failed. Only asked near addresses, since it takes hundreds of comparisons.
    pub fn fails(&self) -> bool {
        *self.fails.get_or_init(|| {
            says(&self.lower, FAILURE)
                || says(&self.lower, FAULT)
                || CLEAR.iter().any(|(_, phrases)| says(&self.lower, phrases))
                || self.has_code()
        })
    }

    fn has_code(&self) -> bool {
        Reply::find(self.text) != Reply::default()
    }
}

/// Why it failed, by some of the lines.
pub fn verdict(lines: &[Line<'_>]) -> (Class, bool, Option<Status>) {
    let text: Vec<&str> = lines.iter().map(|line| line.text).collect();
    fault::of_words(&text.join("\n"))
}

/// What to show of some lines: the first with a code and what follows, or the first that speaks of failure.
pub fn diagnostic(lines: &[Line<'_>]) -> String {
    let start = lines.iter().position(Line::has_code).or_else(|| lines.iter().position(Line::fails)).unwrap_or(0);
    let lines = lines[start.min(lines.len())..].iter().map(|line| line.text.trim());
    let text: Vec<&str> = lines.take(4).take_while(|line| !line.is_empty()).collect();
    fault::one_line(&text.join(" "))
}

/// Whether a server's reply stands in some of the lines.
pub fn has_code(lines: &[Line<'_>], range: Range<usize>) -> bool {
    lines[range].iter().any(Line::has_code)
}
