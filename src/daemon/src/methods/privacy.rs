//! `privacy.*`: what is stored about a person, and how it is erased.

use std::sync::Arc;

use mailjam_core::notice::{CONFIRM_DAYS, REQUEST_DAYS};
use mailjam_rpc::records::{EraseOptions, Erased, Retention};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{Role, Session};

use super::{Failed, address, count, list, unknown, value};
use crate::actor::{Actor, Deed};
use crate::chores;
use crate::daemon::{Daemon, now};
use crate::params::Params;
use crate::runner;
use crate::subscription;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let first = params.take::<String>()?;
    let result = match verb {
        "export" => daemon.store.read(move |session| export(session, &first)).await.map(value),
        "erase" => {
            let dry = params.optional::<EraseOptions>()?.and_then(|options| options.dry_run).unwrap_or(false);
            let work = move |session: &mut dyn Session| erase(session, &actor, &first);
            if dry { daemon.store.rehearse(work).await } else { daemon.store.write(work).await }.map(value)
        }
        "retention" => {
            let site = daemon.config().storage.retain_posts;
            daemon.store.read(move |session| retention(session, &first, site)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

/// Every row about the person by table, as a JSON document.
fn export(session: &dyn Session, who: &str) -> Result<Vec<u8>, Failed> {
    let address = address(who)?;
    document(session, &address.key(), &address.to_string())
}

/// The same of somebody whose address is known.
pub fn document(session: &dyn Session, key: &str, address: &str) -> Result<Vec<u8>, Failed> {
    let tables = session.person(key)?;
    let mut document = serde_json::Map::new();
    document.insert("address".to_owned(), address.into());
    for (table, rows) in tables {
        let rows: Vec<serde_json::Value> = rows
            .into_iter()
            .map(|row| row.into_iter().map(|(column, text)| (column, text.into())).collect())
            .map(serde_json::Value::Object)
            .collect();
        document.insert(table, rows.into());
    }
    serde_json::to_vec_pretty(&document).map_err(|error| Failed::new(Code::Internal, error))
}

fn erase(session: &mut dyn Session, actor: &Actor, who: &str) -> Result<Erased, Failed> {
    let key = address(who)?.key();
    refuse_last_owner(session, &key)?;
    let counts = session.erase_person(&key, now())?;
    let hash = subscription::tombstone(session, &key)?;
    session.suppress(&hash, true, now())?;
    // Who was erased must not stand here either.
    let after = format!("{} memberships, {} roles, {} posts", counts.memberships, counts.roles, counts.posts);
    actor.did(session, None, Deed { action: "privacy.erase", target: "", before: "", after: &after })?;
    Ok(Erased {
        memberships: count(counts.memberships),
        roles: count(counts.roles),
        posts: count(counts.posts),
        audit_entries: count(counts.audit),
        other: count(counts.other),
    })
}

/// A list without an owner belongs to nobody.
fn refuse_last_owner(session: &dyn Session, key: &str) -> Result<(), Failed> {
    let mut query = mailjam_store::PageQuery { limit: 1000, ..Default::default() };
    loop {
        let page = session.lists(&query)?;
        for row in page.items {
            let owners: Vec<String> = session
                .roles(row.id)?
                .into_iter()
                .filter(|role| role.role == Role::Owner)
                .filter_map(|role| mailjam_core::address::Address::parse_foreign(&role.address).ok())
                .map(|address| address.key())
                .collect();
            if owners.len() == 1 && owners.first().is_some_and(|owner| owner == key) {
                let text = format!("{key} is the last owner of {}; make somebody else owner first", row.list.address);
                return Err(Failed::new(Code::LastOwner, text));
            }
        }
        match page.next {
            Some(next) => query.after = next,
            None => return Ok(()),
        }
    }
}

fn retention(session: &dyn Session, name: &str, site: u32) -> Result<Retention, Failed> {
    let settings = list(session, name)?.list.settings;
    Ok(Retention {
        posts: count(settings.retain_posts.unwrap_or(site)),
        held: count(settings.held_expire),
        requests: count(CONFIRM_DAYS.max(REQUEST_DAYS)),
        decisions: count(chores::DECISIONS),
        handovers: count(runner::HANDOVERS / 86_400),
    })
}
