//! The settings of a list: one table says key, type, default and help, and everything else reads it.

mod table;
mod values;

use std::collections::BTreeMap;

pub use table::{DEFINITIONS, Definition, definition};
pub use values::Rate;
use values::{Words, language, line, number, octets, rate, span, span_text, text, types};

use crate::address::{Address, AddressError};
use crate::member::DAY;
use crate::near;

/// Who may post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostPolicy {
    /// Everybody.
    Open,
    /// Members, by envelope sender or From.
    Members,
    /// Members, each post approved by a moderator; moderators and owners without.
    Moderated,
    /// Moderators and owners.
    Moderators,
    /// Nobody.
    Closed,
}

/// What becomes of a post that is not simply taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes out all the same.
    Accept,
    /// A moderator decides.
    Hold,
    /// It is refused.
    Refuse,
    /// It is dropped.
    Discard,
}

/// What the mail server's Authentication-Results decide (RFC 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderAuth {
    /// Nothing.
    Off,
    /// Posts that failed are held; posts without a result are believed.
    HoldOnFail,
    /// Posts that did not pass are held.
    Require,
}

/// Who may become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribePolicy {
    /// Whoever proves to own the address, in whatever way.
    Open,
    /// Whoever confirms by mail.
    Confirm,
    /// Whoever confirms by mail and is approved by a moderator.
    ConfirmApprove,
    /// Nobody by asking.
    Closed,
}

/// Who may ask by mail who the members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roster {
    /// Owners and moderators.
    Owners,
    /// Members too.
    Members,
}

/// What becomes of `Reply-To`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// As the author wrote it.
    Author,
    /// The list.
    List,
    /// This address.
    Address(Address),
}

/// Whether each member's copy names the member in its return path (VERP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerpMode {
    /// Where the next hop writes it by itself (XVERP), otherwise not.
    Auto,
    /// Never.
    None,
    /// Always: one SMTP transaction a member where the next hop does not offer XVERP.
    Always,
}

/// Whether the list stands in From in the author's place (RFC 7960 4.1.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmarcRewrite {
    /// Where the author's domain would have the copy refused.
    Auto,
    /// In every post.
    Always,
    /// Never.
    Never,
}

/// What a list's owner can choose; the table explains each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who may post.
    pub post_policy: PostPolicy,
    /// What becomes of posts by others.
    pub nonmember: Fate,
    /// What Authentication-Results decide.
    pub sender_auth: SenderAuth,
    /// What becomes of posts that name the list neither in To nor in Cc.
    pub implicit_destination: Fate,
    /// Whether every post is held.
    pub emergency: bool,
    /// Largest message taken, in octets.
    pub max_size: u64,
    /// Attachments for which a post is refused, in lower case.
    pub reject_types: Vec<String>,
    /// Attachments that are taken out of posts, in lower case.
    pub strip_types: Vec<String>,
    /// Posts of one person without a moderator.
    pub poster_rate: Option<Rate>,
    /// Posts in one thread without a moderator.
    pub thread_rate: Option<Rate>,
    /// Approved posts after which a member is trusted; 0 for never.
    pub trust_after: u32,
    /// Put before the subject, such as `[talk]`.
    pub subject_prefix: Option<String>,
    /// Text above every post; empty for none.
    pub header: String,
    /// Text below every post; empty for none.
    pub footer: String,
    /// What becomes of `Reply-To`.
    pub reply_to: ReplyTo,
    /// Whether the list stands in From.
    pub dmarc_rewrite: DmarcRewrite,
    /// Return path of the copies.
    pub verp: VerpMode,
    /// Whether each member's copy has a link to leave with one click.
    pub one_click: bool,
    /// One line for `List-Id` and for people.
    pub description: String,
    /// Language of what the list itself says (RFC 5646 tag).
    pub language: String,
    /// Who may become a member.
    pub subscribe_policy: SubscribePolicy,
    /// Whether new members and those who left are written to.
    pub welcome: bool,
    /// Who may ask who the members are.
    pub roster: Roster,
    /// Seconds between mails to moderators about held posts, at least.
    pub held_notice: i64,
    /// Days after which held posts are dropped.
    pub held_expire: u32,
    /// Whether posters are told that their post is held.
    pub notify_poster: bool,
    /// Score of bounces at which a member is sent a probe; 0 for never.
    pub bounce_threshold: u32,
    /// Days after which bounces are forgotten.
    pub bounce_forget: u32,
    /// How often a member whose mail is stopped is told.
    pub bounce_warnings: u32,
    /// Whether the membership ends after that.
    pub bounce_remove: bool,
    /// Seconds that posts wait for a digest at most.
    pub digest_period: i64,
    /// Octets of posts at which a digest goes out at once.
    pub digest_size: u64,
    /// Days for which posts are kept; `None` as the site says.
    pub retain_posts: Option<u32>,
}

/// Largest `max_size`: 256 MiB.
///
/// mailjam-mta holds 383 MiB, SQLite a billion octets in one value, and a post is in memory some five times while it is
/// handed over.
pub const LARGEST_MAX_SIZE: u64 = 256 * 1024 * 1024;

/// Most days that anything is kept.
const MOST_DAYS: u32 = 36_500;

/// Why a setting was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such key.
    #[error("no setting {key:?}{}", suggestion.map(|known| format!("; did you mean {known:?}?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        key: String,
        /// A key that looks like it.
        suggestion: Option<&'static str>,
    },
    /// Not one of the permitted words.
    #[error("{key} must be one of {permitted}, not {value:?}")]
    Word {
        /// The key.
        key: &'static str,
        /// The permitted words, joined with `|`.
        permitted: &'static str,
        /// What was given.
        value: String,
    },
    /// Not an address.
    #[error("{key}: {value:?} is neither one of the permitted words nor an address: {error}")]
    Address {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it as an address.
        error: AddressError,
    },
    /// Not a number of octets.
    #[error("{key}: {value:?} is no number of octets between 1 and {LARGEST_MAX_SIZE} (K, M and G may follow it)")]
    Octets {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
    },
    /// Text that cannot stand in one line of a header.
    #[error("{key}: must be one line of at most {limit} octets without control characters")]
    Line {
        /// The key.
        key: &'static str,
        /// Octets permitted.
        limit: usize,
    },
    /// Not a language tag.
    #[error("{key}: {value:?} is no language tag such as en, de or pt-BR")]
    Language {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
    },
    /// Something of another form.
    #[error("{key}: {value:?} is not {wanted}")]
    Form {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A text that is too long, or names what is not there.
    #[error("{key}: {problem}")]
    Text {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Not a number in its range.
    #[error("{key}: {value:?} is no whole number between 0 and {most}")]
    Number {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// The largest.
        most: u32,
    },
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            post_policy: PostPolicy::Members,
            nonmember: Fate::Refuse,
            sender_auth: SenderAuth::HoldOnFail,
            implicit_destination: Fate::Accept,
            emergency: false,
            max_size: 10 * 1024 * 1024,
            reject_types: Vec::new(),
            strip_types: Vec::new(),
            poster_rate: None,
            thread_rate: None,
            trust_after: 0,
            subject_prefix: None,
            header: String::new(),
            footer: String::new(),
            reply_to: ReplyTo::Author,
            dmarc_rewrite: DmarcRewrite::Auto,
            verp: VerpMode::Auto,
            one_click: true,
            description: String::new(),
            language: "en".to_owned(),
            subscribe_policy: SubscribePolicy::Confirm,
            welcome: true,
            roster: Roster::Owners,
            held_notice: 3600,
            held_expire: 14,
            notify_poster: true,
            bounce_threshold: 5,
            bounce_forget: 14,
            bounce_warnings: 3,
            bounce_remove: true,
            digest_period: DAY,
            digest_size: 64 * 1024,
            retain_posts: None,
        }
    }
}

impl Settings {
    /// The value of a setting as text, in the form that [`Settings::set`] takes; `None` for an unknown key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        let rate = |rate: &Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        Some(match key {
            "post_policy" => POST_POLICIES.name_of(self.post_policy).to_owned(),
            "nonmember" => NONMEMBER.name_of(self.nonmember).to_owned(),
            "sender_auth" => SENDER_AUTH.name_of(self.sender_auth).to_owned(),
            "implicit_destination" => IMPLICIT.name_of(self.implicit_destination).to_owned(),
            "emergency" => YES_NO.name_of(self.emergency).to_owned(),
            "max_size" => self.max_size.to_string(),
            "reject_types" => self.reject_types.join(", "),
            "strip_types" => self.strip_types.join(", "),
            "poster_rate" => rate(&self.poster_rate),
            "thread_rate" => rate(&self.thread_rate),
            "trust_after" => self.trust_after.to_string(),
            "subject_prefix" => self.subject_prefix.clone().unwrap_or_default(),
            "header" => self.header.clone(),
            "footer" => self.footer.clone(),
            "reply_to" => match &self.reply_to {
                ReplyTo::Author => "author".to_owned(),
                ReplyTo::List => "list".to_owned(),
                ReplyTo::Address(address) => address.to_string(),
            },
            "dmarc_rewrite" => DMARC_REWRITES.name_of(self.dmarc_rewrite).to_owned(),
            "verp" => VERP_MODES.name_of(self.verp).to_owned(),
            "one_click" => YES_NO.name_of(self.one_click).to_owned(),
            "description" => self.description.clone(),
            "language" => self.language.clone(),
            "subscribe_policy" => SUBSCRIBE_POLICIES.name_of(self.subscribe_policy).to_owned(),
            "welcome" => YES_NO.name_of(self.welcome).to_owned(),
            "roster" => ROSTERS.name_of(self.roster).to_owned(),
            "held_notice" => span_text(self.held_notice),
            "held_expire" => self.held_expire.to_string(),
            "notify_poster" => YES_NO.name_of(self.notify_poster).to_owned(),
            "bounce_threshold" => self.bounce_threshold.to_string(),
            "bounce_forget" => self.bounce_forget.to_string(),
            "bounce_warnings" => self.bounce_warnings.to_string(),
            "bounce_remove" => YES_NO.name_of(self.bounce_remove).to_owned(),
            "digest_period" => span_text(self.digest_period),
            "digest_size" => self.digest_size.to_string(),
            "retain_posts" => self.retain_posts.map(|days| days.to_string()).unwrap_or_default(),
            _ => return None,
        })
    }

    /// Changes one setting; the empty text sets it back to its default.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let definition = definition(key)?;
        let value = if value.is_empty() { definition.default } else { value };
        let key = definition.key;
        match key {
            "post_policy" => self.post_policy = POST_POLICIES.parse(definition, value)?,
            "nonmember" => self.nonmember = NONMEMBER.parse(definition, value)?,
            "sender_auth" => self.sender_auth = SENDER_AUTH.parse(definition, value)?,
            "implicit_destination" => self.implicit_destination = IMPLICIT.parse(definition, value)?,
            "emergency" => self.emergency = YES_NO.parse(definition, value)?,
            "max_size" => self.max_size = octets(key, value)?,
            "reject_types" => self.reject_types = types(key, value)?,
            "strip_types" => self.strip_types = types(key, value)?,
            "poster_rate" => self.poster_rate = rate(key, value)?,
            "thread_rate" => self.thread_rate = rate(key, value)?,
            "trust_after" => self.trust_after = number(key, value, 1000)?,
            "subject_prefix" => {
                let prefix = line(key, value.trim(), 100)?;
                self.subject_prefix = (!prefix.is_empty()).then_some(prefix);
            }
            "header" => self.header = text(key, value)?,
            "footer" => self.footer = text(key, value)?,
            "reply_to" => self.reply_to = reply_to(key, value)?,
            "dmarc_rewrite" => self.dmarc_rewrite = DMARC_REWRITES.parse(definition, value)?,
            "verp" => self.verp = VERP_MODES.parse(definition, value)?,
            "one_click" => self.one_click = YES_NO.parse(definition, value)?,
            "description" => self.description = line(key, value.trim(), 500)?,
            "language" => self.language = language(key, value)?,
            "subscribe_policy" => self.subscribe_policy = SUBSCRIBE_POLICIES.parse(definition, value)?,
            "welcome" => self.welcome = YES_NO.parse(definition, value)?,
            "roster" => self.roster = ROSTERS.parse(definition, value)?,
            "held_notice" => self.held_notice = span(key, value)?,
            "held_expire" => {
                self.held_expire = number(key, value, MOST_DAYS)?;
                if self.held_expire == 0 {
                    self.held_expire = Settings::default().held_expire;
                    return Err(SettingError::Form { key, value: value.to_owned(), wanted: "at least one day" });
                }
            }
            "notify_poster" => self.notify_poster = YES_NO.parse(definition, value)?,
            "bounce_threshold" => self.bounce_threshold = number(key, value, 1000)?,
            "bounce_forget" => self.bounce_forget = number(key, value, MOST_DAYS)?.max(1),
            "bounce_warnings" => self.bounce_warnings = number(key, value, 100)?,
            "bounce_remove" => self.bounce_remove = YES_NO.parse(definition, value)?,
            "digest_period" => self.digest_period = span(key, value)?,
            "digest_size" => self.digest_size = octets(key, value)?,
            "retain_posts" => {
                self.retain_posts = if value.is_empty() { None } else { Some(number(key, value, MOST_DAYS)?) };
            }
            _ => unreachable!("the table has no other key"),
        }
        Ok(())
    }

    /// Every setting that differs from its default, as text; what a storage keeps.
    #[must_use]
    pub fn changed(&self) -> BTreeMap<String, String> {
        let default = Settings::default();
        DEFINITIONS
            .iter()
            .filter_map(|definition| {
                let value = self.get(definition.key)?;
                (Some(&value) != default.get(definition.key).as_ref()).then(|| (definition.key.to_owned(), value))
            })
            .collect()
    }

    /// The opposite of [`Settings::changed`].
    pub fn from_changed<'a>(
        changed: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        for (key, value) in changed {
            settings.set(key, value)?;
        }
        Ok(settings)
    }
}

fn reply_to(key: &'static str, value: &str) -> Result<ReplyTo, SettingError> {
    match value {
        "author" => Ok(ReplyTo::Author),
        "list" => Ok(ReplyTo::List),
        address => Address::parse(address).map(ReplyTo::Address).map_err(|error| SettingError::Address {
            key,
            value: value.to_owned(),
            error,
        }),
    }
}

const POST_POLICIES: Words<PostPolicy> = Words(&[
    ("open", PostPolicy::Open),
    ("members", PostPolicy::Members),
    ("moderated", PostPolicy::Moderated),
    ("moderators", PostPolicy::Moderators),
    ("closed", PostPolicy::Closed),
]);

const NONMEMBER: Words<Fate> = Words(&[("refuse", Fate::Refuse), ("hold", Fate::Hold), ("discard", Fate::Discard)]);

const IMPLICIT: Words<Fate> = Words(&[("accept", Fate::Accept), ("hold", Fate::Hold), ("refuse", Fate::Refuse)]);

const SENDER_AUTH: Words<SenderAuth> =
    Words(&[("off", SenderAuth::Off), ("hold-on-fail", SenderAuth::HoldOnFail), ("require", SenderAuth::Require)]);

const SUBSCRIBE_POLICIES: Words<SubscribePolicy> = Words(&[
    ("open", SubscribePolicy::Open),
    ("confirm", SubscribePolicy::Confirm),
    ("confirm+approve", SubscribePolicy::ConfirmApprove),
    ("closed", SubscribePolicy::Closed),
]);

const ROSTERS: Words<Roster> = Words(&[("owners", Roster::Owners), ("members", Roster::Members)]);

const DMARC_REWRITES: Words<DmarcRewrite> =
    Words(&[("auto", DmarcRewrite::Auto), ("always", DmarcRewrite::Always), ("never", DmarcRewrite::Never)]);

const VERP_MODES: Words<VerpMode> =
    Words(&[("auto", VerpMode::Auto), ("none", VerpMode::None), ("always", VerpMode::Always)]);

const YES_NO: Words<bool> = Words(&[("yes", true), ("no", false)]);

#[cfg(test)]
mod tests;
