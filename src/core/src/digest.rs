//! Digests: several posts in one message, as MIME (RFC 2046 5.1.5) or as plain text (RFC 1153).
//!
//! Posts are written as they come, so that no more than one of them has to be in memory beside the digest. A digest in MIME,
//! or in plain ASCII, is in memory once, if the capacity was told well; one in plain text of other letters twice while it
//! is encoded in the end, at up to four octets for three.

mod mime;
mod plain;
mod reduce;

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use minijinja::{Value, context};
use sha2::{Digest as _, Sha256};

use crate::compose::date;
use crate::list::List;
use crate::message::Message;
use crate::notice::{Texts, subject};
use crate::template::{self, Name, one_line};

/// A digest that is to be written.
#[derive(Clone, Copy)]
pub struct Issue<'a> {
    /// The list.
    pub list: &'a List,
    /// The volume, such as the year (RFC 1153).
    pub volume: u32,
    /// The number in that volume, from 1.
    pub number: u32,
    /// When it is made, in Unix seconds.
    pub now: i64,
    /// Makes Message-ID and boundaries, which no post may foresee.
    pub seed: u64,
    /// Texts of the list's own.
    pub texts: Texts<'a>,
    /// In which language; empty for the list's.
    pub language: &'a str,
    /// Says in plain text what part of a post is left out, given its name or its type.
    pub left_out: &'a dyn Fn(&str) -> String,
}

/// How a digest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each post as it is, as an attached message.
    Mime,
    /// Each post with a short header and its text.
    Plain,
}

/// A digest in the making.
pub struct Digest<'a> {
    issue: Issue<'a>,
    contents: Vec<Entry>,
    body: Body,
}

enum Body {
    Mime(mime::Body),
    Plain(plain::Body),
}

/// A line of the table of contents.
struct Entry {
    subject: String,
    sender: String,
}

/// A digest, ready to be sent to members. It has no fields of the list yet, see `compose::list_mail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Message-ID with its angle brackets.
    pub message_id: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Octets that a post needs in a digest beside its own, more or less.
const OVERHEAD: usize = 200;

/// Octets that are set aside at most, whatever is told.
const LARGEST: usize = 1 << 28;

/// Characters of a subject, and of a name, in the table of contents.
const LONGEST: usize = 90;

impl<'a> Digest<'a> {
    /// Begins a digest of so many posts, with so many octets in all; wrong numbers only cost memory.
    #[must_use]
    pub fn new(issue: Issue<'a>, form: Form, posts: usize, octets: usize) -> Digest<'a> {
        // Line ends may become longer.
        let overhead = posts.saturating_add(40).saturating_mul(OVERHEAD).saturating_add(octets / 32);
        let capacity = octets.saturating_add(overhead).min(LARGEST);
        let body = match form {
            Form::Mime => Body::Mime(mime::Body::new(issue.secret(), capacity)),
            Form::Plain => Body::Plain(plain::Body::new(capacity)),
        };
        Digest { issue, contents: Vec::with_capacity(posts.min(1 << 16)), body }
    }

    /// Adds a post, or the copy that was made of it.
    pub fn add(&mut self, raw: &[u8]) {
        let message = Message::parse(raw).ok();
        self.contents.push(Entry::of(message.as_ref()));
        match &mut self.body {
            Body::Mime(body) => body.add(raw),
            Body::Plain(body) => body.add(raw, message.as_ref(), self.issue.left_out),
        }
    }

    /// How many posts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Writes what stands before the posts, and behind them.
    ///
    /// # Errors
    /// Neither the list's own text nor the one that comes with mailjam can be used.
    pub fn finish(self) -> Result<Written, minijinja::Error> {
        let text = self.issue.masthead(&self.contents)?;
        let (message_id, header) = self.issue.header(&text.subject);
        let end = self.issue.end();
        let bytes = match self.body {
            Body::Mime(body) => body.finish(&header, &text.body, &end),
            Body::Plain(body) => body.finish(&header, &text.body, &end),
        };
        Ok(Written { message_id, bytes })
    }
}

impl Entry {
    fn of(message: Option<&Message>) -> Entry {
        let subject = message.and_then(|message| message.field("Subject").next().map(|field| field.decoded()));
        let author = message.and_then(|message| message.from().into_iter().next());
        let address = author.as_ref().and_then(|author| author.address.as_ref()).map(ToString::to_string);
        let sender = author.and_then(|author| author.name).filter(|name| !name.trim().is_empty()).or(address);
        let short = |text: &str| one_line(&text.chars().take(LONGEST).collect::<String>());
        Entry { subject: short(&subject.unwrap_or_default()), sender: short(&sender.unwrap_or_default()) }
    }
}

impl Issue<'_> {
    /// The text that introduces it: the list's own, or, where that fails, the one that comes with mailjam.
    fn masthead(&self, contents: &[Entry]) -> Result<template::Rendered, minijinja::Error> {
        let tag = if self.language.is_empty() { &self.list.settings.language } else { self.language };
        let address = &self.list.address;
        let suffixed = |suffix| address.with_suffix(suffix).to_string();
        let posts: Vec<Value> = contents
            .iter()
            .map(|entry| context! { subject => entry.subject.as_str(), sender => entry.sender.as_str() })
            .collect();
        let values = context! {
            list => address.to_string(),
            name => address.local(),
            description => one_line(&self.list.settings.description),
            owner => suffixed("-owner"),
            unsubscribe => suffixed("-unsubscribe"),
            help => suffixed("-help"),
            volume => self.volume,
            issue => self.number,
            count => contents.len(),
            posts,
        };
        match (self.texts)(Name::Digest, tag).and_then(|text| template::render(&text, &values).ok()) {
            Some(text) => Ok(text),
            None => template::render(template::text(Name::Digest, tag), &values),
        }
    }

    /// The Message-ID, and all of the header that is not about MIME.
    fn header(&self, title: &str) -> (String, String) {
        let address = &self.list.address;
        let message_id = format!("<mailjam.digest.{:x}.{:x}@{}>", self.now, self.seed, address.ascii_domain());
        let mut header = String::new();
        let owner = address.with_suffix("-owner").to_string();
        let (list, title, date) = (address.to_string(), subject(title), date(self.now));
        for (name, value) in [
            ("From", owner.as_str()),
            ("To", &list),
            ("Reply-To", &list),
            ("Subject", &title),
            ("Date", &date),
            ("Message-ID", &message_id),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
        ] {
            // Writing to memory does not fail.
            let _ = write!(header, "{name}: {value}\r\n");
        }
        (message_id, header)
    }

    /// The last line of text, which programs look for and is in no language for that.
    fn end(&self) -> String {
        format!("End of {} Digest, Vol {}, Issue {}", self.list.address.local(), self.volume, self.number)
    }

    /// What no post can know.
    fn secret(&self) -> String {
        let words = format!("{} {} {} {}", self.list.list_id, self.volume, self.number, self.seed);
        HEXLOWER.encode(&Sha256::digest(words)[..12])
    }
}

#[cfg(test)]
mod tests;
