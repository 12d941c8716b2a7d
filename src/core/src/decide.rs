//! What becomes of a message: every rule, in the order in which they are asked.
//!
//! [`decide`] sees facts and gives a verdict with the trail of rules that led to it; it looks nothing up and changes
//! nothing, so `message.explain` shows exactly what `mta.submit` does.

use std::borrow::Cow;

use crate::authentication::{Authentication, Identity};
use crate::list::List;
use crate::recipient::{Extension, Kind};
use crate::settings::{Fate, PostPolicy, SenderAuth};

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
    /// The ban that holds one of them.
    pub banned: Option<String>,
    /// Posts of the poster in the present window of `poster_rate`, this one not counted.
    pub posts_before: u64,
    /// Posts of the thread in the present window of `thread_rate`, this one not counted.
    pub thread_before: u64,
}

/// What the rules ask about a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// A program answered another message (RFC 3834 5.2); cron, CI and commit mail are not meant.
    pub auto_reply: bool,
    /// It carries the list's own `List-Id`: it was here before.
    pub own_list_id: bool,
    /// It carries the mark that mail to the owner gets when it is passed on.
    pub passed_on: bool,
    /// A program wrote it, or a list sent it: nothing that is answered (RFC 3834 2).
    pub automatic: bool,
    /// It says whom to answer to: one author, who is not the list.
    pub answerable: bool,
    /// It names the list in To or Cc.
    pub addressed: bool,
    /// An attachment that the list refuses, in words.
    pub refused_type: Option<String>,
    /// Why an attachment that the list removes cannot be removed.
    pub unstrippable: Option<String>,
    /// What the mail server found out about the sender.
    pub authentication: Authentication,
}

/// What becomes of a member's posts, whatever the list's policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Posting {
    /// As the policy says.
    #[default]
    Default,
    /// They go out.
    Accept,
    /// A moderator decides.
    Hold,
    /// They are refused.
    Refuse,
    /// They are dropped.
    Discard,
}

impl Posting {
    const ALL: [Posting; 5] = [Posting::Default, Posting::Accept, Posting::Hold, Posting::Refuse, Posting::Discard];

    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Posting::Default => "default",
            Posting::Accept => "accept",
            Posting::Hold => "hold",
            Posting::Refuse => "refuse",
            Posting::Discard => "discard",
        }
    }

    /// The opposite of [`Posting::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Posting> {
        Posting::ALL.into_iter().find(|posting| posting.name() == name)
    }
}

/// What somebody is to a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// A member.
    pub member: bool,
    /// An owner or a moderator.
    pub moderator: bool,
    /// The member's exception from the policy; of several members the strictest that is none of the default.
    pub posting: Posting,
    /// Posts of the member that moderators approved.
    pub approved: u32,
}

/// What becomes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every member gets a copy.
    Post,
    /// The owners get it.
    Forward,
    /// The list answers it.
    Command,
    /// A moderator decides; the deciding rule says why.
    Hold,
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
        PostPolicy::Members | PostPolicy::Moderated | PostPolicy::Open => "only members may post to this list",
    })]
    NotPermitted(PostPolicy),
    /// The sender may not post, whatever the policy.
    #[error("you may not post to this list")]
    Excluded,
    /// It does not name the list.
    #[error("a post must name the list in To or Cc")]
    NotAddressed,
    /// An attachment that the list does not take.
    #[error("this list does not take the attachment {0}")]
    Attachment(String),
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
            Refusal::NotPermitted(_) | Refusal::Excluded => "5.7.2",
            Refusal::NotAddressed | Refusal::Attachment(_) => "5.7.1",
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
    ("banned", banned),
    ("size", size),
    ("attachments", attachments),
    ("post-policy", post_policy),
    ("strip", strip),
    ("implicit-destination", implicit_destination),
    ("emergency", emergency),
    ("sender-auth", sender_auth),
    ("moderated", moderated),
    ("poster-rate", poster_rate),
    ("thread-rate", thread_rate),
    ("accept", accept),
];

/// Mail to the owners. Reports about earlier mail to the owners come to the bounce address, so a null return path here is a
/// stranger's report.
const OWNER_RULES: &[Rule] = &[("loop", passed_on), ("size", size), ("owners", to_owners)];

/// Commands. What no person wrote is not answered, or two programs would answer each other for ever.
const COMMAND_RULES: &[Rule] = &[
    ("null-sender", null_sender),
    ("automatic", automatic),
    ("loop", passed_on),
    ("size", size),
    ("requester", requester),
    ("command", command),
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
    match &facts.content {
        Some(Content { auto_reply: true, .. }) => {
            Err((Verdict::Discard, "a program answered another message (RFC 3834)".into()))
        }
        Some(_) => pass("not an automatic reply"),
        None => pass("not known before the message"),
    }
}

fn own_list_id(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { own_list_id: true, .. }) => refuse(Refusal::Loop("List-Id")),
        Some(_) => pass("was not on this list before"),
        None => pass("not known before the message"),
    }
}

fn passed_on(facts: &Facts<'_>) -> Answer {
    match &facts.content {
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

fn banned(facts: &Facts<'_>) -> Answer {
    match &facts.banned {
        Some(ban) => Err((Verdict::Refuse(Refusal::Excluded), format!("{ban} is banned").into())),
        None => pass("nobody of the senders is banned"),
    }
}

fn attachments(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { refused_type: Some(found), .. }) => refuse(Refusal::Attachment(found.clone())),
        Some(_) => pass("no attachment of a refused type"),
        None => pass("not known before the message"),
    }
}

/// Moderators see what a list's copy would have to leave out and cannot.
fn strip(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { unstrippable: Some(why), .. }) => Err((Verdict::Hold, why.clone().into())),
        Some(_) => pass("no attachment that cannot be removed"),
        None => pass("not known before the message"),
    }
}

/// Who is not let post by the policy is what `nonmember` says; who has an exception is what that says.
fn post_policy(facts: &Facts<'_>) -> Answer {
    let settings = &facts.list.settings;
    let Standing { member, moderator, posting, .. } = facts.standing;
    let posting = if member { posting } else { Posting::Default };
    let policy = settings.post_policy;
    match posting {
        Posting::Refuse => {
            return Err((Verdict::Refuse(Refusal::Excluded), "this member's posts are refused".into()));
        }
        Posting::Discard => return Err((Verdict::Discard, "this member's posts are dropped".into())),
        Posting::Accept if policy != PostPolicy::Closed => return pass("this member's posts are accepted"),
        Posting::Default | Posting::Accept | Posting::Hold => {}
    }
    match policy {
        PostPolicy::Open => pass("everybody may post"),
        PostPolicy::Members | PostPolicy::Moderated | PostPolicy::Moderators if moderator => {
            pass("the sender is an owner or a moderator")
        }
        PostPolicy::Members | PostPolicy::Moderated if member => pass("the sender is a member"),
        PostPolicy::Closed => refuse(Refusal::NotPermitted(policy)),
        PostPolicy::Members | PostPolicy::Moderated | PostPolicy::Moderators => {
            let refusal = Refusal::NotPermitted(policy);
            fate(settings.nonmember, refusal.to_string(), refusal)
        }
    }
}

fn fate(fate: Fate, detail: String, refusal: Refusal) -> Answer {
    let verdict = match fate {
        Fate::Accept => return pass(detail),
        Fate::Hold => Verdict::Hold,
        Fate::Refuse => Verdict::Refuse(refusal),
        Fate::Discard => Verdict::Discard,
    };
    Err((verdict, detail.into()))
}

fn implicit_destination(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { addressed: false, .. }) if !is_trusted(facts) => {
            let detail = "the list is neither in To nor in Cc".to_owned();
            fate(facts.list.settings.implicit_destination, detail, Refusal::NotAddressed)
        }
        Some(Content { addressed: false, .. }) => {
            pass("the list is neither in To nor in Cc, but the sender is trusted")
        }
        Some(_) => pass("the list is in To or Cc"),
        None => pass("not known before the message"),
    }
}

fn emergency(facts: &Facts<'_>) -> Answer {
    if facts.list.settings.emergency {
        return Err((Verdict::Hold, "every post is held for now".into()));
    }
    pass("posts are not held for an emergency")
}

fn sender_auth(facts: &Facts<'_>) -> Answer {
    let wanted = facts.list.settings.sender_auth;
    let Some(content) = &facts.content else { return pass("not known before the message") };
    match (wanted, content.authentication.author) {
        (SenderAuth::Off, _) => pass("is not asked for"),
        (_, Identity::Passed) => pass("the mail server found the author genuine"),
        (_, Identity::Failed) => Err((Verdict::Hold, "the mail server found the author forged".into())),
        (SenderAuth::HoldOnFail, Identity::Unknown) => pass("the mail server says nothing against the author"),
        (SenderAuth::Require, Identity::Unknown) => {
            Err((Verdict::Hold, "the mail server did not find the author genuine".into()))
        }
    }
}

fn moderated(facts: &Facts<'_>) -> Answer {
    let settings = &facts.list.settings;
    let Standing { member, moderator, posting, approved } = facts.standing;
    if member && posting == Posting::Hold {
        return Err((Verdict::Hold, "this member's posts are held".into()));
    }
    if is_trusted(facts) {
        return pass("the sender is trusted");
    }
    if settings.post_policy != PostPolicy::Moderated || moderator {
        return pass("posts need no approval");
    }
    match settings.trust_after {
        0 => Err((Verdict::Hold, "posts need approval".into())),
        enough if approved >= enough => pass(format!("{approved} posts of this member were approved")),
        enough => Err((Verdict::Hold, format!("{approved} of {enough} posts of this member were approved").into())),
    }
}

fn poster_rate(facts: &Facts<'_>) -> Answer {
    let Some(rate) = facts.list.settings.poster_rate else { return pass("there is no limit") };
    if is_trusted(facts) {
        return pass("the sender is trusted");
    }
    if facts.posts_before >= u64::from(rate.count) {
        return Err((Verdict::Hold, format!("more than {rate} by this sender").into()));
    }
    pass(format!("{} posts before, of {rate}", facts.posts_before))
}

/// Moderators, and members whose posts are accepted whatever the policy.
fn is_trusted(facts: &Facts<'_>) -> bool {
    facts.standing.moderator || (facts.standing.member && facts.standing.posting == Posting::Accept)
}

fn accept(_: &Facts<'_>) -> Answer {
    Err((Verdict::Post, "nothing stands against it".into()))
}

fn thread_rate(facts: &Facts<'_>) -> Answer {
    let Some(rate) = facts.list.settings.thread_rate else { return pass("there is no limit") };
    if is_trusted(facts) {
        return pass("the sender is trusted");
    }
    if facts.thread_before >= u64::from(rate.count) {
        return Err((Verdict::Hold, format!("more than {rate} in this thread").into()));
    }
    pass(format!("{} in this thread before, of {rate}", facts.thread_before))
}

fn to_owners(_: &Facts<'_>) -> Answer {
    Err((Verdict::Forward, "mail to the owners: passed on to them".into()))
}

fn automatic(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { automatic: true, .. }) => {
            Err((Verdict::Discard, "a program or a list sent it, and is not answered (RFC 3834)".into()))
        }
        Some(_) => pass("a person wrote it"),
        None => pass("not known before the message"),
    }
}

fn requester(facts: &Facts<'_>) -> Answer {
    match &facts.content {
        Some(Content { answerable: false, .. }) => Err((Verdict::Discard, "it does not say whom to answer to".into())),
        Some(_) => pass("says whom to answer to"),
        None => pass("not known before the message"),
    }
}

fn command(_: &Facts<'_>) -> Answer {
    Err((Verdict::Command, "a command: the list answers it".into()))
}

fn report(facts: &Facts<'_>) -> Answer {
    let about = match facts.extension.detail {
        "" => Cow::Borrowed("a delivery report, stored"),
        detail => Cow::Owned(format!("a delivery report about {detail:?}, stored")),
    };
    Err((Verdict::Bounce, about))
}
