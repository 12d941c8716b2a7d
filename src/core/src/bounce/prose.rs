//! Bounces in words alone: what systems wrote before there were reports, and what many write still.
//!
//! No format is known here by its name. Addresses are weighed by where they stand: alone on a line below "the following
//! addresses failed", before a colon, behind `550`, next to words of failure, or among the recipients of the message that came
//! back; against them speaks a word like `from` or `contact`.

use std::collections::HashSet;

use super::Report;
use super::delivery::Action;
use super::fault::{self, Class, says};
use super::found::{Found, addresses};
use super::header::{Header, field};
use super::parts::Parts;
use super::phrases::{CLEAR, DELAY, DELAY_SUBJECTS, FAILURE, INTRODUCTIONS, OTHER_LABELS, RECIPIENT_LABELS};
use super::status::{Reply, Status};

/// Lines that are looked at.
const LINES: usize = 600;

/// Octets of a line that are looked at.
const LINE: usize = 1000;

/// Recipients that are read from words at most.
const MOST: usize = 100;

/// What an address must weigh to be taken for a recipient's.
const ENOUGH: i32 = 5;

/// How much less than the best an address may weigh.
const BEHIND: i32 = 4;

/// A line and what is known of it.
struct Line<'a> {
    text: &'a str,
    lower: String,
    found: Vec<Found<'a>>,
    /// It says that something failed.
    fails: bool,
}

/// What a notice in words says.
pub struct Prose {
    /// Whether it failed or is delayed.
    pub action: Action,
    /// For whom; may be empty.
    pub reports: Vec<Report>,
    /// The header of the message that came back, when it is quoted in the text.
    pub quoted: Header,
}

/// Reads the words of a mail as a bounce; makes something of nearly every text, so that the caller must know that it is one.
pub fn read(parts: &Parts) -> Prose {
    let all: Vec<&str> =
        parts.text.split('\n').take(LINES).map(|line| &line[..line.floor_char_boundary(LINE)]).collect();
    let (start, quoted) = quoted_header(&all);
    let own = own_addresses(&parts.header);
    let original = if parts.original.is_empty() { &quoted } else { &parts.original };
    let sent_to = recipients(original);
    let sent_from = field_addresses(original, &["From", "Sender", "Return-Path", "Reply-To"]);
    let failed = parts.header.all("X-Failed-Recipients").flat_map(addresses);
    let failed = failed.map(|found| found.address.to_owned()).collect();
    let context = Context { own, sent_to, sent_from, failed };
    let start = start.min(marked(&all));
    let before = lines(&all[..start]);
    let mut reports = context.reports(&before);
    if reports.is_empty() && start < all.len() {
        let behind = lines(&all[behind_header(&all, start).max(start + 1)..]);
        reports = context.reports(&behind);
    }
    reports.extend(context.unmentioned(&reports, &before));
    if reports.is_empty() {
        reports.extend(context.only_address(&before).or_else(|| context.bare_name(&before, &parts.header)));
    }
    let subject = fault::squeezed(&parts.header.decoded("Subject"));
    let action = action(&subject, &before, &reports);
    if reports.is_empty() {
        let (class, hard, status) = verdict(&before, 0..before.len().min(40));
        let sent_to: Vec<&String> =
            context.sent_to.iter().filter(|to| !context.own.contains(&to.to_ascii_lowercase())).collect();
        // List mail is addressed to its list.
        let is_list_mail = ["List-Id", "List-Post"].iter().any(|name| original.get(name).is_some());
        if let ([one], false) = (sent_to.as_slice(), is_list_mail) {
            let diagnostic = diagnostic(&before, 0..before.len());
            reports.push(Report { address: Some((*one).clone()), forwarded_to: None, class, status, hard, diagnostic });
        }
    }
    Prose { action, reports, quoted }
}

/// What the addresses of a mail are compared with.
struct Context {
    own: HashSet<String>,
    sent_to: Vec<String>,
    sent_from: HashSet<String>,
    /// What the header says has failed, as Exim and Google write it.
    failed: Vec<String>,
}

impl Context {
    fn reports(&self, lines: &[Line<'_>]) -> Vec<Report> {
        let mut candidates: Vec<(usize, &Found<'_>, i32)> = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            for found in &line.found {
                candidates.push((i, found, self.weigh(lines, i, found)));
            }
        }
        let best = candidates.iter().map(|(.., weight)| *weight).max().unwrap_or_default();
        candidates.retain(|(.., weight)| *weight >= ENOUGH && *weight + BEHIND >= best);
        let origins = origins(lines);
        candidates
            .retain(|(_, found, _)| !origins.iter().any(|(origin, _)| origin.eq_ignore_ascii_case(found.address)));
        let mut reports: Vec<(Report, u8)> = Vec::new();
        for (n, (i, found, _)) in candidates.iter().enumerate() {
            let next = candidates[n + 1..].iter().find(|(at, other, _)| at > i && other.address != found.address);
            let end = next.map_or(lines.len(), |(at, ..)| *at);
            let (report, worth) = self.report(lines, *i..end, found);
            let same =
                |known: &Report| known.address.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(found.address));
            match reports.iter().position(|(known, _)| same(known)) {
                Some(at) if reports[at].1 < worth => reports[at] = (report, worth),
                Some(_) => {}
                None if reports.len() < MOST => reports.push((report, worth)),
                None => break,
            }
        }
        let mut reports: Vec<Report> = reports.into_iter().map(|(report, _)| report).collect();
        for report in &mut reports {
            let address = report.address.as_deref().unwrap_or_default();
            if let Some((origin, _)) = origins.iter().find(|(_, target)| target.eq_ignore_ascii_case(address)) {
                report.forwarded_to = report.address.replace((*origin).to_owned());
            }
        }
        reports
    }

    /// The recipients that only the header names.
    fn unmentioned(&self, reports: &[Report], lines: &[Line<'_>]) -> Vec<Report> {
        let is =
            |one: &Option<String>, address: &str| one.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(address));
        let is_known = |address: &str| {
            reports.iter().any(|report| is(&report.address, address) || is(&report.forwarded_to, address))
        };
        let missing = self.failed.iter().filter(|address| !is_known(address)).take(MOST);
        let found = |address: &String| self.report(lines, 0..lines.len(), &Found { address, start: 0, end: 0 }).0;
        missing.map(found).collect()
    }

    /// The only address of a text, where nothing speaks for or against it.
    fn only_address(&self, lines: &[Line<'_>]) -> Option<Report> {
        let all = lines.iter().enumerate().flat_map(|(i, line)| line.found.iter().map(move |found| (i, found)));
        let mut likely = all.filter(|(i, found)| self.weigh(lines, *i, found) >= 0);
        let (at, first) = likely.next()?;
        let is_alone = likely.all(|(_, other)| other.address.eq_ignore_ascii_case(first.address));
        is_alone.then(|| self.report(lines, at..lines.len(), first).0)
    }

    /// A name without a domain below an introduction: one of the recipients, or a name at the host that wrote.
    fn bare_name(&self, lines: &[Line<'_>], header: &Header) -> Option<Report> {
        let host = header.get("From").and_then(|from| addresses(from).last().map(|found| found.address.to_owned()));
        let host = host.as_ref().and_then(|from| from.rsplit_once('@')).map(|(_, host)| host);
        let at = lines.iter().position(|line| says(&line.lower, INTRODUCTIONS))?;
        let (at, name) = lines[at + 1..].iter().enumerate().take(6).find_map(|(n, line)| {
            let name = line.text.split_whitespace().next()?.trim_matches(['<', '>', ':', ',', '"', '\'']);
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
            (is_name && line.text.split_whitespace().count() == 1).then_some((at + 1 + n, name))
        })?;
        let known = self
            .sent_to
            .iter()
            .find(|to| to.rsplit_once('@').is_some_and(|(local, _)| local.eq_ignore_ascii_case(name)));
        let address = known.cloned().or_else(|| host.map(|host| format!("{name}@{host}")))?;
        let found = Found { address: &address, start: 0, end: 0 };
        Some(self.report(lines, at..lines.len(), &found).0)
    }

    fn report(&self, lines: &[Line<'_>], range: std::ops::Range<usize>, found: &Found<'_>) -> (Report, u8) {
        let forward = range.start..range.end.min(range.start + 8);
        let around = range.start.saturating_sub(3)..forward.end;
        let everything = 0..lines.len().min(60);
        let mut chosen = (Class::Other, true, None);
        let mut worth = 0;
        for (i, part) in [forward.clone(), around, everything].into_iter().enumerate() {
            chosen = verdict(lines, part);
            if chosen.0 != Class::Other {
                worth = 3 - u8::try_from(i).unwrap_or(3);
                break;
            }
        }
        if forward.clone().any(|at| Reply::find(lines[at].text) != Reply::default()) {
            worth += 4;
        }
        let (class, hard, status) = chosen;
        let address = Some(found.address.to_owned());
        let diagnostic = diagnostic(lines, forward);
        (Report { address, forwarded_to: None, class, status, hard, diagnostic }, worth)
    }

    fn weigh(&self, lines: &[Line<'_>], i: usize, found: &Found<'_>) -> i32 {
        let line = &lines[i];
        let key = found.address.to_ascii_lowercase();
        if self.own.contains(&key) || line.lower.starts_with("received:") || is_of_summary(lines, i) {
            return -100;
        }
        let before = line.text[..found.start].trim_end_matches(['<', '(', '"', '\'', '[', '`']);
        let behind = line.text[found.end..].trim_start_matches(['>', ')', '"', '\'', ']', '`']);
        let bare = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        let mut weight = 0;
        if bare(before) && behind.trim_start().starts_with(':') {
            weight += 5;
        } else if bare(before) && bare(behind) {
            weight += 3;
        }
        let label = before.to_lowercase();
        let label = label.trim_end_matches([' ', ':', '=', '\t', ';', ',', '.', '-', '<', '"']);
        if ends_with_word(label, OTHER_LABELS) {
            weight -= 5;
        } else if ends_with_word(label, RECIPIENT_LABELS) {
            weight += 3;
        }
        if line.fails {
            weight += 5;
        } else if lines[i.saturating_sub(3)..lines.len().min(i + 5)].iter().any(|near| near.fails) {
            weight += 2;
        }
        if self.is_introduced(lines, i) {
            weight += 3;
        }
        if self.failed.iter().any(|failed| failed.eq_ignore_ascii_case(found.address)) {
            weight += 10;
        }
        if self.sent_to.iter().any(|to| to.eq_ignore_ascii_case(found.address)) {
            weight += 4;
        }
        if self.sent_from.contains(&key) {
            weight -= 8;
        }
        if is_role(&key) {
            weight -= 5;
        }
        if before.ends_with("mailto:") || before.contains("://") || before.ends_with('/') {
            weight -= 5;
        }
        weight
    }

    /// Whether one of the lines above announces addresses.
    fn is_introduced(&self, lines: &[Line<'_>], i: usize) -> bool {
        let above = lines[i.saturating_sub(12)..i].iter().rev();
        above
            .filter(|line| line.found.is_empty() && !line.text.trim().is_empty())
            .take(3)
            .any(|line| says(&line.lower, INTRODUCTIONS))
    }
}

/// Aliases and what became of them: Exim writes `(generated from …)` below the address that failed, Postfix and sendmail
/// `(expanded from …)` behind or below it. The alias is what was sent to.
fn origins<'a>(lines: &'a [Line<'a>]) -> Vec<(&'a str, &'a str)> {
    let mut origins = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(at) = ["generated from", "expanded from"].iter().find_map(|words| line.text.find(words)) else {
            continue;
        };
        let Some(origin) = line.found.iter().find(|found| found.start > at) else { continue };
        let above = lines[i.saturating_sub(3)..i].iter().flat_map(|line| &line.found);
        let target = above.chain(line.found.iter().filter(|found| found.end <= at)).last();
        if let Some(target) = target.filter(|target| !target.address.eq_ignore_ascii_case(origin.address)) {
            origins.push((origin.address, target.address));
        }
    }
    origins
}

fn lines<'a>(all: &[&'a str]) -> Vec<Line<'a>> {
    let line = |text: &&'a str| {
        let lower = fault::squeezed(text);
        let fails = says(&lower, FAILURE)
            || CLEAR.iter().any(|(_, phrases)| says(&lower, phrases))
            || Reply::find(text) != Reply::default();
        Line { text, lower, found: addresses(text), fails }
    };
    all.iter().map(line).collect()
}

fn verdict(lines: &[Line<'_>], range: std::ops::Range<usize>) -> (Class, bool, Option<Status>) {
    let text: Vec<&str> = lines[range].iter().map(|line| line.text).collect();
    fault::of_words(&text.join("\n"))
}

/// What to show of a text: its first line with a code and what follows, or the first that speaks of failure.
fn diagnostic(lines: &[Line<'_>], range: std::ops::Range<usize>) -> String {
    let lines = &lines[range];
    let has_code = |line: &Line<'_>| Reply::find(line.text) != Reply::default();
    let start = lines.iter().position(has_code).or_else(|| lines.iter().position(|line| line.fails)).unwrap_or(0);
    let text: Vec<&str> = lines[start.min(lines.len())..]
        .iter()
        .map(|line| line.text.trim())
        .take(4)
        .take_while(|line| !line.is_empty())
        .collect();
    fault::one_line(&text.join(" "))
}

fn action(subject: &str, lines: &[Line<'_>], reports: &[Report]) -> Action {
    let text: Vec<&str> = lines.iter().take(60).map(|line| line.lower.as_str()).collect();
    let text = text.join(" ");
    let is_final = says(
        &text,
        &[
            "giving up",
            "gave up",
            "given up",
            "not going to try",
            "no further attempt",
            "permanent",
            "has expired",
            "too long",
            "will not be retried",
            "retry timeout exceeded",
        ],
    );
    let warns = says(subject, DELAY_SUBJECTS) || says(&text, DELAY);
    let is_hard = reports.iter().any(|report| report.hard && report.status.is_some());
    if warns && !is_final && !is_hard { Action::Delayed } else { Action::Failed }
}

/// Where a quoted header begins, and the header; the end of the text without one.
fn quoted_header(all: &[&str]) -> (usize, Header) {
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
fn behind_header(all: &[&str], start: usize) -> usize {
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
fn recipients(header: &Header) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To", "Cc"] {
        found.extend(header.all(name).flat_map(addresses).map(|found| found.address.to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

fn field_addresses(header: &Header, names: &[&str]) -> HashSet<String> {
    let values = names.iter().flat_map(|name| header.all(name));
    values.flat_map(addresses).map(|found| found.address.to_ascii_lowercase()).collect()
}

/// Whom the bounce is from and to, and the lists that these addresses belong to: never the recipient who failed.
fn own_addresses(header: &Header) -> HashSet<String> {
    let mut own = field_addresses(header, &["To", "From", "Cc", "Reply-To", "Return-Path", "Delivered-To", "Sender"]);
    let lists: Vec<String> = own
        .iter()
        .filter_map(|address| {
            let (local, host) = address.split_once('@')?;
            let list = ["-bounces", "-bounce", "-admin", "-owner", "-request", "-errors"]
                .iter()
                .find_map(|mark| local.find(mark).map(|at| &local[..at]))?;
            Some(format!("{list}@{host}"))
        })
        .collect();
    own.extend(lists);
    own
}

/// Whether a line belongs to the summary of the message that Exchange gives: `To:`, `Subject:` and `Sent:`.
fn is_of_summary(lines: &[Line<'_>], i: usize) -> bool {
    let next =
        lines[i + 1..].iter().take(2).any(|next| next.lower.starts_with("subject:") || next.lower.starts_with("sent:"));
    next && ["to:", "cc:", "from:"].iter().any(|name| lines[i].lower.starts_with(name))
}

/// Words on a line by itself behind which the message follows that came back.
const MARKERS: &[&str] = &[
    "below this line is a copy",
    "original message follows",
    "this is a copy of",
    "copy of your message",
    "unsent message",
    "returned message",
    "returned mail follows",
    "text of your message",
    "message header follows",
    "original message",
    "message follows",
    "header of the source mail",
    "old message",
    "start of returned message",
    "begin of returned",
    "message text follows",
    "original mail",
    "headers follow",
    "return message",
];

/// The first such line; the end of the text without one.
fn marked(all: &[&str]) -> usize {
    let marked = all.iter().skip(1).position(|line| {
        let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
        let is_rule = line.trim_start().starts_with(['-', '*', '=', '_', '+']);
        (is_rule || bare.len() < 40 && !line.contains('@')) && says(&fault::squeezed(bare), MARKERS)
    });
    marked.map_or(all.len(), |at| at + 1)
}

/// Whether an address is that of a program or an office.
fn is_role(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    [
        "mailer-daemon",
        "postmaster",
        "abuse",
        "support",
        "helpdesk",
        "webmaster",
        "hostmaster",
        "noreply",
        "no-reply",
        "administrator",
        "mailerdaemon",
        "mail-daemon",
        "daemon",
    ]
    .contains(&local)
}

/// Whether a text ends with one of the words, as a word.
fn ends_with_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '-'))
    })
}
