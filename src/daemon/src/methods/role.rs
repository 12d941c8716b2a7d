//! `role.*`: who runs a list or the site.

use std::sync::Arc;

use mailjam_rpc::records::Role as RoleRecord;
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{ListKey, Role, SITE, Selection, Session};

use super::{Failed, address, list_or_site, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::Daemon;
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let name = params.take::<String>()?;
    let result = match verb {
        "list" => daemon.store.read(move |session| roles(session, &name)).await.map(value),
        "grant" => {
            let (who, role) = (params.take::<String>()?, params.take::<String>()?);
            let granted = daemon.store.write(move |session| grant(session, &actor, &name, &who, &role)).await;
            // Mail may have waited for somebody to go to.
            daemon.work.notify_one();
            granted.map(Value::Boolean)
        }
        "revoke" => {
            let (who, role) = (params.take::<String>()?, params.take::<String>()?);
            daemon
                .store
                .write(move |session| revoke(session, &actor, &name, &who, &role))
                .await
                .map(|()| Value::Boolean(true))
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn roles(session: &dyn Session, name: &str) -> Result<Vec<RoleRecord>, Failed> {
    let rows = session.roles(list_or_site(session, name)?)?;
    Ok(rows.into_iter().map(|row| RoleRecord { address: row.address, role: row.role.name().to_owned() }).collect())
}

/// The role that a word means on a list or the site.
fn role(list: ListKey, word: &str) -> Result<Role, Failed> {
    let fits = |role: &Role| (*role == Role::Admin) == (list == SITE);
    Role::from_name(word).filter(fits).ok_or_else(|| {
        let roles =
            if list == SITE { "the site has the role admin" } else { "a list has the roles owner and moderator" };
        Failed::new(Code::NoRole, format!("no role {word:?}: {roles}"))
    })
}

/// Answers whether the role is new.
fn grant(session: &mut dyn Session, actor: &Actor, name: &str, who: &str, word: &str) -> Result<bool, Failed> {
    let list = list_or_site(session, name)?;
    let (role, address) = (role(list, word)?, address(who)?);
    if role == Role::Owner {
        session.retry(&Selection::List(list))?;
    }
    let key = address.key();
    let new = session.grant(list, &key, &address.to_string(), role)?;
    if new {
        let row = session.list_by_key(list)?;
        actor.did(
            session,
            row.as_ref(),
            Deed { action: "role.grant", target: &key, before: "", after: role.name() },
        )?;
    }
    Ok(new)
}

fn revoke(session: &mut dyn Session, actor: &Actor, name: &str, who: &str, word: &str) -> Result<(), Failed> {
    let list = list_or_site(session, name)?;
    let (role, address) = (role(list, word)?, address(who)?);
    if !session.revoke(list, &address.key(), role)? {
        return Err(Failed::new(Code::NoRole, format!("{who} is not {word} here")));
    }
    if role == Role::Owner && !session.roles(list)?.iter().any(|row| row.role == Role::Owner) {
        let text = format!("{who} is the last owner of {name}; make somebody else owner first");
        return Err(Failed::new(Code::LastOwner, text));
    }
    let (row, key) = (session.list_by_key(list)?, address.key());
    Ok(actor.did(
        session,
        row.as_ref(),
        Deed { action: "role.revoke", target: &key, before: role.name(), after: "" },
    )?)
}
