//! `session.*`: logging in and out at the web socket.

use std::sync::Arc;
use std::time::Duration;

use mailjam_core::address::Address;
use mailjam_rpc::records::{ListRole, LoginOptions, OpenSession, SessionDetail};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{Role, SITE, Session};
use tokio::time::Instant;

use super::{Failed, count, find_list, unknown, value};
use crate::actor::Deed;
use crate::caller::{self, Caller};
use crate::daemon::{Daemon, now};
use crate::login::{self, Opened, Origin, Person};
use crate::params::Params;

/// How long `session.link` takes: longer than writing a mail does, so that nobody sees whether one was written.
const EVEN: Duration = Duration::from_millis(300);

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, caller: &Caller, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    let result = match verb {
        "open" => {
            let (address, password) = (params.take::<String>()?, params.take::<String>()?);
            let origin = Origin::from(params.optional::<LoginOptions>()?);
            open(daemon, &address, &password, origin, actor.how).await.map(|opened| value(record(opened)))
        }
        "link" => {
            let address = params.take::<String>()?;
            let origin = Origin::from(params.optional::<LoginOptions>()?);
            link(daemon, address, origin, params).await.map(|()| Value::Boolean(true))
        }
        "redeem" => {
            let token = params.take::<String>()?;
            let origin = Origin::from(params.optional::<LoginOptions>()?);
            let opened = store.write(move |session| redeem(session, &token, &origin, actor.how)).await;
            opened.map(|opened| value(record(opened)))
        }
        "get" => {
            let (person, list) = (caller.person()?.clone(), params.optional::<String>()?);
            store.read(move |session| detail(session, &person, list.as_deref())).await.map(value)
        }
        "close" => {
            let Person { hash, key, .. } = caller.person()?.clone();
            let closed = store.write(move |session| {
                session.close_login(&hash)?;
                let deed = Deed { action: "session.close", target: &key, ..Deed::default() };
                Ok::<_, Failed>(actor.did(session, None, deed)?)
            });
            closed.await.map(|()| Value::Boolean(true))
        }
        "close_all" => {
            let key = caller.person()?.key.clone();
            let closed = store.write(move |session| {
                let closed = session.close_logins(&key, None)?;
                let before = format!("{closed} sessions");
                let deed = Deed { action: "session.close_all", target: &key, before: &before, after: "" };
                actor.did(session, None, deed)?;
                Ok::<_, Failed>(closed)
            });
            closed.await.map(|closed| Value::Integer(count(closed)))
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn record(opened: Opened) -> OpenSession {
    let Opened { token, expires, address, admin } = opened;
    OpenSession { token, expires: Time(expires), address, admin }
}

/// The one answer to all that keeps somebody from logging in with a password.
fn refused() -> Failed {
    let text = "address and password do not fit, or there were too many attempts; \
                wait a quarter of an hour, or have a link mailed";
    Failed::new(Code::NotAuthenticated, text)
}

async fn open(
    daemon: &Daemon,
    address: &str,
    password: &str,
    origin: Origin,
    how: &'static str,
) -> Result<Opened, Failed> {
    // What is no address may be the password, in the wrong place: it is neither kept nor logged.
    let key = Address::parse_foreign(address.trim()).map(|address| address.key()).unwrap_or_default();
    let (who, from) = (key.clone(), origin.clone());
    let counted = daemon.store.write(move |session| {
        let may = login::may_guess(session, &who, &from)?;
        let account = session.account(&who)?.filter(|account| !account.locked && !account.password.is_empty());
        Ok::<_, Failed>((may, account))
    });
    let (may, account) = counted.await?;
    let from = origin.network.clone().unwrap_or_else(|| "an unknown network".to_owned());
    if !may {
        tracing::warn!("too many attempts to log in as {key:?}, the last from {from}");
        return Err(refused());
    }
    let hash = account.as_ref().map(|account| account.password.clone());
    let right = daemon.passwords.is(password, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        tracing::info!("{key:?} did not log in from {from}: wrong password, or no account with one");
        return Err(refused());
    };
    let opened = daemon.store.write(move |session| {
        // It may have been locked or changed while the password was looked at.
        if !session.account(&key)?.is_some_and(|now| !now.locked && now.password == account.password) {
            return Err(refused());
        }
        login::guessed_right(session, &key, &origin)?;
        login::open(session, &key, &account.address, false, &origin, how)
    });
    opened.await
}

async fn link(daemon: &Daemon, address: String, origin: Origin, params: Params) -> Result<(), Failed> {
    let answer_at = Instant::now() + EVEN;
    let public_url = daemon.config().web.public_url.clone();
    let Ok(address) = Address::parse_foreign(address.trim()) else { return Ok(()) };
    if public_url.is_empty() {
        tracing::warn!("no link to log in is sent: set [web] public_url to where the web client is");
        return Ok(());
    }
    let mailed = daemon
        .store
        .write(move |session| login::mail_link(session, &address, &origin, &public_url, &params.actor))
        .await;
    daemon.work.notify_one();
    tokio::time::sleep_until(answer_at).await;
    mailed
}

fn redeem(session: &mut dyn Session, token: &str, origin: &Origin, how: &'static str) -> Result<Opened, Failed> {
    let used = || Failed::new(Code::BadToken, "the link was used before, or is none of ours; ask for another one");
    let link = session.take_link(&caller::hash(token.trim()))?.ok_or_else(used)?;
    if link.expires <= now() {
        return Err(Failed::new(Code::ConfirmationExpired, "the link is too old; ask for another one"));
    }
    if session.account(&link.key)?.is_some_and(|account| account.locked) {
        return Err(Failed::new(Code::NotAuthenticated, "an administrator keeps you from logging in"));
    }
    login::open(session, &link.key, &link.address, true, origin, how)
}

fn detail(session: &dyn Session, person: &Person, list: Option<&str>) -> Result<SessionDetail, Failed> {
    let mut roles: Vec<ListRole> = Vec::new();
    let mut last = SITE;
    for held in &person.roles {
        // Of each list the higher role comes first.
        if held.role == Role::Admin || held.list == last {
            continue;
        }
        last = held.list;
        if let Some(row) = session.list_by_key(held.list)? {
            roles.push(ListRole {
                list: row.list.address.to_string(),
                description: row.list.settings.description,
                role: held.role.name().to_owned(),
            });
        }
    }
    let (address, admin) = (person.address.clone(), person.is_admin());
    let list = list.map(|list| find_list(session, list)).transpose()?.flatten();
    let list = list.filter(|row| admin || person.role_on(row.id).is_some());
    let held = list.map(|row| session.held_count(row.id)).transpose()?.map(count);
    Ok(SessionDetail { address, admin, expires: Time(person.expires), roles, held })
}
