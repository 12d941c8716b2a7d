//! What becomes of a message: every rule, in the order in which they are asked.
//!
//! [`decide`] sees facts and gives a verdict with the trail of rules that led to it; it looks nothing up and changes
//! nothing, so `message.explain` shows exactly what `mta.submit` does.

use std::borrow::Cow;

use crate::list::List;
use crate::recipient::{Extension, Kind};
use crate::settings::PostPolicy;

/// What is known when a message, or only its envelope, is judged.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The list that the recipient means.
    pub list: &'a List,
    /// What is meant there.
    pub extension: Extension<'a>,
    /// Whether the return path is null (RFC 5321 4.5.5).
    pub null_sender: bool,
    /// Octets; `None` when nobody said.
    pub size: Option<u64>,
    /// Of the message; `None` while there is only an envelope.
    pub content: Option<Content>,
    /// What envelope sender or author are to the list.
    pub standing: Standing,
}

/// What the rules ask about a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// A program answered another message (RFC 3834 5.2); cron, CI and commit mail are not meant.
    pub auto_reply: bool,
    /// It carries the list's own `List-Id`: it was here before.
    pub own_list_id: bool,
    /// It carries the mark that mail to the owner gets when it is passed on.
    pub passed_on: bool,
}

/// What somebody is to a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// A member.
    pub member: bool,
    /// An owner or a moderator.
    pub moderator: bool,
}

/// What becomes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every member gets a copy.
    Post,
    /// The owners get it: mail to them, and commands.
    Forward,
    /// A delivery report: stored and counted.
    Bounce,
    /// Taken and dropped; only counted.
    Discard,
    /// Not taken.
    Refuse(Refusal),
}

/// Why a message is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing here has this address.
    #[error("no such list")]
    NoList,
    /// The list takes no posts for now.
    #[error("list closed")]
    Closed,
    /// The policy does not let the sender post.
    #[error("{}", match .0 {
        PostPolicy::Closed => "nobody may post to this list",
        PostPolicy::Moderators => "only moderators may post to this list",
        PostPolicy::Members | PostPolicy::Open => "only members may post to this list",
    })]
    NotPermitted(PostPolicy),
    /// It was here before.
    #[error("mail loop: the message carries this list's own {0}")]
    Loop(&'static str),
    /// It is larger than the list takes.
    #[error("message of {size} octets is larger than the {limit} that this list takes")]
    TooLarge {
        /// Octets of the message.
        size: u64,
        /// Octets permitted.
        limit: u64,
    },
    /// The bytes are no message, or one that cannot be passed on.
    #[error("{0}")]
    BadMessage(String),
}

impl Refusal {
    /// Enhanced status code (RFC 3463).
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self {
            Refusal::NoList => "5.1.1",
            Refusal::Closed => "5.2.1",
            Refusal::NotPermitted(_) => "5.7.2",
            Refusal::Loop(_) => "5.4.6",
            Refusal::TooLarge { .. } => "5.3.4",
            Refusal::BadMessage(_) => "5.6.0",
        }
    }
}

/// One rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub rule: &'static str,
    /// Whether it decided.
    pub decided: bool,
    /// What it saw.
    pub detail: Cow<'static, str>,
}

/// Verdict and trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the message.
    pub verdict: Verdict,
    /// The rules asked, the deciding one last.
    pub trail: Vec<Step>,
}

/// A rule's answer: the verdict, or what it saw and found no reason in.
type Answer = Result<Cow<'static, str>, (Verdict, Cow<'static, str>)>;

type Rule = (&'static str, fn(&Facts<'_>) -> Answer);

/// Mail to the list itself.
const POST_RULES: &[Rule] = &[
    ("null-sender", null_sender),
    ("auto-reply", auto_reply),
    ("loop", own_list_id),
    ("closed", closed),
    ("size", size),
    ("post-policy", post_policy),
];

/// Mail to the owners, and commands, which the owners get as well. Reports about earlier mail to the owners come to the
/// bounce address, so a null return path here is a stranger's report; commands are never answered from one.
const OWNER_RULES: &[Rule] = &[("loop", passed_on), ("size", size), ("owners", to_owners)];
const COMMAND_RULES: &[Rule] = &[
    ("null-sender", null_sender),
    ("auto-reply", auto_reply),
    ("loop", passed_on),
    ("size", size),
    ("owners", to_owners),
];

/// Delivery reports are taken whatever they look like: refusing one would answer a null return path.
const BOUNCE_RULES: &[Rule] = &[("report", report)];

/// Judges a message.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    let rules = match facts.extension.kind {
        Kind::Post => POST_RULES,
        Kind::Owner => OWNER_RULES,
        Kind::Bounces => BOUNCE_RULES,
        _ => COMMAND_RULES,
    };
    let mut trail = Vec::with_capacity(rules.len());
    for (rule, ask) in rules {
        match ask(facts) {
            Ok(detail) => trail.push(Step { rule, decided: false, detail }),
            Err((verdict, detail)) => {
                trail.push(Step { rule, decided: true, detail });
                return Decision { verdict, trail };
            }
        }
    }
    Decision { verdict: Verdict::Post, trail }
}

fn pass(detail: impl Into<Cow<'static, str>>) -> Answer {
    Ok(detail.into())
}

fn refuse(refusal: Refusal) -> Answer {
    let detail = refusal.to_string().into();
    Err((Verdict::Refuse(refusal), detail))
}

fn null_sender(facts: &Facts<'_>) -> Answer {
    if facts.null_sender {
        return Err((Verdict::Discard, "the return path is null: a report, never a post or a command".into()));
    }
    pass("the return path is not null")
}

fn auto_reply(facts: &Facts<'_>) -> Answer {
    match facts.content {
        Some(Content { auto_reply: true, .. }) => {
            Err((Verdict::Discard, "a program answered another message (RFC 3834)".into()))
        }
        Some(_) => pass("not an automatic reply"),
        None => pass("not known before the message"),
    }
}

fn own_list_id(facts: &Facts<'_>) -> Answer {
    match facts.content {
        Some(Content { own_list_id: true, .. }) => refuse(Refusal::Loop("List-Id")),
        Some(_) => pass("was not on this list before"),
        None => pass("not known before the message"),
    }
}

fn passed_on(facts: &Facts<'_>) -> Answer {
    match facts.content {
        Some(Content { passed_on: true, .. }) => {
            Err((Verdict::Discard, "it was passed on to the owners before, and came back".into()))
        }
        Some(_) => pass("was not passed on before"),
        None => pass("not known before the message"),
    }
}

fn closed(facts: &Facts<'_>) -> Answer {
    if facts.list.closed { refuse(Refusal::Closed) } else { pass("the list is open") }
}

fn size(facts: &Facts<'_>) -> Answer {
    let limit = facts.list.settings.max_size;
    match facts.size {
        Some(size) if size > limit => refuse(Refusal::TooLarge { size, limit }),
        Some(size) => pass(format!("{size} of {limit} octets")),
        None => pass("not known before the message"),
    }
}

fn post_policy(facts: &Facts<'_>) -> Answer {
    let policy = facts.list.settings.post_policy;
    let Standing { member, moderator } = facts.standing;
    match policy {
        PostPolicy::Open => Err((Verdict::Post, "everybody may post".into())),
        PostPolicy::Members | PostPolicy::Moderators if moderator => {
            Err((Verdict::Post, "the sender is an owner or a moderator".into()))
        }
        PostPolicy::Members if member => Err((Verdict::Post, "the sender is a member".into())),
        PostPolicy::Members | PostPolicy::Moderators | PostPolicy::Closed => refuse(Refusal::NotPermitted(policy)),
    }
}

fn to_owners(facts: &Facts<'_>) -> Answer {
    let what = if facts.extension.kind == Kind::Owner { "mail to the owners" } else { "a command" };
    Err((Verdict::Forward, format!("{what}: passed on to the owners").into()))
}

fn report(facts: &Facts<'_>) -> Answer {
    let about = match facts.extension.detail {
        "" => Cow::Borrowed("a delivery report, stored"),
        detail => Cow::Owned(format!("a delivery report about {detail:?}, stored")),
    };
    Err((Verdict::Bounce, about))
}
