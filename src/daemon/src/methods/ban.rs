//! `ban.*`: who may neither post nor subscribe.

use std::sync::Arc;

use mailjam_core::ban;
use mailjam_rpc::records::{Ban, BanOptions};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{BanRow, ListKey, ListRow, SITE, Session};

use super::{Failed, address, id, list, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    let first = params.take::<String>()?;
    let result = match verb {
        "list" => store.read(move |session| bans(session, &first)).await.map(value),
        "add" => {
            let pattern = params.take::<String>()?;
            let options = params.optional::<BanOptions>()?.unwrap_or(BanOptions { until: None, reason: None });
            store.write(move |session| add(session, &actor, &first, &pattern, options)).await.map(value)
        }
        "remove" => store.write(move |session| remove(session, &actor, &first)).await.map(|()| Value::Boolean(true)),
        "check" => {
            let who = params.take::<String>()?;
            store.read(move |session| check(session, &first, &who)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

/// The list that a ban is for, or none for the site.
fn scope(session: &dyn Session, name: &str) -> Result<Option<ListRow>, Failed> {
    if name.is_empty() { Ok(None) } else { list(session, name).map(Some) }
}

fn key(list: Option<&ListRow>) -> ListKey {
    list.map_or(SITE, |row| row.id)
}

fn record(row: BanRow, scope: Option<&ListRow>) -> Ban {
    Ban {
        id: row.id.to_string(),
        scope: scope.map(|row| row.list.address.to_string()).unwrap_or_default(),
        pattern: row.pattern,
        reason: row.reason,
        until: (row.until != 0).then_some(Time(row.until)),
        created: Time(row.created),
        by: row.by,
    }
}

fn bans(session: &dyn Session, name: &str) -> Result<Vec<Ban>, Failed> {
    let scope = scope(session, name)?;
    let rows = session.bans(key(scope.as_ref()))?;
    Ok(rows.into_iter().map(|row| record(row, scope.as_ref())).collect())
}

fn add(
    session: &mut dyn Session,
    actor: &Actor,
    name: &str,
    pattern: &str,
    options: BanOptions,
) -> Result<Ban, Failed> {
    let scope = scope(session, name)?;
    let pattern = ban::pattern(pattern).map_err(|error| Failed::new(Code::InvalidParameters, error))?;
    let until = options.until.map_or(0, |until| until.0);
    if until != 0 && until <= now() {
        return Err(Failed::new(Code::InvalidParameters, "until: is in the past"));
    }
    let row = BanRow {
        id: 0,
        list: key(scope.as_ref()),
        pattern,
        reason: options.reason.unwrap_or_default().replace(char::is_control, " "),
        until,
        created: now(),
        by: actor.who.clone(),
    };
    let row = BanRow { id: session.add_ban(&row)?, ..row };
    let after = options.until.map_or_else(|| "for ever".to_owned(), |until| format!("until {until}"));
    actor.did(session, scope.as_ref(), Deed { action: "ban.add", target: &row.pattern, before: "", after: &after })?;
    Ok(record(row, scope.as_ref()))
}

fn remove(session: &mut dyn Session, actor: &Actor, text: &str) -> Result<(), Failed> {
    let row = session.ban(id(text)?)?.ok_or_else(|| Failed::new(Code::NoItem, format!("no ban {text}")))?;
    session.remove_ban(row.id)?;
    let list = session.list_by_key(row.list)?;
    let deed = Deed { action: "ban.remove", target: &row.pattern, before: &row.reason, after: "" };
    Ok(actor.did(session, list.as_ref(), deed)?)
}

fn check(session: &dyn Session, name: &str, who: &str) -> Result<Vec<Ban>, Failed> {
    let list = list(session, name)?;
    let key = address(who)?.key();
    let rows = session.bans_about(list.id, &ban::exact(&key), now())?;
    let holding = rows.into_iter().filter(|row| ban::holds(&row.pattern, &key));
    Ok(holding.map(|row| if row.list == SITE { record(row, None) } else { record(row, Some(&list)) }).collect())
}
