//! `queue.*`: what was handed over and how far it has come.

use std::sync::Arc;

use mailjam_rpc::records::{QueueDetail, QueueItem, QueueQuery, QueueRecipient, RetrySelection};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{PostQuery, PostRow, PostState, Selection, Session, Troubled};

use super::domain::domain_name;
use super::{Failed, count, limit, list, page, unknown, value};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Recipients that `queue.get` shows at most.
const RECIPIENTS: u32 = 1000;

/// Items in a page unless the caller wants another number.
const PAGE: i32 = 100;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let store = &daemon.store;
    let result = match verb {
        "list" => {
            let query = params.optional()?.unwrap_or(QueueQuery { cursor: None, limit: None, list: None, state: None });
            let limit = limit(query.limit, PAGE)?;
            store.read(move |session| posts(session, query, limit)).await
        }
        "get" => {
            let id = params.take::<String>()?;
            store.read(move |session| detail(session, &id)).await.map(value)
        }
        "retry" => {
            let wanted = params.take::<RetrySelection>()?;
            let retried = store.write(move |session| Ok(session.retry(&selection(session, wanted)?)?)).await;
            daemon.work.notify_one();
            retried.map(|number| Value::Integer(count(number)))
        }
        "drop" => {
            let id = params.take::<String>()?;
            store
                .write(move |session| {
                    let known = item(session, &id)?;
                    session.drop_post(known.id, now())?;
                    Ok(Value::Boolean(true))
                })
                .await
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(|failed: Failed| Fault::from(failed))
}

fn posts(session: &dyn Session, query: QueueQuery, limit: u32) -> Result<Value, Failed> {
    let state = query.state.map(|name| {
        PostState::from_name(&name).ok_or_else(|| {
            let text = format!("query.state: {name:?} is none of sending, waiting, done, quarantined, held");
            Failed::new(Code::InvalidParameters, text)
        })
    });
    let after = query.cursor.map(|cursor| {
        cursor.parse().map_err(|_| Failed::new(Code::InvalidParameters, "query.cursor: not the next of a page"))
    });
    let list = query.list.map(|name| list(session, &name).map(|row| row.id));
    let query = PostQuery {
        after: after.transpose()?.unwrap_or_default(),
        limit,
        list: list.transpose()?,
        state: state.transpose()?,
    };
    Ok(page(session.posts(&query)?, record))
}

fn item(session: &dyn Session, id: &str) -> Result<PostRow, Failed> {
    let row = id.parse().ok().map(|id| session.post(id)).transpose()?.flatten();
    row.ok_or_else(|| Failed::new(Code::NoItem, format!("no item {id:?} in the queue")))
}

fn detail(session: &dyn Session, id: &str) -> Result<QueueDetail, Failed> {
    let row = item(session, id)?;
    let recipients = session.troubled(row.id, "", RECIPIENTS)?;
    Ok(QueueDetail { item: record(row), recipients: recipients.into_iter().map(recipient).collect() })
}

fn record(row: PostRow) -> QueueItem {
    let waits = matches!(row.state, PostState::Sending | PostState::Waiting) && row.next_attempt > 0;
    QueueItem {
        id: row.id.to_string(),
        list: row.list_address,
        kind: row.kind.name().to_owned(),
        message_id: row.message_id,
        sender: row.sender,
        size: count(row.size),
        received: Time(row.received),
        state: row.state.name().to_owned(),
        delivered: count(row.delivered),
        deferred: count(row.deferred),
        refused: count(row.refused),
        next_attempt: waits.then_some(Time(row.next_attempt)),
        last_error: Some(row.last_error).filter(|error| !error.is_empty()),
    }
}

fn recipient(row: Troubled) -> QueueRecipient {
    QueueRecipient {
        address: row.target.address,
        state: if row.refused { "refused" } else { "deferred" }.to_owned(),
        attempts: count(row.attempts),
        next_attempt: (!row.refused).then_some(Time(row.next_attempt)),
        reply: row.reply,
    }
}

fn selection(session: &dyn Session, wanted: RetrySelection) -> Result<Selection, Failed> {
    match (wanted.id, wanted.list, wanted.domain) {
        (Some(id), None, None) => item(session, &id).map(|row| Selection::Post(row.id)),
        (None, Some(name), None) => list(session, &name).map(|row| Selection::List(row.id)),
        (None, None, Some(domain)) => domain_name(&domain)
            .map(Selection::Domain)
            .ok_or_else(|| Failed::new(Code::NoDomain, format!("{domain:?} is no domain name"))),
        _ => Err(Failed::new(Code::InvalidParameters, "selection: set exactly one of id, list and domain")),
    }
}
