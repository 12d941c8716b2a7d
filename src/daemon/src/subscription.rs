//! Who becomes a member, leaves, or changes something, by asking: questions that are sent out, and tokens that come back.

use mailjam_core::address::Address;
use mailjam_core::ban;
use mailjam_core::member::{DAY, Mode, Preference};
use mailjam_core::message::Message;
use mailjam_core::settings::SubscribePolicy;
use mailjam_core::template::one_line;
use mailjam_core::token::{Act, Bearer, Token};
use mailjam_rpc::{Code, Fault};
use mailjam_store::{Error, ListKey, ListRow, MemberRow, RequestRow, Session, WaitsFor};
use sha2::{Digest as _, Sha256};

use crate::actor::{Actor, Deed};
use crate::bounces::course;
use crate::daemon::now;
use crate::letters::{self, Addressee};
use crate::methods::Failed;
use crate::moderation::{self, Ruling};

/// Questions to one address a day, on all lists together: who asks in another's name must not fill that one's mailbox.
const QUESTIONS: u64 = 5;

/// Questions a day that one network can bring about.
const FROM_NETWORK: u64 = 50;

/// What somebody wants who wants to become a member.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// For people.
    pub name: &'a str,
    /// What to get.
    pub mode: Mode,
    /// In which language; empty for the list's.
    pub language: &'a str,
}

/// Where a wish came from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// What is wanted by who wants to join.
    pub wish: Option<Wish<'a>>,
    /// Message-ID of the mail that said it.
    pub answers: Option<&'a str>,
    /// The network that it came from.
    pub network: Option<&'a str>,
    /// Where the pages are on which it can be confirmed; empty for nowhere.
    pub web: &'a str,
}

/// Whether somebody is banned from the list or the site.
pub fn is_banned(session: &dyn Session, list: &ListRow, key: &str) -> Result<bool, Error> {
    let bans = session.bans_about(list.id, &ban::exact(key), now())?;
    Ok(bans.iter().any(|row| ban::holds(&row.pattern, key)))
}

/// The hash under which an erased address is remembered.
pub fn tombstone(session: &dyn Session, key: &str) -> Result<[u8; 32], Error> {
    let salt = session.secret("tombstone")?;
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(key.as_bytes());
    Ok(hash.finalize().into())
}

/// Asks somebody whether an act is wanted, at most once a day. Whoever called learns nothing of what becomes of it.
pub fn ask(
    session: &mut dyn Session,
    list: &ListRow,
    to: &Address,
    act: Act,
    about: u32,
    value: &str,
    origin: Origin<'_>,
) -> Result<(), Error> {
    let key = to.key();
    if list.list.owns(to) || (act == Act::Subscribe && is_banned(session, list, &key)?) {
        return Ok(());
    }
    let question = format!("{} {} {about} {key}", list.id, act.name());
    let mut allowed = session.count_up("question", &question, DAY, now())? == 1;
    // Only those that are sent count against the others.
    allowed = allowed && session.count_up("questions", &key, DAY, now())? <= QUESTIONS;
    // Whoever wants to leave must be able to, however many of a network do.
    if let Some(network) = origin.network.filter(|_| act != Act::Unsubscribe) {
        allowed = allowed && session.count_up("network", network, DAY, now())? <= FROM_NETWORK;
    }
    if !allowed {
        tracing::info!("{}: no further question to {key} today", list.list.address);
        return Ok(());
    }
    let words = match act {
        Act::Set => Preference::from_number(about).map_or(("mode", String::new()), Preference::words),
        other => (other.name(), value.to_owned()),
    };
    let mut to = Addressee::new(session, list, to)?;
    if let Some(wish) = origin.wish {
        note_request(session, list, &to.address, wish)?;
        if to.language.is_empty() {
            to.language = wish.language.to_owned();
        }
    }
    letters::send(session, list, &to, origin.answers, |desk, to| {
        desk.confirm(to, act, about, (words.0, &words.1), origin.web)
    })
}

/// Notes who wants to become a member, for moderators to see, and for name and language, which no token carries. What was
/// noted first stays: others may ask in the same name.
fn note_request(session: &mut dyn Session, list: &ListRow, address: &Address, wish: Wish<'_>) -> Result<(), Error> {
    let key = address.key();
    if session.member(list.id, &key)?.is_some() || session.request_of(list.id, &key)?.is_some() {
        return Ok(());
    }
    session
        .put_request(&RequestRow {
            id: 0,
            list: list.id,
            key,
            address: address.to_string(),
            name: one_line(wish.name),
            mode: wish.mode,
            language: wish.language.to_owned(),
            waits_for: WaitsFor::Confirmation,
            asked: now(),
        })
        .map(drop)
}

/// What came of a token.
#[derive(Clone, Debug)]
pub struct Obeyed {
    /// What it asked for.
    pub act: Act,
    /// The list.
    pub list: ListRow,
    /// Who sent it back.
    pub who: Address,
    /// `done`, `waiting` or `already`.
    pub result: &'static str,
    /// What a text says of it: the word for the act, and the value.
    pub words: (&'static str, String),
}

/// Who brings a token back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carrier<'a> {
    /// The list that the mail was for; a token in its full form names its list itself.
    pub list: Option<&'a ListRow>,
    /// Whose address the mail has.
    pub address: Option<&'a Address>,
    /// What the person wrote.
    pub words: &'a str,
    /// Name in From; only whoever has the token is asked for it, since others may have asked in that one's name.
    pub name: &'a str,
    /// Message-ID of the mail; absent where it was a call.
    pub answers: Option<&'a str>,
}

fn bad(code: Code, text: &str) -> Failed {
    Failed(Fault::new(code, text))
}

/// Does what a token says. Doing it again changes nothing more.
/// `how` it came is for the audit.
pub fn obey(
    session: &mut dyn Session,
    token: &Token,
    carrier: Carrier<'_>,
    how: &'static str,
) -> Result<Obeyed, Failed> {
    let (list, who) = bearer(session, token, carrier)?
        .ok_or_else(|| bad(Code::BadToken, "the token is not genuine, or for somebody else"))?;
    if token.is_over(now()) {
        return Err(bad(Code::ConfirmationExpired, "the token is too old; ask again"));
    }
    let actor = Actor { who: who.key(), how };
    let (result, words) = match token.act {
        Act::Approve | Act::Trust | Act::Reject | Act::Discard | Act::Cancel => {
            let ruling = Ruling::Act(token.act, carrier.words);
            let (row, _) = moderation::decide(session, &actor, &who.key(), i64::from(token.about), ruling)?;
            ("done", (token.act.name(), row.hold.subject))
        }
        Act::Subscribe => {
            let own = carrier.address.is_some_and(|address| *address == who);
            let carrier = Carrier { name: if own { carrier.name } else { "" }, ..carrier };
            (subscribe(session, &list, &who, token, carrier, &actor)?, ("subscribe", String::new()))
        }
        Act::Unsubscribe | Act::Leave => {
            (leave(session, &list, &who.key(), carrier.answers, &actor)?, ("unsubscribe", String::new()))
        }
        Act::Set => set(session, &list, &who, token.about, &actor)?,
        Act::Mute => mute(session, &list, &who, i64::from(token.about))?,
        Act::Enable => {
            session.member(list.id, &who.key())?.ok_or_else(no_member)?;
            let known = course::reset(session, &actor, &list, &who.key())?;
            (if known { "done" } else { "already" }, ("enable", String::new()))
        }
        Act::Admit | Act::Deny => rule_request(session, &list, token, carrier.words, &actor)?,
    };
    Ok(Obeyed { act: token.act, list, who, result, words })
}

/// Whether an act is for those who run a list.
const fn is_for_moderators(act: Act) -> bool {
    matches!(act, Act::Approve | Act::Trust | Act::Reject | Act::Discard | Act::Admit | Act::Deny)
}

/// The list and the person that a token was written for; `None` if it is forged.
fn bearer(session: &dyn Session, token: &Token, carrier: Carrier<'_>) -> Result<Option<(ListRow, Address)>, Error> {
    let secret = session.secret("token")?;
    let list = match (&token.bearer, carrier.list) {
        (Some((number, _)), Some(list)) if *number != list.id => return Ok(None),
        (Some((number, _)), None) => session.list_by_key(*number)?,
        (_, list) => list.cloned(),
    };
    let Some(list) = list else { return Ok(None) };
    let mut candidates: Vec<Address> = Vec::new();
    match &token.bearer {
        Some((_, key)) => {
            // The address as the person writes it, where that is known.
            let known = carrier.address.filter(|address| address.key() == *key).cloned();
            candidates.extend(known.or_else(|| Address::parse_foreign(key).ok()));
        }
        None => {
            candidates.extend(carrier.address.cloned());
            if token.act == Act::Cancel {
                let held = session.held(i64::from(token.about))?;
                candidates.extend(held.and_then(|held| Address::parse_foreign(&held.hold.poster).ok()));
            }
        }
    }
    if is_for_moderators(token.act) {
        let moderators = moderation::moderators(session, &list)?;
        match token.bearer {
            // A role that was taken away takes its tokens along.
            Some(_) => candidates.retain(|address| moderators.contains(address)),
            // Whoever has the token was sent it, from whatever address that one writes.
            None => candidates = moderators,
        }
    }
    let genuine =
        candidates.into_iter().find(|address| token.is_for(&secret, Bearer { list: list.id, key: &address.key() }));
    Ok(genuine.map(|who| (list, who)))
}

fn subscribe(
    session: &mut dyn Session,
    list: &ListRow,
    who: &Address,
    token: &Token,
    carrier: Carrier<'_>,
    actor: &Actor,
) -> Result<&'static str, Failed> {
    let key = who.key();
    if session.member(list.id, &key)?.is_some() {
        // Who asks to be a member wants mail that was stopped.
        course::reset(session, actor, list, &key)?;
        return Ok("already");
    }
    if is_banned(session, list, &key)? {
        return Err(bad(Code::Banned, "the address is banned"));
    }
    let policy = list.list.settings.subscribe_policy;
    if policy == SubscribePolicy::Closed {
        return Err(bad(Code::NotAllowed, "nobody can join this list by asking"));
    }
    let mode = match Preference::from_number(token.about) {
        Some(Preference::Mode(mode)) => mode,
        _ => Mode::default(),
    };
    let request = session.request_of(list.id, &key)?;
    let request = request.unwrap_or_else(|| RequestRow {
        id: 0,
        list: list.id,
        key,
        address: who.to_string(),
        name: String::new(),
        mode,
        language: String::new(),
        waits_for: WaitsFor::Confirmation,
        asked: now(),
    });
    let name = if carrier.name.is_empty() { request.name } else { one_line(carrier.name) };
    let request = RequestRow { mode, name, ..request };
    if policy != SubscribePolicy::ConfirmApprove {
        join(session, list, &request, actor, "subscription.confirm", carrier.answers)?;
        return Ok("done");
    }
    if request.waits_for == WaitsFor::Approval {
        return Ok("already");
    }
    let request = RequestRow { waits_for: WaitsFor::Approval, asked: now(), ..request };
    let id = session.put_request(&request)?;
    let to = Addressee { address: who.clone(), language: request.language.clone() };
    letters::send(session, list, &to, carrier.answers, |desk, to| desk.waiting(to))?;
    for moderator in moderation::moderators(session, list)? {
        let to = Addressee::new(session, list, &moderator)?;
        letters::send(session, list, &to, None, |desk, to| desk.request(to, &request.address, &request.name, id))?;
    }
    Ok("waiting")
}

/// Makes a member of somebody who asked, and forgets the request. Who had everything erased comes back by asking.
pub fn join(
    session: &mut dyn Session,
    list: &ListRow,
    request: &RequestRow,
    actor: &Actor,
    action: &str,
    answers: Option<&str>,
) -> Result<(), Failed> {
    let row = MemberRow {
        name: request.name.clone(),
        mode: request.mode,
        language: request.language.clone(),
        ..MemberRow::new(request.key.clone(), request.address.clone(), now())
    };
    let hash = tombstone(session, &request.key)?;
    session.suppress(&hash, false, now())?;
    session.add_members(list.id, std::slice::from_ref(&row))?;
    forget_request(session, list.id, &request.key)?;
    actor.did(session, Some(list), Deed { action, target: &row.key, before: "", after: row.mode.name() })?;
    if list.list.settings.welcome {
        greet(session, list, &row, answers)?;
    }
    Ok(())
}

/// Lets go of somebody's request to join: the person has joined, or wants to no more.
pub fn forget_request(session: &mut dyn Session, list: ListKey, key: &str) -> Result<(), Error> {
    if let Some(request) = session.request_of(list, key)? {
        session.remove_request(request.id)?;
    }
    Ok(())
}

/// Greets a new member.
pub fn greet(session: &mut dyn Session, list: &ListRow, row: &MemberRow, answers: Option<&str>) -> Result<(), Error> {
    let Some(to) = Addressee::of_row(&row.address, &row.language) else { return Ok(()) };
    letters::send(session, list, &to, answers, |desk, to| desk.welcome(to))
}

/// Takes leave of somebody who was a member.
pub fn take_leave(
    session: &mut dyn Session,
    list: &ListRow,
    row: &MemberRow,
    reason: &str,
    answers: Option<&str>,
) -> Result<(), Error> {
    let Some(to) = Addressee::of_row(&row.address, &row.language) else { return Ok(()) };
    letters::send(session, list, &to, answers, |desk, to| desk.goodbye(to, reason))
}

/// Ends the membership of somebody who wants that; answers `done` or `already`.
pub fn leave(
    session: &mut dyn Session,
    list: &ListRow,
    key: &str,
    answers: Option<&str>,
    actor: &Actor,
) -> Result<&'static str, Failed> {
    // Who wants to leave does not want to be let in either.
    forget_request(session, list.id, key)?;
    let Some(row) = session.member(list.id, key)? else { return Ok("already") };
    session.remove_members(list.id, std::slice::from_ref(&row.key), now())?;
    let deed = Deed { action: "subscription.leave", target: &row.key, before: row.mode.name(), after: "" };
    actor.did(session, Some(list), deed)?;
    if list.list.settings.welcome {
        take_leave(session, list, &row, "", answers)?;
    }
    Ok("done")
}

/// What came of a token, and what a text says of it.
type Came = Result<(&'static str, (&'static str, String)), Failed>;

fn no_member() -> Failed {
    bad(Code::NoMember, "not a member of this list")
}

fn set(session: &mut dyn Session, list: &ListRow, who: &Address, about: u32, actor: &Actor) -> Came {
    let preference =
        Preference::from_number(about).ok_or_else(|| bad(Code::BadToken, "the token says nothing that is known"))?;
    let mut row = session.member(list.id, &who.key())?.ok_or_else(no_member)?;
    let before = wishes(&row);
    match preference {
        Preference::Mode(mode) => row.mode = mode,
        Preference::OwnPosts(wanted) => row.own_posts = wanted,
        Preference::Away(day) => row.away_until = i64::from(day) * DAY,
    }
    let after = wishes(&row);
    if before == after {
        return Ok(("already", preference.words()));
    }
    session.update_member(list.id, &row, now())?;
    actor.did(
        session,
        Some(list),
        Deed { action: "member.update", target: &row.key, before: &before, after: &after },
    )?;
    Ok(("done", preference.words()))
}

/// What a member wishes, as text for the audit.
pub fn wishes(row: &MemberRow) -> String {
    let mut text = format!("mode={} own_posts={} posting={}", row.mode.name(), row.own_posts, row.posting.name());
    if row.away_until != 0 {
        text.push_str(&format!(" away_until={}", mailjam_rpc::Time(row.away_until)));
    }
    if !row.language.is_empty() {
        text.push_str(&format!(" language={}", row.language));
    }
    if !row.name.is_empty() {
        text.push_str(&format!(" name={:?}", row.name));
    }
    text
}

fn mute(session: &mut dyn Session, list: &ListRow, who: &Address, post: i64) -> Came {
    let row = session.member(list.id, &who.key())?.ok_or_else(no_member)?;
    let bytes = session.message(post)?.ok_or_else(|| bad(Code::NoItem, "that post is not kept any more"))?;
    let message = Message::parse(&bytes).map_err(|error| bad(Code::BadMessage, &error.to_string()))?;
    mute_thread(session, list, &row.key, &message.thread())?;
    let subject = message.field("Subject").next().map(|field| field.decoded().into_owned()).unwrap_or_default();
    Ok(("done", ("mute", subject)))
}

/// Mutes a thread by its root and by the message that was named: later posts refer to one of them.
pub fn mute_thread(session: &mut dyn Session, list: &ListRow, key: &str, thread: &[String]) -> Result<(), Error> {
    let ends = thread.first().into_iter().chain(thread.last().filter(|_| thread.len() > 1));
    for id in ends {
        session.mute(list.id, key, id, true, now())?;
    }
    Ok(())
}

fn rule_request(session: &mut dyn Session, list: &ListRow, token: &Token, reason: &str, actor: &Actor) -> Came {
    let id = i64::from(token.about);
    let request = session.request(id)?.filter(|request| request.list == list.id);
    let request = request.ok_or_else(|| bad(Code::NoItem, "somebody decided about this request before"))?;
    if token.act == Act::Admit {
        admit(session, list, &request, actor)?;
        return Ok(("done", ("admit", request.address)));
    }
    turn_down(session, list, &request, reason, true, actor)?;
    Ok(("done", ("deny", request.address)))
}

/// Makes a member of somebody who waits for approval.
pub fn admit(session: &mut dyn Session, list: &ListRow, request: &RequestRow, actor: &Actor) -> Result<(), Failed> {
    if is_banned(session, list, &request.key)? {
        return Err(bad(Code::Banned, "the address is banned; lift the ban first"));
    }
    if request.waits_for != WaitsFor::Approval {
        return Err(bad(Code::NoItem, "the person has not confirmed; nobody else can do that"));
    }
    if session.member(list.id, &request.key)?.is_some() {
        return Err(bad(Code::NoItem, "the person has become a member meanwhile"));
    }
    join(session, list, request, actor, "subscription.approve", None)
}

/// Turns a request down; the person is told if `tell`.
pub fn turn_down(
    session: &mut dyn Session,
    list: &ListRow,
    request: &RequestRow,
    reason: &str,
    tell: bool,
    actor: &Actor,
) -> Result<(), Failed> {
    session.remove_request(request.id)?;
    let deed =
        Deed { action: "subscription.deny", target: &request.key, before: request.waits_for.name(), after: reason };
    actor.did(session, Some(list), deed)?;
    // Who has not confirmed may not even have asked.
    if tell
        && request.waits_for == WaitsFor::Approval
        && let Some(to) = Addressee::of_row(&request.address, &request.language)
    {
        letters::send(session, list, &to, None, |desk, to| desk.denied(to, reason))?;
    }
    Ok(())
}
