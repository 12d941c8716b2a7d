//! Bounces in words alone: what systems wrote before there were reports, and what many write still.
//!
//! No format is known here by its name. Addresses are weighed by where they stand: alone on a line below "the following
//! addresses failed", before a colon, behind `550`, next to words of failure, or among the recipients of the message that came
//! back; against them speaks a word like `from` or `contact`.

use std::ops::Range;

use super::Report;
use super::delivery::Action;
use super::fault::{self, Class, says};
use super::found::{Found, addresses};
use super::header::Header;
use super::line::{Line, diagnostic, has_code, verdict};
use super::parts::Parts;
use super::phrases::{DELAY, DELAY_SUBJECTS, FINAL, INTRODUCTIONS, SUCCESS_SUBJECTS};
use super::returned::{behind_header, marked, quoted_header};
use super::status::Status;
use super::weight::{BEHIND, ENOUGH, Known};

/// Lines that are looked at.
const LINES: usize = 600;

/// Octets of a line that are looked at.
const LINE: usize = 1000;

/// Recipients that are read from words at most, and places where one may be named.
const MOST: usize = 100;
const PLACES: usize = 300;

/// What a notice in words says.
pub struct Prose {
    /// Whether it failed, is delayed or arrived.
    pub action: Action,
    /// For whom; may be empty.
    pub reports: Vec<Report>,
}

/// Reads the words of a mail as a bounce; makes something of nearly every text, so that the caller must know that it is one.
pub fn read(parts: &Parts) -> Prose {
    let all = parts.text.split('\n').take(LINES).map(|line| &line[..line.floor_char_boundary(LINE)]);
    let all: Vec<&str> = all.collect();
    let known = Known::new(&parts.header, &parts.original);
    let start = quoted_header(&all).0.min(marked(&all));
    let notice = Notice::new(&known, &all[..start]);
    let mut reports = notice.reports();
    if reports.is_empty() && start < all.len() {
        reports = Notice::new(&known, &all[behind_header(&all, start).max(start + 1)..]).reports();
    }
    reports.extend(notice.unmentioned(&reports));
    if reports.is_empty() {
        let guess = notice.only_address().or_else(|| notice.bare_name(&parts.header));
        reports.extend(guess.or_else(|| notice.sent_to(&parts.original)));
    }
    let subject = fault::squeezed(&parts.header.decoded("Subject"));
    Prose { action: notice.action(&subject, &reports), reports }
}

/// What a mail system says, without the message that it quotes.
struct Notice<'a> {
    lines: Vec<Line<'a>>,
    known: &'a Known,
    /// What its beginning says of the fault.
    verdict: (Class, bool, Option<Status>),
}

/// An address that may be a recipient's.
struct Place<'n> {
    line: usize,
    found: &'n Found<'n>,
    weight: i32,
}

impl<'a> Notice<'a> {
    fn new(known: &'a Known, all: &[&'a str]) -> Notice<'a> {
        let lines: Vec<Line<'_>> = all.iter().map(|line| Line::new(line)).collect();
        let verdict = verdict(&lines[..lines.len().min(60)]);
        Notice { lines, known, verdict }
    }

    /// A report for each address that weighs enough.
    fn reports(&self) -> Vec<Report> {
        let places = self.places();
        let mut reports: Vec<(Report, u8)> = Vec::new();
        for (n, place) in places.iter().enumerate() {
            let mut others = places[n + 1..].iter();
            let next = others.find(|next| next.line > place.line && next.found.address != place.found.address);
            let end = next.map_or(self.lines.len(), |next| next.line);
            let (report, worth) = self.report(place.line..end, place.found.address);
            match reports.iter().position(|(known, _)| is(known.address.as_deref(), place.found.address)) {
                Some(at) if reports[at].1 < worth => reports[at] = (report, worth),
                Some(_) => {}
                None if reports.len() < MOST => reports.push((report, worth)),
                None => break,
            }
        }
        let aliases = self.aliases();
        let mut reports: Vec<Report> = reports.into_iter().map(|(report, _)| report).collect();
        for report in &mut reports {
            if let Some((alias, _)) = aliases.iter().find(|(_, target)| is(report.address.as_deref(), target)) {
                report.forwarded_to = report.address.replace((*alias).to_owned());
            }
        }
        reports
    }

    fn places(&self) -> Vec<Place<'_>> {
        let found = self.lines.iter().enumerate().flat_map(|(i, line)| line.found.iter().map(move |found| (i, found)));
        let weighed = found.take(PLACES).map(|(line, found)| {
            let weight = self.known.weigh(&self.lines, line, found);
            Place { line, found, weight }
        });
        let mut places: Vec<Place<'_>> = weighed.collect();
        let best = places.iter().map(|place| place.weight).max().unwrap_or_default();
        let aliases = self.aliases();
        places.retain(|place| {
            let is_alias = aliases.iter().any(|(alias, _)| alias.eq_ignore_ascii_case(place.found.address));
            place.weight >= ENOUGH && place.weight + BEHIND >= best && !is_alias
        });
        places
    }

    /// Aliases and what became of them: Exim writes `(generated from …)` below the address that failed, Postfix and sendmail
    /// `(expanded from …)` behind or below it. The alias is what was sent to.
    fn aliases(&self) -> Vec<(&str, &str)> {
        const WORDS: [&str; 4] = ["generated from", "expanded from", "riginally addressed to", "riginal address:"];
        let mut aliases = Vec::new();
        for (i, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.found.is_empty()) {
            let Some(at) = WORDS.iter().find_map(|words| line.text.find(words)) else { continue };
            let Some(alias) = line.found.iter().find(|found| found.start > at) else { continue };
            let above = self.lines[i.saturating_sub(3)..i].iter().flat_map(|line| &line.found);
            let target = above.chain(line.found.iter().filter(|found| found.end <= at)).last();
            if let Some(target) = target.filter(|target| !target.address.eq_ignore_ascii_case(alias.address)) {
                aliases.push((alias.address, target.address));
            }
            if aliases.len() == MOST {
                break;
            }
        }
        aliases
    }

    /// The recipients that only the header names.
    fn unmentioned(&self, reports: &[Report]) -> Vec<Report> {
        let is_known = |address: &str| {
            let names =
                |report: &Report| is(report.address.as_deref(), address) || is(report.forwarded_to.as_deref(), address);
            reports.iter().any(names)
        };
        let missing = self.known.failed.iter().filter(|address| !is_known(address)).take(MOST);
        missing.map(|address| self.report(0..self.lines.len(), address).0).collect()
    }

    /// The only address of a text, where nothing speaks against it.
    fn only_address(&self) -> Option<Report> {
        let all = self.lines.iter().enumerate().flat_map(|(i, line)| line.found.iter().map(move |found| (i, found)));
        let mut likely = all.take(PLACES).filter(|(i, found)| self.known.weigh(&self.lines, *i, found) >= 0);
        let (at, first) = likely.next()?;
        let is_alone = likely.all(|(_, other)| other.address.eq_ignore_ascii_case(first.address));
        is_alone.then(|| self.report(at..self.lines.len(), first.address).0)
    }

    /// A name without a domain below an introduction: one of the recipients, or a name at the host that wrote, as AOL meant it.
    fn bare_name(&self, header: &Header) -> Option<Report> {
        let above = self.lines.iter().position(|line| says(&line.lower, INTRODUCTIONS))?;
        let below = self.lines.iter().enumerate().skip(above + 1).take(6);
        let (at, name) = below.filter_map(|(at, line)| Some((at, only_name(line.text)?))).next()?;
        let local = |address: &str| address.rsplit_once('@').is_some_and(|(local, _)| local.eq_ignore_ascii_case(name));
        let known = self.known.sent_to.iter().find(|to| local(to)).cloned();
        let here = || {
            let from = *addresses(header.get("From")?).last()?;
            Some(format!("{name}@{}", from.address.rsplit_once('@')?.1))
        };
        Some(self.report(at..self.lines.len(), &known.or_else(here)?).0)
    }

    /// To whom the message was sent that came back, when that was one address and not a list's.
    fn sent_to(&self, original: &Header) -> Option<Report> {
        let mut sent_to = self.known.sent_to.iter().filter(|to| !self.known.own.contains(&to.to_ascii_lowercase()));
        let is_list_mail = ["List-Id", "List-Post"].iter().any(|name| original.get(name).is_some());
        match (sent_to.next(), sent_to.next()) {
            (Some(one), None) if !is_list_mail => Some(self.report(0..self.lines.len(), one).0),
            _ => None,
        }
    }

    /// What lines say of an address, and how much that is worth: the more the nearer it stands to the address.
    fn report(&self, range: Range<usize>, address: &str) -> (Report, u8) {
        let near = range.start..range.end.min(range.start + 8);
        let around = range.start.saturating_sub(3)..near.end;
        let mut found = (verdict(&self.lines[near.clone()]), 3);
        if found.0.0 == Class::Other {
            found = (verdict(&self.lines[around]), 2);
        }
        if found.0.0 == Class::Other {
            found = (self.verdict, 1);
        }
        let ((class, hard, status), worth) = found;
        let worth = if class == Class::Other { 0 } else { worth };
        let worth = if has_code(&self.lines, near.clone()) { worth + 4 } else { worth };
        let diagnostic = diagnostic(&self.lines[near]);
        (Report { address: Some(address.to_owned()), forwarded_to: None, class, status, hard, diagnostic }, worth)
    }

    fn action(&self, subject: &str, reports: &[Report]) -> Action {
        let text: Vec<&str> = self.lines.iter().take(60).map(|line| line.lower.as_str()).collect();
        let text = text.join(" ");
        let is_hard = reports.iter().any(|report| report.hard && report.status.is_some());
        if says(subject, SUCCESS_SUBJECTS) {
            Action::Delivered
        } else if !is_hard && (says(subject, DELAY_SUBJECTS) || says(&text, DELAY) && !says(&text, FINAL)) {
            Action::Delayed
        } else {
            Action::Failed
        }
    }
}

fn is(known: Option<&str>, address: &str) -> bool {
    known.is_some_and(|known| known.eq_ignore_ascii_case(address))
}

/// The name that is all of a line.
fn only_name(line: &str) -> Option<&str> {
    let name = line.trim().trim_matches(['<', '>', ':', ',', '"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    is_name.then_some(name)
}
