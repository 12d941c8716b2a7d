//! The domain without I/O: addresses, messages, lists and the rules; parse, then decide, then say what follows.
//!
//! Nothing here knows XML, SQL, a socket or a clock: time is passed in, lookups are done before, effects after.
#![forbid(unsafe_code)]

pub mod address;
pub mod compose;
pub mod decide;
pub mod handover;
pub mod list;
pub mod message;
pub mod recipient;
pub mod return_path;
pub mod settings;

/// Whether two words are so alike that one may be a slip for the other: at most two edits in words of more than three.
#[must_use]
pub fn near(a: &str, b: &str) -> bool {
    a.len().min(b.len()) > 3 && edits(a, b) <= 2
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
