//! What a list writes on its own: answers to commands, questions whether something is really wanted, and what moderators and
//! posters have to know about held posts.
//!
//! Every notice says that a program wrote it (RFC 3834) and goes out with a null return path, so that nothing answers it and
//! no report about it makes another.

mod returned;

use std::borrow::Cow;

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address as BuiltAddress;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use minijinja::{Value, context};

pub use self::returned::Event;
use crate::address::Address;
use crate::compose;
use crate::list::List;
use crate::member::DAY;
use crate::message::{encode_words, is_plain};
use crate::template::{self, Name, lines, one_line};
use crate::token::{self, Act, Bearer, Secret};

/// A post that a notice is about.
#[derive(Clone, Debug)]
pub struct HeldPost {
    /// Its number.
    pub id: i64,
    /// Who posted, as the message says.
    pub sender: String,
    /// Subject, decoded.
    pub subject: String,
    /// Message-ID of the post, empty if it has none.
    pub message_id: String,
    /// The rule that held it.
    pub rule: String,
    /// What the rule saw.
    pub reason: String,
    /// When it is dropped, in Unix seconds.
    pub expires: i64,
    /// The message, if it is to be attached.
    pub bytes: Option<Vec<u8>>,
}

/// What was decided about a post, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// `approve`, `trust`, `reject`, `discard`, `cancel` or `expire`.
    pub action: &'a str,
    /// Who decided.
    pub by: &'a str,
    /// Unix seconds.
    pub at: i64,
}

/// Texts that people wrote in place of those that come with mailjam, by name and language.
pub type Texts<'a> = &'a dyn Fn(Name, &str) -> Option<String>;

/// Where notices come from: a list, at a time.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The list.
    pub list: &'a List,
    /// Its number in tokens.
    pub number: i64,
    /// What tokens are made with.
    pub secret: &'a Secret,
    /// Texts of the list's own.
    pub texts: Texts<'a>,
    /// Unix seconds.
    pub now: i64,
    /// Makes Message-IDs different from each other.
    pub seed: u64,
    /// Message-ID of the mail that is answered, if one is; empty if that has none.
    pub answers: Option<&'a str>,
}

/// Somebody to be written to.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Where.
    pub address: &'a Address,
    /// In which language; empty for the list's.
    pub language: &'a str,
}

/// Days for which a question can be answered.
pub const CONFIRM_DAYS: i64 = 3;

/// Days for which moderators can answer about a request to join.
pub const REQUEST_DAYS: i64 = 30;

/// A notice, ready to be sent.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Message-ID with its angle brackets.
    pub message_id: String,
    /// Who gets it.
    pub to: Address,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Why a notice cannot be written: a text of the list's own and the one that comes with mailjam both fail, which a test keeps
/// from happening.
pub type Result<T> = std::result::Result<T, minijinja::Error>;

impl Desk<'_> {
    /// Asks whether an act is really wanted; `about` as its token says, `act` and `value` as the text says.
    pub fn confirm(&self, to: Reader<'_>, act: Act, about: u32, words: (&str, &str), web: &str) -> Result<Notice> {
        let key = to.address.key();
        let until = Some(self.now + CONFIRM_DAYS * DAY);
        let bearer = Bearer { list: self.number, key: &key };
        let full = token::write_full(self.secret, act, about, until, bearer);
        let answer = self.signed(&token::write(self.secret, act, about, until, bearer));
        let values = context! {
            act => words.0,
            value => one_line(words.1),
            confirm => answer.as_ref().map_or_else(|| self.commanded("confirm", &full), Address::to_string),
            // A page with a button: looking at it confirms nothing.
            link => if web.is_empty() { String::new() } else { format!("{}/confirm/{full}", web.trim_end_matches('/')) },
            days => CONFIRM_DAYS,
            ..self.common(to)
        };
        let mut letter = self.letter(Name::Confirm, to, values)?;
        // Whatever becomes of addresses on the way, a subject comes back.
        letter.subject = format!("{} (confirm {full})", letter.subject);
        letter.reply_to = Some(answer.unwrap_or_else(|| self.list.address.with_suffix("-request")));
        Ok(self.seal(letter))
    }

    /// Greets a new member.
    pub fn welcome(&self, to: Reader<'_>) -> Result<Notice> {
        self.plain(Name::Welcome, to, context! {})
    }

    /// Says that a membership has ended, and why, if somebody said so.
    pub fn goodbye(&self, to: Reader<'_>, reason: &str) -> Result<Notice> {
        self.plain(Name::Goodbye, to, context! { reason => lines(reason) })
    }

    /// Says that a request waits for approval.
    pub fn waiting(&self, to: Reader<'_>) -> Result<Notice> {
        self.plain(Name::Waiting, to, context! {})
    }

    /// Says that a request was turned down.
    pub fn denied(&self, to: Reader<'_>, reason: &str) -> Result<Notice> {
        self.plain(Name::Denied, to, context! { reason => lines(reason) })
    }

    /// Asks a moderator about somebody who wants to join.
    pub fn request(&self, to: Reader<'_>, address: &str, name: &str, request: i64) -> Result<Notice> {
        let key = to.address.key();
        let about = u32::try_from(request).unwrap_or(u32::MAX);
        let until = Some(self.now + REQUEST_DAYS * DAY);
        let signed = |act| self.signed_words(act, about, until, &key);
        let values = context! {
            address => one_line(address),
            name => one_line(name),
            approve => signed(Act::Admit),
            deny => signed(Act::Deny),
            ..self.common(to)
        };
        self.letter(Name::Request, to, values).map(|letter| self.seal(letter))
    }

    /// Says that what was confirmed is done.
    pub fn done(&self, to: Reader<'_>, words: (&str, &str)) -> Result<Notice> {
        self.plain(Name::Done, to, context! { act => words.0, value => one_line(words.1) })
    }

    /// Says that a token cannot be used: `expired`, `gone`, `stranger`, `text` or `bad`.
    pub fn bad_token(&self, to: Reader<'_>, why: &str) -> Result<Notice> {
        self.plain(Name::BadToken, to, context! { why })
    }

    /// A text without values of its own: help, faq, closed.
    pub fn tell(&self, name: Name, to: Reader<'_>, unknown: bool) -> Result<Notice> {
        self.plain(name, to, context! { unknown })
    }

    /// The members, if they may be told.
    pub fn roster(&self, to: Reader<'_>, allowed: bool, members: &[String]) -> Result<Notice> {
        let members: Vec<String> = members.iter().map(|member| one_line(member)).collect();
        self.plain(Name::Roster, to, context! { allowed, count => members.len(), members })
    }

    /// Tells a moderator of posts that wait, each attached where it has bytes; `more` wait beside them. `canned` are the
    /// canned rejections that there are.
    pub fn held(&self, to: Reader<'_>, posts: &[HeldPost], more: u64, canned: &[String]) -> Result<Notice> {
        let key = to.address.key();
        let rows: Vec<Value> = posts
            .iter()
            .map(|post| {
                let signed = |act| self.signed_words(act, post.number(), Some(post.expires), &key);
                context! {
                    sender => one_line(&post.sender),
                    subject => one_line(&post.subject),
                    rule => one_line(&post.rule),
                    reason => one_line(&post.reason),
                    approve => signed(Act::Approve),
                    trust => signed(Act::Trust),
                    reject => signed(Act::Reject),
                    discard => signed(Act::Discard),
                    replies => posts.len() == 1,
                }
            })
            .collect();
        let days = self.list.settings.held_expire;
        let values =
            context! { count => posts.len(), days, posts => rows, more, canned => canned.to_vec(), ..self.common(to) };
        let mut letter = self.letter(Name::Held, to, values)?;
        if let [post] = posts {
            let bearer = Bearer { list: self.number, key: &key };
            let token = token::write(self.secret, Act::Approve, post.number(), Some(post.expires), bearer);
            letter.reply_to = self.signed(&token);
            if letter.reply_to.is_none() {
                letter.subject = format!("{} (confirm {token})", letter.subject);
                letter.reply_to = Some(self.list.address.with_suffix("-request"));
            }
        }
        letter.attached = posts.iter().filter_map(|post| post.bytes.as_deref()).collect();
        Ok(self.seal(letter))
    }

    /// Tells a poster that the post waits.
    pub fn held_poster(&self, to: Reader<'_>, post: &HeldPost) -> Result<Notice> {
        let cancel = self.signed_words(Act::Cancel, post.number(), Some(post.expires), &to.address.key());
        self.poster_letter(Name::HeldPoster, to, post, context! { cancel })
    }

    /// Tells a poster that the post was refused, in the moderator's words if there are any. `canned` is the text of a
    /// canned rejection, which stands in place of the usual one.
    pub fn rejected(&self, to: Reader<'_>, post: &HeldPost, reason: &str, canned: Option<&str>) -> Result<Notice> {
        let texts = |_: Name, _: &str| canned.map(str::to_owned);
        let desk = if canned.is_some() { Desk { texts: &texts, ..*self } } else { *self };
        desk.poster_letter(Name::Rejected, to, post, context! { reason => lines(reason) })
    }

    /// Tells a poster that nobody decided.
    pub fn expired(&self, to: Reader<'_>, post: &HeldPost) -> Result<Notice> {
        self.poster_letter(Name::Expired, to, post, context! { days => self.list.settings.held_expire })
    }

    /// Tells a moderator that another one decided, or, `late`, that one had decided before.
    pub fn decided(&self, to: Reader<'_>, post: &HeldPost, decision: Decision<'_>, late: bool) -> Result<Notice> {
        let values = context! {
            subject => one_line(&post.subject),
            sender => one_line(&post.sender),
            action => decision.action,
            by => one_line(decision.by),
            at => utc(decision.at),
        };
        self.plain(if late { Name::TooLate } else { Name::Decided }, to, values)
    }

    /// Mails a link by which the reader can log in within so many minutes.
    pub fn login(&self, to: Reader<'_>, link: &str, minutes: i64) -> Result<Notice> {
        self.plain(Name::Login, to, context! { link, minutes })
    }

    /// What every text may name.
    fn common(&self, to: Reader<'_>) -> Value {
        let suffixed = |suffix| self.list.address.with_suffix(suffix).to_string();
        context! {
            list => self.list.address.to_string(),
            address => one_line(&to.address.to_string()),
            description => one_line(&self.list.settings.description),
            owner => suffixed("-owner"),
            request => suffixed("-request"),
            subscribe => suffixed("-subscribe"),
            unsubscribe => suffixed("-unsubscribe"),
            help => suffixed("-help"),
        }
    }

    /// `-confirm+TOKEN`, unless the list's name leaves no room for it.
    fn signed(&self, token: &str) -> Option<Address> {
        let address = &self.list.address;
        address.with_local(&format!("{}-confirm+{token}", address.local())).ok()
    }

    /// What to write to for an act: a signed address, or what to put into a subject.
    fn signed_words(&self, act: Act, about: u32, until: Option<i64>, key: &str) -> String {
        let token = token::write(self.secret, act, about, until, Bearer { list: self.number, key });
        self.signed(&token).map_or_else(|| self.commanded("confirm", &token), |address| address.to_string())
    }

    fn commanded(&self, command: &str, token: &str) -> String {
        format!("{}?subject={command}%20{token}", self.list.address.with_suffix("-request"))
    }

    fn plain(&self, name: Name, to: Reader<'_>, values: Value) -> Result<Notice> {
        self.letter(name, to, merged(values, self.common(to))).map(|letter| self.seal(letter))
    }

    fn poster_letter(&self, name: Name, to: Reader<'_>, post: &HeldPost, values: Value) -> Result<Notice> {
        let values = context! { subject => one_line(&post.subject), ..merged(values, self.common(to)) };
        let mut letter = self.letter(name, to, values)?;
        letter.reply_to = Some(self.list.address.with_suffix("-owner"));
        letter.about = Some(one_line(&post.message_id)).filter(|id| !id.is_empty());
        Ok(self.seal(letter))
    }

    /// The text, in the reader's language: the list's own, or, where that fails, the one that comes with mailjam.
    fn letter<'p>(&self, name: Name, to: Reader<'_>, values: Value) -> Result<Letter<'p>> {
        let tag = if to.language.is_empty() { &self.list.settings.language } else { to.language };
        let own = (self.texts)(name, tag).and_then(|text| template::render(&text, &values).ok());
        let text = match own {
            Some(text) => text,
            None => template::render(template::text(name, tag), &values)?,
        };
        Ok(Letter {
            to: to.address.clone(),
            subject: text.subject,
            body: text.body,
            reply_to: None,
            about: self.answers.map(one_line).filter(|id| !id.is_empty()),
            attached: Vec::new(),
        })
    }

    fn seal(&self, letter: Letter<'_>) -> Notice {
        let domain = self.list.address.ascii_domain();
        let message_id = format!("mailjam.{:x}.{:x}@{domain}", self.now, self.seed);
        let owner = self.list.address.with_suffix("-owner").to_string();
        let kind = if self.answers.is_some() { "auto-replied" } else { "auto-generated" };
        let raw = |text: String| HeaderType::Raw(Raw::new(text));
        let mut message = MessageBuilder::new()
            .from(BuiltAddress::new_address(Some(self.list.address.local().to_owned()), owner))
            .to(BuiltAddress::new_address(None::<Cow<'_, str>>, letter.to.to_string()))
            .header("Subject", raw(subject(&letter.subject)))
            .date(self.now)
            .message_id(message_id.clone())
            .header("Auto-Submitted", raw(kind.to_owned()))
            .header(compose::LOOP, raw(compose::owner_mark(self.list)));
        if let Some(reply_to) = letter.reply_to {
            message = message.header("Reply-To", raw(reply_to.to_string()));
        }
        if let Some(id) = letter.about {
            message = message.header("In-Reply-To", raw(id.clone())).header("References", raw(id));
        }
        let body = MimePart::new("text/plain", BodyPart::Text(letter.body.into()));
        let message = if letter.attached.is_empty() {
            message.body(body)
        } else {
            let parts = std::iter::once(body).chain(letter.attached.into_iter().map(attachment)).collect::<Vec<_>>();
            message.body(MimePart::new("multipart/mixed", BodyPart::Multipart(parts)))
        };
        // Writing to memory does not fail.
        let bytes = message.write_to_vec().unwrap_or_default();
        Notice { message_id: format!("<{message_id}>"), to: letter.to, bytes }
    }
}

impl HeldPost {
    /// As a token names it.
    fn number(&self) -> u32 {
        u32::try_from(self.id).unwrap_or(u32::MAX)
    }
}

/// Values with others beside them.
fn merged(values: Value, others: Value) -> Value {
    minijinja::value::merge_maps([values, others])
}

/// A notice in the making.
struct Letter<'p> {
    to: Address,
    subject: String,
    body: String,
    reply_to: Option<Address>,
    /// Message-ID of what it is about.
    about: Option<String>,
    attached: Vec<&'p [u8]>,
}

/// A message as a part (RFC 2046 5.2.1), which may be 7bit, 8bit or binary, and is not encoded.
fn attachment(bytes: &[u8]) -> MimePart<'_> {
    let encoding = if bytes.is_ascii() { "7bit" } else { "8bit" };
    MimePart::new("message/rfc822", BodyPart::Binary(bytes.into())).transfer_encoding(encoding)
}

/// A subject as a header has it. What is plain stays so, however long a token in it is: people read it, and send it back.
pub(crate) fn subject(text: &str) -> String {
    let column = "Subject: ".len();
    let words = if is_plain(text) { text.split(' ').map(str::to_owned).collect() } else { encode_words(text, column) };
    compose::fold(&words, column, "\r\n")
}

/// Octets of a message that is attached at most.
pub const LARGEST_ATTACHED: u64 = 256 << 10;

/// A time for people.
fn utc(at: i64) -> String {
    let at = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests;
