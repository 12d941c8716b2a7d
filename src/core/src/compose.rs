//! The copy of a post that a list sends, and the copy of mail to its owner.
//!
//! A copy is the message as it came, byte for byte and in order, but for what is listed here:
//!
//! - Added: List-Id, List-Help, List-Subscribe, List-Unsubscribe, List-Post, List-Owner (RFC 2919, RFC 2369) and X-Loop;
//!   Date and Message-ID where they are missing (RFC 5322 3.6).
//! - Removed: everything else named List-…, which speaks for another list; what the author asks of a single recipient's
//!   program ([`RECEIPTS`]); what an MTA noted about the delivery to the list ([`DELIVERY`], an mbox `From ` line); Bcc;
//!   Authentication-Results in the name of our own mail server, which speak of the way to the list and would be believed
//!   again on the way out (RFC 8601 5).
//! - Changed: Subject and Reply-To, where the list's settings say so; From, where the author's domain would have the copy
//!   refused ([`Context::rewrite_from`]), and then the author is named in Author, and in Reply-To as the list's settings say.
//!
//! Added fields stand at the top, where every mail system on the way puts its own: the end of a header may be unclean, and
//! a signature of the author that covers absent fields there stays as valid as it can. The body is never touched.
//!
//! There is no Precedence: vacation programs know a list by its List-… fields (RFC 5230 4.6, RFC 3834 2), and an author's
//! own Precedence is as much part of the post as the rest. Archived-At (RFC 5064) and Resent-… stay: they name this message.
//!
//! X-Loop is how a list knows its own post again. List-Id alone cannot do that: of two lists that are members of each
//! other, each removes the other's. Delivered-To cannot either, since the MTA may have put ours there on first delivery.

mod author;
mod change;
mod edited;
mod list_fields;
mod reply_to;
mod subject;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::TimeZone;

pub use change::Change;
pub(crate) use edited::check_text;
pub use edited::{post_copy, stripped};
pub(crate) use list_fields::fold;

use crate::authentication;
use crate::list::List;
use crate::message::{Field, Message};
use crate::settings::ReplyTo;
use crate::token::{self, Act, Bearer, Secret};

/// Requests to the recipient's program to answer on its own, once for every member: RFC 8098 2.1 and 2.2, RFC 2076 3.5 and
/// two that mail programs made up.
pub const RECEIPTS: [&str; 5] = [
    "Disposition-Notification-To",
    "Disposition-Notification-Options",
    "Return-Receipt-To",
    "X-Confirm-Reading-To",
    "X-PMRQC",
];

/// What MTAs note about a delivery. They describe the one to the list. Left in, Delivered-To would make Postfix's local(8)
/// refuse the copy to a member whose mailbox is what forwarded the post, and all would tell members of internal addresses.
pub const DELIVERY: [&str; 5] = ["Return-Path", "Delivered-To", "X-Original-To", "Envelope-To", "Delivery-Date"];

/// How a list knows what it sent.
pub(crate) const LOOP: &str = "X-Loop";

/// What a copy needs and neither message nor list know.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// When the post was accepted, in seconds since 1970, for a missing Date.
    pub now: i64,
    /// The number of the post. With the time it makes a missing Message-ID, which thus stays the same however often the
    /// copy is composed.
    pub post_id: i64,
    /// The authserv-id of our own mail server; empty if it has none.
    pub authserv_id: &'a str,
    /// Whether the list stands in From, because the author's domain enforces a DMARC policy (RFC 9989) and did not sign what
    /// the copy is: whoever composes it without finds out.
    pub rewrite_from: bool,
    /// Whether each member's copy gets an own List-Unsubscribe, see [`one_click`], so that the copies share none.
    pub one_click: bool,
}

/// The fields by which a member leaves with one click (RFC 8058): a link and an address with the member's own token, which
/// never ends. They go before the header of that member's copy.
#[must_use]
pub fn one_click(list: &List, public_url: &str, secret: &Secret, bearer: Bearer<'_>) -> Vec<u8> {
    let token = token::write_full(secret, Act::Leave, 0, None, bearer);
    let mailto = list_fields::mailto(&list.address.with_suffix("-unsubscribe"));
    let url = public_url.trim_end_matches('/');
    format!(
        "List-Unsubscribe: <{url}/unsubscribe/{token}>,\r\n <{mailto}?subject=unsubscribe%20{token}>\r\n\
         List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )
    .into_bytes()
}

/// A copy: a new header before the body of the message it was made of. The body is borrowed, since it is the larger part
/// and goes out as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCopy<'a> {
    /// The header with the empty line that ends it.
    pub header: Vec<u8>,
    /// The body of the message.
    pub body: &'a [u8],
    /// What was done to the header, in order of the message; additions last.
    pub changes: Vec<Change>,
}

impl ListCopy<'_> {
    /// All bytes in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        [&self.header, self.body].concat()
    }
}

/// The copy of a post for the members of `list`.
pub fn list_copy<'a>(message: &Message<'a>, list: &List, context: &Context<'_>) -> ListCopy<'a> {
    let mut draft = Draft::new(message);
    let wanted_reply_to = match &list.settings.reply_to {
        ReplyTo::Author => None,
        ReplyTo::List => Some(&list.address),
        ReplyTo::Address(address) => Some(address),
    };
    let rewritten = if context.rewrite_from { author::rewrite(message, list) } else { author::Rewritten::default() };
    let reply_to = wanted_reply_to.and_then(|address| reply_to::amend(message, address)).or(rewritten.reply_to);
    let mut instead = [
        Instead::new("From", rewritten.from),
        Instead::new("Author", rewritten.author),
        Instead::new("Reply-To", reply_to),
    ];
    let mut prefix = list.settings.subject_prefix.as_deref();
    for field in message.fields() {
        if let Some(removed) = removed(field, message, context.authserv_id) {
            draft.changes.push(removed);
        } else if field.is("Subject")
            && let Some(prefix) = prefix.take()
        {
            match subject::prefixed(field, prefix, draft.line_end) {
                Some(subject) => draft.replace(subject, Change::Prefixed(prefix.to_owned())),
                None => draft.keep(field),
            }
        } else if let Some(instead) = instead.iter_mut().find(|instead| instead.is_for(field)) {
            if let Some((field, change)) = instead.field.take() {
                draft.replace(field, change);
            }
        } else {
            draft.keep(field);
        }
    }
    list_fields::add(&mut draft, list, !context.one_click);
    if let Some(prefix) = prefix {
        draft.add("Subject", &subject::alone(prefix, draft.line_end));
    }
    for (field, change) in instead.into_iter().filter_map(|instead| instead.field) {
        draft.put(&field, change);
    }
    if is_missing(message, "Date") {
        draft.add("Date", &date(context.now));
    }
    if is_missing(message, "Message-ID") {
        let domain = list.address.ascii_domain();
        draft.add("Message-ID", &format!("<mailjam.{}.{}@{domain}>", context.post_id, context.now));
    }
    draft.finish()
}

/// The copy of mail to `list-owner` for the owners: what the MTA noted about its delivery is taken away and X-Loop added,
/// everything else stays.
pub fn owner_copy<'a>(message: &Message<'a>, list: &List) -> ListCopy<'a> {
    let mut draft = Draft::new(message);
    for field in message.fields() {
        if is_one_of(field, &DELIVERY) {
            draft.changes.push(Change::Removed { name: field.name().to_owned(), of: None });
        } else {
            draft.keep(field);
        }
    }
    draft.add(LOOP, &owner_mark(list));
    draft.finish()
}

/// Mail to the members that the list has written itself, such as a digest, with the list's fields; `one_click` as in
/// [`Context`].
pub fn list_mail<'a>(message: &Message<'a>, list: &List, one_click: bool) -> ListCopy<'a> {
    let mut draft = Draft::new(message);
    for field in message.fields() {
        draft.keep(field);
    }
    list_fields::add(&mut draft, list, !one_click);
    draft.finish()
}

/// Whether the message is a copy that [`list_copy`] made for this list.
pub fn is_own_post(message: &Message, list: &List) -> bool {
    message.field(LOOP).any(|field| field.text().eq_ignore_ascii_case(&list.list_id))
        || message.list_ids().iter().any(|id| id.eq_ignore_ascii_case(&list.list_id))
}

/// Whether the message is a copy that [`owner_copy`] made for this list: an owner's address leads back to the owners.
pub fn is_own_owner_mail(message: &Message, list: &List) -> bool {
    message.field(LOOP).any(|field| field.text().eq_ignore_ascii_case(&owner_mark(list)))
}

pub(crate) fn owner_mark(list: &List) -> String {
    format!("owner@{}", list.list_id)
}

/// Why a field is not in the copy; `None` if it is.
fn removed(field: &Field, message: &Message, authserv_id: &str) -> Option<Change> {
    let name = field.name();
    let of = if field.is("List-Id") { Some(field.list_id()).filter(|id| !id.is_empty()) } else { None };
    let removed = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("List-"))
        || is_one_of(field, &DELIVERY)
        || is_one_of(field, &RECEIPTS)
        || field.is("Bcc")
        || authentication::is_own(field, authserv_id)
        || (["Date", "Message-ID"].iter().any(|name| field.is(name) && is_missing(message, name)));
    removed.then(|| Change::Removed { name: name.to_owned(), of })
}

fn is_one_of(field: &Field, names: &[&str]) -> bool {
    names.iter().any(|name| field.is(name))
}

/// Absent, or present without a value, which is no better.
fn is_missing(message: &Message, name: &str) -> bool {
    message.field(name).all(|field| field.value().trim_ascii().is_empty())
}

/// RFC 5322 3.3, in UTC.
pub(crate) fn date(now: i64) -> String {
    let now = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    // A bare timestamp would be printed with -0000, "zone unknown".
    DateTimePrinter::new().zoned_to_string(&now.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

/// A field that stands in the place of all of its name, of the first, or at the top where there is none.
struct Instead {
    name: &'static str,
    /// Whether there is one.
    wanted: bool,
    /// The field and what it changes, until it stands somewhere.
    field: Option<(Vec<u8>, Change)>,
}

impl Instead {
    fn new(name: &'static str, field: Option<(Vec<u8>, Change)>) -> Instead {
        Instead { name, wanted: field.is_some(), field }
    }

    fn is_for(&self, field: &Field) -> bool {
        self.wanted && field.is(self.name)
    }
}

/// A header in the making: fields that are added, then fields that were there.
struct Draft<'m, 'a> {
    message: &'m Message<'a>,
    line_end: &'static str,
    top: Vec<u8>,
    rest: Vec<u8>,
    changes: Vec<Change>,
}

impl<'m, 'a> Draft<'m, 'a> {
    fn new(message: &'m Message<'a>) -> Draft<'m, 'a> {
        let changes = if message.mbox_line().is_empty() { Vec::new() } else { vec![Change::MboxLine] };
        Draft {
            message,
            line_end: message.line_end().as_str(),
            top: Vec::with_capacity(1024 + message.header().len()),
            rest: Vec::with_capacity(message.header().len() + 256),
            changes,
        }
    }

    fn keep(&mut self, field: &Field) {
        self.rest.extend_from_slice(field.raw());
    }

    fn replace(&mut self, field: Vec<u8>, change: Change) {
        self.rest.extend_from_slice(&field);
        self.changes.push(change);
    }

    /// Adds a field whose value is folded already.
    fn add(&mut self, name: &'static str, value: &str) {
        for part in [name, ": ", value, self.line_end] {
            self.top.extend_from_slice(part.as_bytes());
        }
        self.changes.push(Change::Added(name));
    }

    /// Adds a whole field.
    fn put(&mut self, field: &[u8], change: Change) {
        self.top.extend_from_slice(field);
        self.changes.push(change);
    }

    fn finish(mut self) -> ListCopy<'a> {
        self.top.append(&mut self.rest);
        let (separator, body) = (self.message.separator(), self.message.body());
        if separator.is_empty() && !body.is_empty() {
            self.top.extend_from_slice(self.line_end.as_bytes());
            self.changes.push(Change::Separated);
        }
        self.top.extend_from_slice(separator);
        ListCopy { header: self.top, body, changes: self.changes }
    }
}

#[cfg(test)]
mod tests;
