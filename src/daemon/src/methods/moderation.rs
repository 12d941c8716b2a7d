//! `moderation.*`: posts that wait for a moderator.

use std::sync::Arc;

use mailjam_core::authentication::{self, Identity};
use mailjam_core::ban;
use mailjam_core::message::Message;
use mailjam_core::token::Act;
use mailjam_rpc::records::{ApproveOptions, BulkResult, DiscardOptions, Held, HeldDetail, Query};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{BanRow, HeldRow, Session};

use super::{Failed, address, count, id, list, page, page_query, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::letters::{self, Addressee};
use crate::moderation::{self, Ruling};
use crate::params::Params;

/// Items of one `moderation.bulk` at most.
const BULK: usize = 1000;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    if verb == "bulk" {
        let (ids, action) = (params.take::<Vec<String>>()?, params.take::<String>()?);
        let reason = params.optional::<String>()?.unwrap_or_default();
        return bulk(daemon, ids, &action, &reason, &actor).await;
    }
    let first = params.take::<String>()?;
    let result = match verb {
        "list" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store.read(move |session| {
                let list = if first.is_empty() { None } else { Some(list(session, &first)?.id) };
                Ok::<_, Failed>(session.held_posts(list, &query)?)
            });
            found.await.map(|found| page(found, record))
        }
        "get" => store.read(move |session| detail(session, &first)).await.map(value),
        "approve" => {
            let trust = params.optional::<ApproveOptions>()?.and_then(|options| options.trust).unwrap_or(false);
            let act = if trust { Act::Trust } else { Act::Approve };
            store.write(move |session| rule(session, &actor, &first, act, "")).await
        }
        "reject" => {
            let reason = params.optional::<String>()?.unwrap_or_default();
            store.write(move |session| rule(session, &actor, &first, Act::Reject, &reason)).await
        }
        "discard" => {
            let ban = params.optional::<DiscardOptions>()?.and_then(|options| options.ban).unwrap_or(false);
            let authserv_id = daemon.config().authentication.authserv_id.clone();
            store.write(move |session| discard(session, &actor, &first, ban, &authserv_id)).await
        }
        "forward" => {
            let to = params.take::<String>()?;
            store.write(move |session| forward(session, &actor, &first, &to)).await
        }
        _ => return Err(unknown(verb)),
    };
    daemon.work.notify_one();
    result.map_err(Fault::from)
}

fn record(row: HeldRow) -> Held {
    Held {
        id: row.post.to_string(),
        list: row.list_address,
        sender: row.hold.address,
        subject: row.hold.subject,
        message_id: row.message_id,
        size: count(row.size),
        rule: row.hold.rule,
        reason: row.hold.reason,
        received: Time(row.received),
        expires: Time(row.hold.expires),
    }
}

fn detail(session: &dyn Session, text: &str) -> Result<HeldDetail, Failed> {
    let (row, _) = moderation::waiting(session, id(text)?)?;
    let raw = session.message(row.post)?.unwrap_or_default();
    Ok(HeldDetail { item: record(row), raw })
}

fn rule(session: &mut dyn Session, actor: &Actor, text: &str, act: Act, reason: &str) -> Result<Value, Failed> {
    moderation::decide(session, actor, &actor.who, id(text)?, Ruling::Act(act, reason))?;
    Ok(Value::Boolean(true))
}

fn discard(
    session: &mut dyn Session,
    actor: &Actor,
    text: &str,
    ban: bool,
    authserv_id: &str,
) -> Result<Value, Failed> {
    if ban {
        refuse_ban(session, id(text)?, authserv_id)?;
    }
    let (row, list) = moderation::decide(session, actor, &actor.who, id(text)?, Ruling::Act(Act::Discard, ""))?;
    if ban {
        let pattern = ban::pattern(&row.hold.poster);
        let pattern = pattern.map_err(|error| Failed::new(Code::InvalidParameters, error))?;
        session.add_ban(&BanRow {
            id: 0,
            list: list.id,
            pattern: pattern.clone(),
            reason: format!("posted {:?}", row.hold.subject),
            until: 0,
            created: now(),
            by: actor.who.clone(),
        })?;
        actor.did(session, Some(&list), Deed { action: "ban.add", target: &pattern, before: "", after: "for ever" })?;
    }
    Ok(Value::Boolean(true))
}

/// Nobody is banned who may not have written, and nobody else along with the poster.
fn refuse_ban(session: &dyn Session, post: i64, authserv_id: &str) -> Result<(), Failed> {
    let (row, _) = moderation::waiting(session, post)?;
    let refuse = |why: &str| {
        let text = format!("{} {why}, and is not banned; discard without ban", row.hold.address);
        Err(Failed::new(Code::InvalidParameters, text))
    };
    if row.hold.poster.is_empty() || ban::is_pattern(&row.hold.poster) {
        return refuse("would be read as a pattern");
    }
    let bytes = session.message(post)?.unwrap_or_default();
    let forged = Message::parse(&bytes)
        .is_ok_and(|message| authentication::evaluate(&message, authserv_id, None).author == Identity::Failed);
    if forged { refuse("may be forged") } else { Ok(()) }
}

/// Sends a post to somebody as moderators get it; it is not signed for that one unless it is a moderator.
fn forward(session: &mut dyn Session, actor: &Actor, text: &str, to: &str) -> Result<Value, Failed> {
    let (row, list) = moderation::waiting(session, id(text)?)?;
    let bytes = session.message(row.post)?;
    let to = address(to)?;
    let addressee = Addressee::new(session, &list, &to)?;
    let post = moderation::held_post(&row, bytes);
    let canned = letters::canned_names(session, &list)?;
    letters::send(session, &list, &addressee, None, |desk, to| desk.held(to, std::slice::from_ref(&post), 0, &canned))?;
    let key = to.key();
    let before = format!("post {} held", row.post);
    actor.did(session, Some(&list), Deed { action: "moderation.forward", target: &key, before: &before, after: "" })?;
    Ok(Value::Boolean(true))
}

async fn bulk(
    daemon: &Arc<Daemon>,
    ids: Vec<String>,
    action: &str,
    reason: &str,
    actor: &Actor,
) -> Result<Value, Fault> {
    if ids.len() > BULK {
        return Err(Fault::new(Code::TooLarge, format!("{} items at once; at most {BULK}", ids.len())));
    }
    let act = Act::from_name(action)
        .filter(|act| matches!(act, Act::Approve | Act::Trust | Act::Reject | Act::Discard))
        .ok_or_else(|| {
            let text = format!("action: {action:?} is none of approve, trust, reject, discard");
            Fault::new(Code::InvalidParameters, text)
        })?;
    let mut results = Vec::with_capacity(ids.len());
    for item in ids {
        let (actor, reason, wanted) = (actor.clone(), reason.to_owned(), item.clone());
        let ruled = daemon.store.write(move |session| rule(session, &actor, &wanted, act, &reason)).await;
        results.push(match ruled {
            Ok(_) => BulkResult { id: item, result: "done".to_owned(), text: String::new() },
            Err(Failed(fault)) => {
                let code = Code::from_number(fault.number).map_or("FAULT", Code::name);
                BulkResult { id: item, result: code.to_owned(), text: fault.text().to_owned() }
            }
        });
    }
    daemon.work.notify_one();
    Ok(value(results))
}
