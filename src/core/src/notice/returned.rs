//! Notices about mail that came back: to the member it was for, and to the owners.

use minijinja::context;

use super::{Desk, Notice, Reader, Result};
use crate::template::{Name, one_line};
use crate::token::{self, Act, Bearer};

/// What became of a member, for the owners.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `disabled`, `removed`, `complaint`, or `report` for a complaint that does not say whose mail it is about.
    pub event: &'a str,
    /// The member; empty for `report`.
    pub member: &'a str,
    /// What the other side said last; may be empty.
    pub diagnostic: &'a str,
    /// Whether the owners are told of no more today.
    pub last: bool,
}

impl Desk<'_> {
    /// Finds out whether a member can be reached; it is for the mail system of that one rather than to be read.
    pub fn probe(&self, to: Reader<'_>, diagnostic: &str) -> Result<Notice> {
        self.plain(Name::Probe, to, context! { diagnostic => one_line(diagnostic) })
    }

    /// Tells a member that mail is stopped; in so many days the membership ends, 0 for never.
    pub fn disabled(&self, to: Reader<'_>, diagnostic: &str, days: i64) -> Result<Notice> {
        let key = to.address.key();
        let enable = self.signed_words(Act::Enable, 0, None, &key);
        let values = context! { diagnostic => one_line(diagnostic), days, enable, ..self.common(to) };
        let mut letter = self.letter(Name::Disabled, to, values)?;
        let bearer = Bearer { list: self.number, key: &key };
        letter.reply_to = self.signed(&token::write(self.secret, Act::Enable, 0, None, bearer));
        Ok(self.seal(letter))
    }

    /// Tells a member that the membership has ended because mail came back.
    pub fn removed(&self, to: Reader<'_>) -> Result<Notice> {
        self.plain(Name::Removed, to, context! {})
    }

    /// Tells an owner what became of a member whose mail came back.
    pub fn bounced(&self, to: Reader<'_>, event: Event<'_>) -> Result<Notice> {
        let values = context! {
            event => event.event,
            member => one_line(event.member),
            diagnostic => one_line(event.diagnostic),
            last => event.last,
        };
        self.plain(Name::Bounced, to, values)
    }

    /// Tells an owner that many members' mail systems refuse a post.
    pub fn blamed(&self, to: Reader<'_>, subject: &str, count: u64, diagnostic: &str) -> Result<Notice> {
        let values = context! { subject => one_line(subject), count, diagnostic => one_line(diagnostic) };
        self.plain(Name::Blamed, to, values)
    }
}
