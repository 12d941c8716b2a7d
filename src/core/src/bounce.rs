//! Mail to a list's bounce address: what it is, for whom mail did not arrive, and why.
//!
//! Read in layers, the most certain first: reports for machines (RFC 3464, RFC 5965, RFC 8098), then the words that mail
//! systems write. Nothing here proves that a bounce is genuine: anybody can write one about anybody.

mod delivery;
mod fault;
mod feedback;
mod found;
mod header;
mod line;
mod notice;
mod parts;
mod phrases;
mod prose;
mod returned;
pub mod score;
mod status;
mod weight;

use delivery::Action;
pub use fault::{Class, classify_reply, one_line};
pub use feedback::{Feedback, FeedbackType};
pub use header::Header;
use parts::Parts;
pub use status::{Reply, Status, StatusError};

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What the mail is.
    pub kind: Kind,
    /// The header of the message that it is about, as far as it came along; receivers shorten and redact it.
    pub original: Header,
}

/// What mail to a bounce address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mail did not arrive. At least one report.
    Bounce(Vec<Report>),
    /// Mail has not arrived yet; another notice follows if it never does. At least one report.
    Delayed(Vec<Report>),
    /// Mail arrived at these addresses, as far as they are named.
    Delivered(Vec<String>),
    /// Somebody displayed or deleted the message (RFC 8098); the address of that recipient.
    Disposition(Option<String>),
    /// Somebody complains.
    Feedback(Feedback),
    /// An automatic answer: vacation notices, tickets.
    Automatic,
    /// Something else.
    Other,
}

/// What happened to a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// To whom the list sent, as it is named there: Original-Recipient where it is given (RFC 3464 2.3.1). `None` when nobody
    /// is named; a return path that names the member (VERP) tells then.
    pub address: Option<String>,
    /// Where it was forwarded to, when that is another address.
    pub forwarded_to: Option<String>,
    /// Why.
    pub class: Class,
    /// The enhanced status code, where there is one.
    pub status: Option<Status>,
    /// The other side will not take it later either. A system that gave up on a temporary fault (4.x.x) reports a soft
    /// failure: the address may be well.
    pub hard: bool,
    /// What the other side said, on one line.
    pub diagnostic: String,
}

/// Reads mail that came to a bounce address. Line ends may be LF, CRLF or CR. Of a long mail the first MiB is looked at, in
/// time that grows with its length.
#[must_use]
pub fn read(raw: &[u8]) -> Mail {
    let parts = Parts::read(raw);
    let kind = kind(&parts);
    Mail { kind, original: parts.original }
}

fn kind(parts: &Parts) -> Kind {
    if let Some(feedback) = feedback::read(parts) {
        return Kind::Feedback(feedback);
    }
    if let Some(kind) = by_statuses(parts) {
        return kind;
    }
    if let Some(text) = &parts.disposition {
        let fields = Header::read(text.trim_start());
        let named = ["Original-Recipient", "Final-Recipient"].iter().find_map(|name| fields.get(name));
        let address = named.and_then(delivery::typed_address);
        return if notice::is_rejection(parts) { rejection(parts, address) } else { Kind::Disposition(address) };
    }
    match notice::sort(parts) {
        notice::Sort::Notice => by_words(parts),
        notice::Sort::Automatic => Kind::Automatic,
        notice::Sort::Other => Kind::Other,
    }
}

/// What the reports for machines say; `None` when there are none.
fn by_statuses(parts: &Parts) -> Option<Kind> {
    let all: Vec<(Action, Report)> = parts.statuses.iter().flat_map(|text| delivery::read(text)).collect();
    let action = [Action::Failed, Action::Delayed, Action::Delivered]
        .into_iter()
        .find(|wanted| all.iter().any(|(action, _)| action == wanted))?;
    let mut reports: Vec<Report> = Vec::new();
    for (_, report) in all.into_iter().filter(|(found, _)| *found == action).take(delivery::RECIPIENTS) {
        if !reports.contains(&report) {
            reports.push(report);
        }
    }
    if action != Action::Delivered {
        complete(&mut reports, parts);
    }
    Some(of_action(action, reports))
}

/// Fills in what a report for machines leaves open from what stands beside it for people.
fn complete(reports: &mut [Report], parts: &Parts) {
    let lacks =
        |report: &Report| report.address.is_none() || report.class == Class::Other || report.diagnostic.is_empty();
    if !reports.iter().any(lacks) {
        return;
    }
    let prose = prose::read(parts);
    let alone = reports.len() == 1;
    for report in reports {
        let same = |found: &&Report| found.address == report.address;
        let found = if report.address.is_none() || alone { prose.reports.first() } else { None };
        let Some(found) = prose.reports.iter().find(same).or(found) else { continue };
        if report.address.is_none() {
            report.address.clone_from(&found.address);
        }
        if report.class == Class::Other {
            report.class = found.class;
        }
        if report.status.is_none() && report.diagnostic.is_empty() {
            report.hard = found.hard;
            report.status = found.status;
        }
        if report.diagnostic.is_empty() {
            report.diagnostic.clone_from(&found.diagnostic);
        }
    }
}

/// A mailbox that rejected the message after it had been delivered, and says so in a disposition notification (RFC 5429 2.1).
fn rejection(parts: &Parts, address: Option<String>) -> Kind {
    let (class, hard, status) = fault::of_words(&parts.text);
    let diagnostic = one_line(parts.text.trim());
    Kind::Bounce(vec![Report { address, forwarded_to: None, class, status, hard, diagnostic }])
}

fn by_words(parts: &Parts) -> Kind {
    let prose = prose::read(parts);
    let mut reports = prose.reports;
    if reports.is_empty() {
        let (class, hard, status) = fault::of_words(&parts.text);
        let diagnostic = one_line(parts.text.trim_start().split("\n\n").next().unwrap_or_default());
        reports.push(Report { address: None, forwarded_to: None, class, status, hard, diagnostic });
    }
    of_action(prose.action, reports)
}

fn of_action(action: Action, mut reports: Vec<Report>) -> Kind {
    match action {
        Action::Failed => Kind::Bounce(reports),
        Action::Delayed => {
            for report in &mut reports {
                report.hard = false;
            }
            Kind::Delayed(reports)
        }
        Action::Delivered => Kind::Delivered(reports.into_iter().filter_map(|report| report.address).collect()),
    }
}
