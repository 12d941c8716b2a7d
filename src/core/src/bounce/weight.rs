//! How likely an address in the text of a bounce is the recipient's.

use std::collections::HashSet;

use super::fault::says;
use super::found::{Found, addresses};
use super::header::Header;
use super::line::Line;
use super::phrases::{INTRODUCTIONS, OTHER_LABELS, RECIPIENT_LABELS, REQUESTS};
use super::returned::{field_addresses, recipients};

/// What an address must weigh to be taken for a recipient's.
pub const ENOUGH: i32 = 5;

/// How much less than the heaviest an address may weigh.
pub const BEHIND: i32 = 4;

/// What speaks for or against an address beside its place in the text.
pub struct Known {
    /// Whom the bounce is from and to; in lower case.
    pub own: HashSet<String>,
    /// To whom the message was sent that came back.
    pub sent_to: Vec<String>,
    /// Who sent it; in lower case.
    sent_from: HashSet<String>,
    /// What the header says has failed, as Exim and Google write it.
    pub failed: Vec<String>,
}

impl Known {
    /// From the header of a bounce and the one of the message that came back.
    pub fn new(header: &Header, original: &Header) -> Known {
        let sent_from = field_addresses(original, &["From", "Sender", "Return-Path", "Reply-To"]);
        let mut sent_to = recipients(original);
        sent_to.retain(|to| !sent_from.contains(&to.to_ascii_lowercase()));
        let failed = header.all("X-Failed-Recipients").flat_map(addresses).map(|found| found.address.to_owned());
        Known { own: own_addresses(header), sent_to, sent_from, failed: failed.collect() }
    }

    /// Weighs an address in line `i`. The numbers are from trials with many bounces; none is meaningful alone.
    pub fn weigh(&self, lines: &[Line<'_>], i: usize, found: &Found<'_>) -> i32 {
        let line = &lines[i];
        let key = found.address.to_ascii_lowercase();
        if line.lower.starts_with("received:") || is_of_summary(lines, i) {
            return -100;
        }
        let named = |all: &[String]| all.iter().any(|one| one.eq_ignore_ascii_case(found.address));
        let near = &lines[i.saturating_sub(3)..lines.len().min(i + 5)];
        let signs = [
            (named(&self.failed), 10),
            (named(&self.sent_to), 4),
            (self.sent_from.contains(&key), -8),
            (self.own.contains(&key), -7),
            (is_role(&key), -5),
            (line.fails(), 5),
            (!line.fails() && near.iter().any(Line::fails), 2),
            (is_introduced(lines, i), 3),
        ];
        signs.iter().filter(|(holds, _)| *holds).map(|(_, weight)| weight).sum::<i32>() + by_place(line.text, found)
    }
}

/// What stands before and behind an address in its line.
fn by_place(line: &str, found: &Found<'_>) -> i32 {
    let before = line[..found.start].trim_end_matches(['<', '(', '"', '\'', '[', '`']);
    let behind = line[found.end..].trim_start_matches(['>', ')', '"', '\'', ']', '`']);
    // HTML that was turned into text names an address twice.
    let behind = behind.strip_prefix("<mailto:").and_then(|link| link.split_once('>')).map_or(behind, |(_, rest)| rest);
    let bare = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
    let shape = match (bare(before), bare(behind)) {
        (true, _) if behind.trim_start().starts_with(':') => 5,
        (true, true) => 3,
        _ => 0,
    };
    let label = before.to_lowercase();
    let label = label.trim_end_matches([' ', ':', '=', '\t', ';', ',', '.', '-', '<', '"']);
    let last_words = &label[label.floor_char_boundary(label.len().saturating_sub(60))..];
    let label = if says(last_words, REQUESTS) || ends_with_word(label, OTHER_LABELS) {
        -5
    } else if ends_with_word(label, RECIPIENT_LABELS) {
        3
    } else {
        0
    };
    let is_link = before.ends_with("mailto:") || before.contains("://") || before.ends_with('/');
    shape + label + if is_link { -5 } else { 0 }
}

/// Whether one of the lines above announces addresses.
fn is_introduced(lines: &[Line<'_>], i: usize) -> bool {
    let above = lines[i.saturating_sub(12)..i].iter().rev();
    let above = above.filter(|line| line.found.is_empty() && !line.text.trim().is_empty());
    above.take(3).any(|line| says(&line.lower, INTRODUCTIONS))
}

/// Whether a line belongs to the summary of the message that Exchange gives: `To:`, `Subject:` and `Sent:`.
fn is_of_summary(lines: &[Line<'_>], i: usize) -> bool {
    let starts = |line: &Line<'_>, names: &[&str]| names.iter().any(|name| line.lower.starts_with(name));
    lines[i + 1..].iter().take(2).any(|next| starts(next, &["subject:", "sent:"]))
        && starts(&lines[i], &["to:", "cc:", "from:"])
}

/// Whom a bounce is from and to, and the lists that these addresses belong to: never the recipient who failed.
fn own_addresses(header: &Header) -> HashSet<String> {
    const SUFFIXES: [&str; 6] = ["-bounces", "-bounce", "-admin", "-owner", "-request", "-errors"];
    let fields = ["To", "From", "Cc", "Reply-To", "Return-Path", "Delivered-To", "Sender"];
    let mut own = field_addresses(header, &fields);
    let list = |address: &String| {
        let (local, host) = address.split_once('@')?;
        let end = SUFFIXES.iter().find_map(|suffix| local.find(suffix))?;
        Some(format!("{}@{host}", &local[..end]))
    };
    let lists: Vec<String> = own.iter().filter_map(list).collect();
    own.extend(lists);
    own
}

/// Whether an address is that of a program or an office.
fn is_role(address: &str) -> bool {
    const ROLES: &str = "mailer-daemon|mailerdaemon|mail-daemon|daemon|postmaster|abuse|support|helpdesk|webmaster|\
        hostmaster|noreply|no-reply|administrator";
    let local = address.split('@').next().unwrap_or_default();
    ROLES.split('|').any(|role| role == local)
}

/// Whether a text ends with one of the words, as a word.
fn ends_with_word(text: &str, words: &str) -> bool {
    words.split('|').any(|word| {
        text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '-'))
    })
}
