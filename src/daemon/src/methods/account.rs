//! `account.*`: who can log in with a password, and who runs the site.

use std::sync::Arc;

use mailjam_core::address::Address;
use mailjam_rpc::records::{Account, AccountChanges, NewAccount, Query};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{AccountRow, Page, Role, SITE, Session};

use super::me::is_set;
use super::{Failed, address, page, page_query, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;
use crate::subscription;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    let result = match verb {
        "list" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store.read(move |session| {
                let Page { total, items, next } = session.accounts(&query)?;
                let items = items.into_iter().map(|row| record(session, row)).collect::<Result<Vec<_>, _>>()?;
                Ok::<_, Failed>(Page { total, items, next })
            });
            found.await.map(|found| page(found, |record| record))
        }
        "get" => {
            let who = params.take::<String>()?;
            store.read(move |session| record(session, get(session, &address(&who)?)?)).await.map(value)
        }
        "create" => {
            let who = params.take::<String>()?;
            let NewAccount { password, admin } =
                params.optional()?.unwrap_or(NewAccount { password: None, admin: None });
            let hash = hash(daemon, password).await?.unwrap_or_default();
            let admin = admin.unwrap_or(false);
            store.write(move |session| create(session, &actor, &who, hash, admin)).await.map(value)
        }
        "update" => {
            let (who, changes) = (params.take::<String>()?, params.take::<AccountChanges>()?);
            let AccountChanges { password, admin, locked } = changes;
            let hash = hash(daemon, password).await?;
            store.write(move |session| update(session, &actor, &who, (hash, admin, locked))).await.map(value)
        }
        "delete" => {
            let who = params.take::<String>()?;
            store.write(move |session| delete(session, &actor, &who)).await.map(|()| Value::Boolean(true))
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

/// The hash of a password that was given; empty for the empty one, which means none.
async fn hash(daemon: &Daemon, password: Option<String>) -> Result<Option<String>, Failed> {
    match password.as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(String::new())),
        Some(password) => daemon.passwords.hash(password).await.map(Some),
    }
}

fn get(session: &dyn Session, who: &Address) -> Result<AccountRow, Failed> {
    session.account(&who.key())?.ok_or_else(|| Failed::new(Code::NoAccount, format!("no account {who}")))
}

fn is_admin(session: &dyn Session, key: &str) -> Result<bool, Failed> {
    Ok(session.roles_of(key)?.iter().any(|held| held.role == Role::Admin))
}

fn record(session: &dyn Session, row: AccountRow) -> Result<Account, Failed> {
    Ok(Account {
        admin: is_admin(session, &row.key)?,
        address: row.address,
        has_password: !row.password.is_empty(),
        locked: row.locked,
        created: Time(row.created),
        last_login: Some(row.last_login).filter(|at| *at > 0).map(Time),
    })
}

fn create(
    session: &mut dyn Session,
    actor: &Actor,
    who: &str,
    password: String,
    admin: bool,
) -> Result<Account, Failed> {
    let who = address(who)?;
    let key = who.key();
    if session.account(&key)?.is_some() {
        let text = format!("there is an account {who} already; account.update changes it");
        return Err(Failed::new(Code::AccountExists, text));
    }
    if session.is_suppressed(&subscription::tombstone(session, &key)?)? {
        let text = format!("{who} had all data erased; only that person can come back, by asking");
        return Err(Failed::new(Code::Suppressed, text));
    }
    let row = AccountRow { key, address: who.to_string(), password, locked: false, created: now(), last_login: 0 };
    session.put_account(&row)?;
    let after = format!("password={}", is_set(&row.password));
    let deed = Deed { action: "account.create", target: &row.key, before: "", after: &after };
    actor.did(session, None, deed)?;
    if admin {
        set_admin(session, actor, &row, true)?;
    }
    record(session, row)
}

/// Gives or takes the role admin on the site.
fn set_admin(session: &mut dyn Session, actor: &Actor, row: &AccountRow, admin: bool) -> Result<(), Failed> {
    let changed = if admin {
        session.grant(SITE, &row.key, &row.address, Role::Admin)?
    } else {
        session.revoke(SITE, &row.key, Role::Admin)?
    };
    if changed {
        let (action, before, after) = if admin { ("role.grant", "", "admin") } else { ("role.revoke", "admin", "") };
        actor.did(session, None, Deed { action, target: &row.key, before, after })?;
    }
    Ok(())
}

/// New hash, role admin, lock.
type Changes = (Option<String>, Option<bool>, Option<bool>);

fn update(
    session: &mut dyn Session,
    actor: &Actor,
    who: &str,
    (password, admin, locked): Changes,
) -> Result<Account, Failed> {
    let before = get(session, &address(who)?)?;
    let new_password = password.is_some();
    let after = AccountRow {
        password: password.unwrap_or_else(|| before.password.clone()),
        locked: locked.unwrap_or(before.locked),
        ..before.clone()
    };
    session.put_account(&after)?;
    // Whoever had got hold of the old password, or is to be kept out, is out at once.
    if new_password || after.locked {
        session.close_logins(&after.key, None)?;
    }
    let words = |row: &AccountRow| format!("password={} locked={}", is_set(&row.password), row.locked);
    let (was, mut is) = (words(&before), words(&after));
    if new_password {
        is.push_str(" (new password)");
    }
    if was != is {
        let deed = Deed { action: "account.update", target: &after.key, before: &was, after: &is };
        actor.did(session, None, deed)?;
    }
    if let Some(admin) = admin {
        set_admin(session, actor, &after, admin)?;
    }
    record(session, after)
}

fn delete(session: &mut dyn Session, actor: &Actor, who: &str) -> Result<(), Failed> {
    let row = get(session, &address(who)?)?;
    // Otherwise a mailed link would still let an admin in.
    set_admin(session, actor, &row, false)?;
    session.delete_account(&row.key)?;
    let deed = Deed { action: "account.delete", target: &row.key, ..Deed::default() };
    Ok(actor.did(session, None, deed)?)
}
