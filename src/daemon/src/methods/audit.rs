//! `audit.*`: what was changed and decided.

use std::sync::Arc;

use mailjam_core::address::Address;
use mailjam_rpc::records::{AuditEntry, AuditQuery, Verified};
use mailjam_rpc::{Fault, Time, Value};
use mailjam_store::{AuditRow, Session};

use super::{Failed, count, id, limit, list, page, unknown, value};
use crate::daemon::Daemon;
use crate::params::Params;

/// Entries in a page unless the caller wants another number.
const PAGE: i32 = 100;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let result = match verb {
        "list" => {
            let query = params.optional::<AuditQuery>()?;
            let query = query.unwrap_or(AuditQuery { cursor: None, limit: None, list: None, address: None });
            let limit = limit(query.limit, PAGE)?;
            daemon.store.read(move |session| entries(session, query, limit)).await
        }
        "verify" => daemon.store.read(|session| Ok(value(verify(session)?))).await,
        _ => return Err(unknown(verb)),
    };
    result.map_err(|failed: Failed| Fault::from(failed))
}

fn entries(session: &dyn Session, query: AuditQuery, limit: u32) -> Result<Value, Failed> {
    let address = query.address.map(|text| Address::parse_foreign(&text).map_or(text, |address| address.key()));
    let found = session.audit_entries(&mailjam_store::AuditQuery {
        before: query.cursor.as_deref().map(id).transpose()?.unwrap_or_default(),
        limit,
        list: query.list.as_deref().map(|name| list(session, name)).transpose()?.map(|row| row.id),
        address,
    })?;
    Ok(page(found, record))
}

fn record(row: AuditRow) -> AuditEntry {
    let erased = row.payload.is_none();
    let payload = row.payload.unwrap_or_default();
    AuditEntry {
        id: row.id.to_string(),
        at: Time(row.at),
        action: row.action,
        erased,
        who: payload.who,
        how: payload.how,
        list: payload.list_address,
        target: payload.target,
        before: payload.before,
        after: payload.after,
    }
}

fn verify(session: &dyn Session) -> Result<Verified, Failed> {
    let found = session.verify_audit()?;
    Ok(Verified {
        ok: found.first_bad.is_none(),
        entries: count(found.entries),
        erased: count(found.erased),
        first_bad: found.first_bad.map(|id| id.to_string()),
    })
}
