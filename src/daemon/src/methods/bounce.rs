//! `bounce.*`: mail that came back, and members whose mail did.

use std::panic::catch_unwind;
use std::sync::Arc;

use mailjam_core::bounce::{self, Kind};
use mailjam_rpc::records::{Bounce, BounceDetail, Bouncing, BouncingMember, Classified, Query};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{BounceRow, BouncingRow, ListRow, MemberRow, PageQuery, Session, Stage};

use super::{Failed, address, id, list, page, page_query, unknown, value};
use crate::actor::{Actor, Deed};
use crate::bounces::course;
use crate::daemon::Daemon;
use crate::params::Params;

/// Bounces of a member that `bounce.member` shows.
const SHOWN: u32 = 50;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    if verb == "classify" {
        return classify(params.take::<Vec<u8>>()?).await.map(value);
    }
    let first = params.take::<String>()?;
    let result = match verb {
        "list" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store.read(move |session| {
                let list = list(session, &first)?;
                Ok::<_, Failed>((session.bounces(list.id, None, &query)?, list))
            });
            found.await.map(|(found, list)| page(found, |row| record(row, &list)))
        }
        "members" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store
                .read(move |session| Ok::<_, Failed>(session.bouncing_members(list(session, &first)?.id, &query)?));
            found.await.map(|found| page(found, state))
        }
        "get" => store.read(move |session| detail(session, &first)).await.map(value),
        "member" => {
            let who = params.take::<String>()?;
            store.read(move |session| of_member(session, &first, &who)).await.map(value)
        }
        "reset" => {
            let who = params.take::<String>()?;
            store.write(move |session| reset(session, &actor, &first, &who)).await.map(Value::Boolean)
        }
        "probe" => {
            let who = params.take::<String>()?;
            store.write(move |session| probe(session, &actor, &first, &who)).await.map(|()| Value::Boolean(true))
        }
        _ => return Err(unknown(verb)),
    };
    daemon.work.notify_one();
    result.map_err(Fault::from)
}

fn record(row: BounceRow, list: &ListRow) -> Bounce {
    let number = |id: i64| (id > 0).then(|| id.to_string());
    Bounce {
        id: row.id.to_string(),
        list: list.list.address.to_string(),
        address: row.address,
        member: Some(row.key).filter(|key| !key.is_empty()),
        at: Time(row.at),
        outcome: row.outcome,
        class: row.class,
        hard: row.hard,
        status: Some(row.status).filter(|status| !status.is_empty()),
        diagnostic: row.diagnostic,
        points: f64::from(row.points) / 100.0,
        post: number(row.post),
        report: number(row.report),
    }
}

fn state(row: BouncingRow) -> Bouncing {
    let time = |at: i64| (at > 0).then_some(Time(at));
    Bouncing {
        member: row.key,
        score: f64::from(row.score) / 100.0,
        scored: time(row.scored),
        stage: row.stage.name().to_owned(),
        reason: Some(row.reason).filter(|reason| !reason.is_empty()),
        since: time(row.since),
        warnings: super::count(row.warnings),
        next: time(row.due),
    }
}

fn detail(session: &dyn Session, text: &str) -> Result<BounceDetail, Failed> {
    let row = session.bounce(id(text)?)?.ok_or_else(|| Failed::new(Code::NoItem, format!("no bounce {text}")))?;
    let list = session.list_by_key(row.list)?;
    let list = list.ok_or_else(|| Failed::new(Code::NoItem, format!("the list of bounce {text} is gone")))?;
    let raw = if row.report > 0 { session.message(row.report)? } else { None };
    Ok(BounceDetail { item: record(row, &list), raw })
}

/// A list and one of its members.
fn member(session: &dyn Session, name: &str, who: &str) -> Result<(ListRow, MemberRow), Failed> {
    let list = list(session, name)?;
    let found = session.member(list.id, &address(who)?.key())?;
    let found =
        found.ok_or_else(|| Failed::new(Code::NoMember, format!("{who} is no member of {}", list.list.address)))?;
    Ok((list, found))
}

fn of_member(session: &dyn Session, name: &str, who: &str) -> Result<BouncingMember, Failed> {
    let (list, member) = member(session, name, who)?;
    let query = PageQuery { limit: SHOWN, ..PageQuery::default() };
    let bounces = session.bounces(list.id, Some(&member.key), &query)?;
    let known = session.bouncing(list.id, &member.key)?;
    Ok(BouncingMember {
        state: state(known.unwrap_or_else(|| BouncingRow { key: member.key, ..BouncingRow::default() })),
        bounces: bounces.items.into_iter().map(|row| record(row, &list)).collect(),
    })
}

fn reset(session: &mut dyn Session, actor: &Actor, name: &str, who: &str) -> Result<bool, Failed> {
    let (list, member) = member(session, name, who)?;
    Ok(course::reset(session, actor, &list, &member.key)?)
}

fn probe(session: &mut dyn Session, actor: &Actor, name: &str, who: &str) -> Result<(), Failed> {
    let (list, member) = member(session, name, who)?;
    let known = session.bouncing(list.id, &member.key)?;
    let known = known.unwrap_or_else(|| BouncingRow { key: member.key.clone(), ..BouncingRow::default() });
    if known.stage == Stage::Disabled {
        let text = format!("mail to {} is stopped; mailjam-cli bounce reset lets it go out again", member.address);
        return Err(Failed::new(Code::InvalidParameters, text));
    }
    let diagnostic = session.last_words(list.id, &member.key)?;
    course::probe(session, &list, &member, known, &diagnostic)?;
    let deed = Deed { action: "bounce.probe", target: &member.key, before: "", after: "" };
    Ok(actor.did(session, Some(&list), deed)?)
}

/// What a mail would be taken for.
async fn classify(message: Vec<u8>) -> Result<Vec<Classified>, Fault> {
    let read = tokio::task::spawn_blocking(move || catch_unwind(|| bounce::read(&message)).ok()).await;
    let mail = read.ok().flatten();
    let mail = mail
        .ok_or_else(|| Fault::new(Code::Internal, "this mail made the code panic; please report it with the mail"))?;
    let Kind::Bounce(reports) = mail.kind else { return Ok(Vec::new()) };
    let classified = |report: bounce::Report| Classified {
        address: report.address.unwrap_or_default(),
        class: report.class.name().to_owned(),
        status: report.status.map(|status| status.to_string()),
        hard: report.hard,
        diagnostic: report.diagnostic,
    };
    Ok(reports.into_iter().map(classified).collect())
}
