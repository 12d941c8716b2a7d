//! From a hand-over to a verdict: gathers the facts in the storage and lets the rules decide.

use mailjam_core::address::{Address, unwrap_batv};
use mailjam_core::authentication::{self, Authentication, Identity};
use mailjam_core::decide::{Content, Decision, Facts, Refusal, Standing, Step, Verdict, decide};
use mailjam_core::message::{AutoSubmitted, Mailbox, Message};
use mailjam_core::recipient::{self, Extension, Kind};
use mailjam_core::{attachment, ban, compose};
use mailjam_store::{Error, ListRow, Session};

use crate::daemon::now;

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Handover<'a> {
    /// Envelope sender as the MTA wrote it.
    pub sender: &'a str,
    /// Envelope recipient.
    pub recipient: &'a str,
    /// The message; `None` while there is only an envelope.
    pub message: Option<&'a [u8]>,
    /// Octets, if they are known.
    pub size: Option<u64>,
    /// The name of our own mail server in Authentication-Results; empty if it writes none.
    pub authserv_id: &'a str,
}

/// Where a recipient leads.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The list.
    pub list: ListRow,
    /// What is meant there.
    pub kind: Kind,
    /// What follows that.
    pub detail: String,
}

/// A verdict and what it is about.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where the recipient leads, if anywhere.
    pub destination: Option<Destination>,
    /// Message-ID, empty if there is none.
    pub message_id: String,
    /// The verdict with its trail.
    pub decision: Decision,
    /// Who posts: the author, or the envelope sender where only that one is a member, or there is no one author. None but for
    /// what goes to the list itself: nothing else counts against anybody.
    pub poster: Option<Address>,
    /// What the mail server found out about the author.
    pub author: Identity,
    /// What the thread is counted by; empty without.
    pub thread: String,
}

/// An envelope sender, `None` for the null return path: empty, `<>`, or what Postfix's pipe(8) writes for it by default.
#[must_use]
pub fn envelope_sender(sender: &str) -> Option<&str> {
    let bare = sender.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(sender).trim();
    (!bare.is_empty() && !bare.eq_ignore_ascii_case("MAILER-DAEMON")).then_some(bare)
}

/// Finds the list that a recipient means.
pub fn destination(session: &dyn Session, recipient: &str) -> Result<Option<Destination>, Error> {
    let Ok(address) = Address::parse_foreign(recipient.trim()) else { return Ok(None) };
    let find = |local: &str| -> Result<Option<ListRow>, Error> {
        match address.with_local(local) {
            Ok(address) => session.list(&address.key()),
            Err(_) => Ok(None),
        }
    };
    let to = |list, extension: Extension<'_>| Destination {
        list,
        kind: extension.kind,
        detail: extension.detail.to_owned(),
    };
    if let Some(list) = find(address.local())? {
        return Ok(Some(to(list, Extension::NONE)));
    }
    for (name, extension) in recipient::readings(address.local()) {
        if let Some(list) = find(name)? {
            return Ok(Some(to(list, extension)));
        }
    }
    Ok(None)
}

/// Judges a hand-over by what the storage holds now.
pub fn judge(session: &dyn Session, handover: &Handover<'_>) -> Result<Judged, Error> {
    match destination(session, handover.recipient)? {
        Some(destination) => judge_at(session, handover, destination),
        None => {
            let detail = format!("nothing here has the address {}", handover.recipient).into();
            Ok(refused(None, "recipient", Refusal::NoList, Some(detail)))
        }
    }
}

/// Judges a post as if the list were as given.
pub fn judge_as(session: &dyn Session, handover: &Handover<'_>, list: &ListRow) -> Result<Judged, Error> {
    judge_at(session, handover, Destination { list: list.clone(), kind: Kind::Post, detail: String::new() })
}

fn judge_at(session: &dyn Session, handover: &Handover<'_>, destination: Destination) -> Result<Judged, Error> {
    let parsed = handover.message.map(Message::parse).transpose();
    let message = match parsed {
        Ok(message) => message,
        // A delivery report may be as broken as it likes.
        Err(_) if destination.kind == Kind::Bounces => None,
        Err(error) => {
            let refusal = Refusal::BadMessage(error.to_string());
            return Ok(refused(Some(destination), "message", refusal, None));
        }
    };
    let sender = envelope_sender(handover.sender).and_then(|sender| Address::parse_foreign(sender).ok());
    let list = &destination.list;
    let null_sender = envelope_sender(handover.sender).is_none();
    let authentication =
        message.as_ref().map(|message| authentication::evaluate(message, handover.authserv_id, sender.as_ref()));
    let authentication = authentication.unwrap_or_default();
    let authors = message.as_ref().filter(|message| is_modest(message)).map(Message::from).unwrap_or_default();
    let mut poster = None;
    let thread = message.as_ref().and_then(|message| message.thread().into_iter().next()).unwrap_or_default();
    let mut facts = Facts {
        list: &list.list,
        extension: Extension { kind: destination.kind, detail: &destination.detail },
        null_sender,
        size: handover.size,
        content: message.as_ref().map(|message| content(message, handover, &destination, authentication)),
        standing: Standing::default(),
        banned: None,
        posts_before: 0,
        thread_before: 0,
    };
    // Owners, commands and reports are for everybody.
    if destination.kind == Kind::Post {
        poster = poster_of(session, list.id, sender.as_ref(), &authors)?;
        let keys = poster_keys(sender.as_ref(), &authors, authentication);
        facts.standing = session.standing(list.id, &keys)?;
        facts.banned = banned(session, list.id, sender.as_ref(), &authors)?;
        let settings = &list.list.settings;
        if let (Some(rate), Some(poster)) = (settings.poster_rate, &poster) {
            facts.posts_before = session.counted(POSTER, &counter(list.id, &poster.key()), rate.seconds, now())?;
        }
        if let Some(rate) = settings.thread_rate.filter(|_| !thread.is_empty()) {
            facts.thread_before = session.counted(THREAD, &counter(list.id, &thread), rate.seconds, now())?;
        }
    }
    let message_id = message.as_ref().and_then(Message::message_id).unwrap_or_default().into_owned();
    let decision = decide(&facts);
    let author = authentication.author;
    Ok(Judged { destination: Some(destination), message_id, decision, poster, author, thread })
}

/// Counts an accepted post for the limits of its list.
pub fn count(session: &mut dyn Session, list: &ListRow, poster: Option<&Address>, thread: &str) -> Result<(), Error> {
    let settings = &list.list.settings;
    if let (Some(rate), Some(poster)) = (settings.poster_rate, poster) {
        session.count_up(POSTER, &counter(list.id, &poster.key()), rate.seconds, now())?;
    }
    if let Some(rate) = settings.thread_rate.filter(|_| !thread.is_empty()) {
        session.count_up(THREAD, &counter(list.id, thread), rate.seconds, now())?;
    }
    Ok(())
}

/// What is counted for `poster_rate` and `thread_rate`.
const POSTER: &str = "poster";
const THREAD: &str = "thread";

fn counter(list: mailjam_store::ListKey, key: &str) -> String {
    format!("{list} {key}")
}

/// The ban that holds one of the senders, on the list or on the site.
fn banned(
    session: &dyn Session,
    list: mailjam_store::ListKey,
    sender: Option<&Address>,
    authors: &[Mailbox],
) -> Result<Option<String>, Error> {
    let keys = poster_keys(sender, authors, Authentication::default());
    let exact: Vec<String> = keys.iter().flat_map(|key| ban::exact(key)).collect();
    let bans = session.bans_about(list, &exact, now())?;
    let holds = |pattern: &str| keys.iter().any(|key| ban::holds(pattern, key));
    Ok(bans.into_iter().map(|row| row.pattern).find(|pattern| holds(pattern)))
}

/// Who posts: the one author, or the envelope sender, if only that one is a member, or there is no one author.
fn poster_of(
    session: &dyn Session,
    list: mailjam_store::ListKey,
    sender: Option<&Address>,
    authors: &[Mailbox],
) -> Result<Option<Address>, Error> {
    let author = match authors {
        [author] => author.address.clone(),
        _ => None,
    };
    let sender = sender.map(unwrap_batv);
    let (Some(author), Some(sender)) = (&author, &sender) else { return Ok(author.or(sender)) };
    let is_member = |address: &Address| Ok::<_, Error>(session.member(list, &address.key())?.is_some());
    let only_sender = author != sender && !is_member(author)? && is_member(sender)?;
    Ok(Some(if only_sender { sender } else { author }.clone()))
}

/// Whom a command is answered to: the one author, who is none of the list's own addresses.
pub fn requester(message: &Message<'_>, list: &ListRow) -> Option<Address> {
    let authors = if is_modest(message) { message.from() } else { Vec::new() };
    let [author] = authors.as_slice() else { return None };
    let author = author.address.as_ref()?;
    Address::parse(&author.to_string()).ok().filter(|author| !list.list.owns(author))
}

fn refused(
    destination: Option<Destination>,
    rule: &'static str,
    refusal: Refusal,
    detail: Option<std::borrow::Cow<'static, str>>,
) -> Judged {
    let detail = detail.unwrap_or_else(|| refusal.to_string().into());
    let trail = vec![Step { rule, decided: true, detail }];
    let decision = Decision { verdict: Verdict::Refuse(refusal), trail };
    Judged {
        destination,
        message_id: String::new(),
        decision,
        poster: None,
        author: Identity::Unknown,
        thread: String::new(),
    }
}

/// Authors of a message who count at most: each is looked up while others wait for the writer.
const AUTHORS: usize = 50;

/// Octets of From fields that are read at most.
const FROM: usize = 16 << 10;

/// Whether the message names its authors in reasonable length.
fn is_modest(message: &Message<'_>) -> bool {
    message.field("From").map(|field| field.raw().len()).sum::<usize>() <= FROM
}

/// Everybody who may count as the one who posts: the envelope sender, also without the tag of BATV, and the authors. Where
/// the mail server vouches for the author, and not for the envelope sender, only the author counts.
fn poster_keys(sender: Option<&Address>, authors: &[Mailbox], authentication: Authentication) -> Vec<String> {
    let vouched = authentication.author == Identity::Passed && authentication.sender != Identity::Passed;
    let sender = sender.filter(|_| !vouched);
    let plain = sender.map(unwrap_batv);
    let authors = authors.iter().filter_map(|author| author.address.as_ref()).take(AUTHORS);
    let senders = sender.into_iter().chain(&plain);
    let mut keys: Vec<String> = senders.chain(authors).map(Address::key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn content(
    message: &Message<'_>,
    handover: &Handover<'_>,
    destination: &Destination,
    authentication: Authentication,
) -> Content {
    let list = &destination.list.list;
    let is_list = |mailbox: &Mailbox| mailbox.address.as_ref() == Some(&list.address);
    let post = destination.kind == Kind::Post;
    Content {
        auto_reply: message.auto_submitted() == AutoSubmitted::Replied,
        own_list_id: compose::is_own_post(message, list),
        passed_on: compose::is_own_owner_mail(message, list),
        automatic: message.is_automatic(),
        answerable: requester(message, &destination.list).is_some(),
        addressed: !post || message.mailboxes("To").iter().chain(&message.mailboxes("Cc")).any(is_list),
        refused_type: handover
            .message
            .filter(|_| post)
            .and_then(|raw| attachment::find(raw, &list.settings.reject_types)),
        unstrippable: handover
            .message
            .filter(|_| post)
            .and_then(|raw| compose::stripped(raw, list, &mut Vec::new()).err())
            .map(|why| why.to_string()),
        authentication,
    }
}
