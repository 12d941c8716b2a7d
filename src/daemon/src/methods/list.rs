//! `list.*`: lists and their settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use mailjam_core::list::{self as names, List, NameError};
use mailjam_core::settings::{DEFINITIONS, Definition, Settings, definition};
use mailjam_rpc::records::{Change, List as ListRecord, ListQuery, Query, SettingSchema, UpdateOptions};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{ListRow, Session};

use super::{Failed, count, find_list, list, page, page_query, posts, preview, stats, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Posts that `list.preview` looks at, and days that `list.stats` tells of, unless the caller wants others.
const PREVIEW: i32 = 100;
const DAYS: i32 = 30;

/// Posts that `list.posts` tells of, unless the caller wants others.
const POSTS: i32 = 20;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "settings.schema" => return Ok(schema()),
        "list" => {
            return all(daemon, params.optional()?).await;
        }
        _ => {}
    }
    let actor = params.actor.clone();
    let name = params.take::<String>()?;
    let result = match verb {
        "get" => daemon.store.read(move |session| list(session, &name).map(record)).await.map(value),
        "create" => {
            let settings = params.optional()?.unwrap_or_default();
            let created = daemon.store.write(move |session| create(session, &actor, &name, settings)).await;
            created.map(|row| {
                daemon.note_settings(&row.list.settings);
                value(record(row))
            })
        }
        "update" => return update(daemon, name, params).await,
        "delete" => daemon
            .store
            .write(move |session| {
                let row = list(session, &name)?;
                let before = format!("{} members", row.members);
                actor.did(session, Some(&row), Deed { action: "list.delete", before: &before, ..Deed::default() })?;
                session.delete_list(row.id).map_err(Failed::from)
            })
            .await
            .map(|()| Value::Boolean(true)),
        "rename" => {
            let new = params.take::<String>()?;
            daemon.store.write(move |session| rename(session, &actor, &name, &new)).await.map(|row| value(record(row)))
        }
        "preview" => {
            let (changes, last) = (params.take()?, params.optional::<i32>()?.unwrap_or(PREVIEW));
            let authserv_id = daemon.config().authentication.authserv_id.clone();
            let previewed =
                daemon.store.read(move |session| preview::preview(session, &name, changes, last, &authserv_id));
            previewed.await.map(value)
        }
        "stats" => {
            let days = params.optional::<i32>()?.unwrap_or(DAYS);
            daemon.store.read(move |session| stats::stats(session, &name, days)).await.map(value)
        }
        "posts" => {
            let last = params.optional::<i32>()?.unwrap_or(POSTS);
            daemon.store.read(move |session| posts::posts(session, &list(session, &name)?, last)).await.map(value)
        }
        "close" => set_closed(daemon, actor, name, true).await,
        "reopen" => set_closed(daemon, actor, name, false).await,
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

async fn all(daemon: &Daemon, query: Option<ListQuery>) -> Result<Value, Fault> {
    let query = query.unwrap_or(ListQuery { cursor: None, limit: None, filter: None, settings: None });
    let ListQuery { cursor, limit, filter, settings } = query;
    let wanted = match settings {
        Some(keys) => keys.iter().map(|key| definition(key)).collect::<Result<_, _>>().map_err(Failed::from)?,
        None => DEFINITIONS.iter().collect::<Vec<_>>(),
    };
    let query = page_query(Some(Query { cursor, limit, filter }))?;
    let found = daemon.store.read(move |session| session.lists(&query)).await.map_err(Failed::from)?;
    Ok(page(found, |row| record_with(row, &wanted)))
}

/// Whether a list is one of those that a token is for.
pub async fn is_one_of(daemon: &Daemon, name: Option<String>, permitted: Vec<String>) -> Result<bool, Fault> {
    let Some(name) = name else { return Ok(false) };
    let checked = daemon
        .store
        .read(move |session| {
            let Some(row) = find_list(session, &name)? else { return Ok(false) };
            for permitted in permitted {
                if find_list(session, &permitted)?.is_some_and(|other| other.id == row.id) {
                    return Ok(true);
                }
            }
            Ok::<_, Failed>(false)
        })
        .await;
    checked.map_err(Fault::from)
}

/// The list as a record.
fn record(row: ListRow) -> ListRecord {
    record_with(row, &DEFINITIONS.iter().collect::<Vec<_>>())
}

/// The same with some of its settings.
fn record_with(row: ListRow, wanted: &[&Definition]) -> ListRecord {
    let settings = wanted
        .iter()
        .filter_map(|definition| {
            let text = row.list.settings.get(definition.key)?;
            let value = match definition.kind {
                "octets" | "number" => {
                    text.parse::<u64>().map_or(Value::String(text), |number| Value::Integer(count(number)))
                }
                _ => Value::String(text),
            };
            Some((definition.key.to_owned(), value))
        })
        .collect();
    ListRecord {
        address: row.list.address.to_string(),
        list_id: row.list.list_id,
        closed: row.list.closed,
        revision: count(row.revision),
        members: count(row.members),
        created: Time(row.created),
        settings,
    }
}

fn schema() -> Value {
    let rows = DEFINITIONS.iter().map(|definition| SettingSchema {
        key: definition.key.to_owned(),
        r#type: if matches!(definition.kind, "octets" | "number") { "int" } else { definition.kind }.to_owned(),
        default: definition.default.to_owned(),
        help: definition.help.to_owned(),
    });
    value(rows.collect::<Vec<_>>())
}

fn bad_name(error: NameError) -> Failed {
    let code = if matches!(error, NameError::Address { .. }) { Code::BadAddress } else { Code::BadListName };
    Failed::new(code, error)
}

/// Changes settings; numbers may come as numbers or as text.
pub(super) fn apply(settings: &mut Settings, changes: BTreeMap<String, Value>) -> Result<(), Failed> {
    for (key, value) in changes {
        let text = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Long(number) => number.to_string(),
            _ => return Err(Failed::new(Code::InvalidParameters, format!("{key}: expected a string or an int"))),
        };
        settings.set(&key, &text)?;
    }
    Ok(())
}

fn create(
    session: &mut dyn Session,
    actor: &Actor,
    address: &str,
    changes: BTreeMap<String, Value>,
) -> Result<ListRow, Failed> {
    let address = names::posting_address(address).map_err(bad_name)?;
    let mut settings = Settings::default();
    apply(&mut settings, changes)?;
    let list_id = names::list_id(&address);
    session.create_domain(&address.ascii_domain(), "", now())?;
    let list = List { address, list_id, closed: false, settings };
    let id = session.create_list(&list, now())?;
    let row = id.map(|id| session.list_by_key(id)).transpose()?.flatten().ok_or_else(|| exists(&list))?;
    let after = settings_text(&row.list.settings);
    actor.did(session, Some(&row), Deed { action: "list.create", after: &after, ..Deed::default() })?;
    Ok(row)
}

/// Settings that are not the default, as text for the audit.
fn settings_text(settings: &Settings) -> String {
    settings.changed().into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

fn exists(list: &List) -> Failed {
    let text = format!("{} or its list-id {} is taken by another list", list.address, list.list_id);
    Failed::new(Code::ListExists, text)
}

fn rename(session: &mut dyn Session, actor: &Actor, name: &str, new: &str) -> Result<ListRow, Failed> {
    let row = list(session, name)?;
    let address = names::posting_address(new).map_err(bad_name)?;
    session.create_domain(&address.ascii_domain(), "", now())?;
    let before = row.list.address.to_string();
    let renamed = List { address, ..row.list };
    if !session.update_list(row.id, &renamed)? {
        return Err(exists(&renamed));
    }
    let row = list(session, new)?;
    let after = row.list.address.to_string();
    let deed = Deed { action: "list.rename", target: "", before: &before, after: &after };
    actor.did(session, Some(&row), deed)?;
    Ok(row)
}

async fn set_closed(daemon: &Daemon, actor: Actor, name: String, closed: bool) -> Result<Value, Failed> {
    daemon
        .store
        .write(move |session| {
            let row = list(session, &name)?;
            if row.list.closed != closed {
                let action = if closed { "list.close" } else { "list.reopen" };
                actor.did(session, Some(&row), Deed { action, ..Deed::default() })?;
                session.update_list(row.id, &List { closed, ..row.list })?;
            }
            Ok::<_, Failed>(Value::Boolean(true))
        })
        .await
}

async fn update(daemon: &Daemon, name: String, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let changes = params.take()?;
    let options = params.optional()?.unwrap_or(UpdateOptions { if_revision: None, dry_run: None });
    let work = move |session: &mut dyn Session| {
        let row = list(session, &name)?;
        if options.if_revision.is_some_and(|wanted| i64::from(wanted) != row.revision) {
            let text = format!("{name} has revision {}; read it again and repeat the change", row.revision);
            return Err(Failed::new(Code::RevisionConflict, text));
        }
        let mut settings = row.list.settings.clone();
        apply(&mut settings, changes)?;
        let changes = differences(&row.list.settings, &settings);
        if !changes.is_empty() {
            let text = |value: fn(&Change) -> &str| {
                changes.iter().map(|change| format!("{}={}", change.key, value(change))).collect::<Vec<_>>().join(", ")
            };
            let (before, after) = (text(|change| &change.from), text(|change| &change.to));
            let deed = Deed { action: "list.update", target: "", before: &before, after: &after };
            actor.did(session, Some(&row), deed)?;
            session.update_list(row.id, &List { settings: settings.clone(), ..row.list })?;
        }
        Ok((changes, settings))
    };
    let changes = if options.dry_run == Some(true) {
        daemon.store.rehearse(work).await?.0
    } else {
        let (changes, settings) = daemon.store.write(work).await?;
        daemon.note_settings(&settings);
        changes
    };
    Ok(value(changes))
}

fn differences(before: &Settings, after: &Settings) -> Vec<Change> {
    DEFINITIONS
        .iter()
        .filter_map(|definition| {
            let (from, to) = (before.get(definition.key)?, after.get(definition.key)?);
            (from != to).then(|| Change { key: definition.key.to_owned(), from, to })
        })
        .collect()
}
