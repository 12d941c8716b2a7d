//! `me.*`: what everybody who is logged in may do, about that one alone.

use std::sync::Arc;

use mailjam_core::member::DAY;
use mailjam_core::template::one_line;
use mailjam_rpc::records::{MemberAttributes, MyMembership, MyWishes};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{AccountRow, ListRow, MemberRow, Session};

use super::member::{amend_row, apply, mute_row, record};
use super::{Failed, list, posts, privacy, unknown, value};
use crate::actor::{Actor, Deed};
use crate::bounces::course;
use crate::caller::Caller;
use crate::daemon::{Daemon, now};
use crate::login::{self, Origin, Person};
use crate::params::Params;
use crate::subscription;

/// Threads that somebody can mute in a day: each is a row that every post asks for.
const MUTES: u64 = 200;

/// Octets of a Message-ID at most: that of a line (RFC 5322 2.1.1).
const LONGEST_ID: usize = 998;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, caller: &Caller, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let person = caller.person()?.clone();
    let store = &daemon.store;
    let result = match verb {
        "lists" => store.read(move |session| lists(session, &person)).await.map(value),
        "update" => {
            let (name, wishes) = (params.take::<String>()?, params.take::<MyWishes>()?);
            let updated = store.write(move |session| update(session, &actor, &person, &name, wishes)).await;
            updated.map(|row| value(record(row)))
        }
        "leave" => {
            let name = params.take::<String>()?;
            let left = store.write(move |session| {
                let (list, _) = own(session, &person, &name)?;
                subscription::leave(session, &list, &person.key, None, &actor)
            });
            left.await.map(|_| Value::Boolean(true))
        }
        "threads" => {
            let name = params.take::<String>()?;
            let threads = store.read(move |session| {
                let (list, row) = own(session, &person, &name)?;
                posts::threads(session, &list, &row.key)
            });
            threads.await.map(value)
        }
        "mute" => {
            let (name, id) = (params.take::<String>()?, params.take::<String>()?);
            let muted = params.optional::<bool>()?.unwrap_or(true);
            let done = store.write(move |session| mute(session, &person, &name, &id, muted)).await;
            done.map(|()| Value::Boolean(true))
        }
        "enable" => {
            let name = params.take::<String>()?;
            let enabled = store.write(move |session| {
                let (list, row) = own(session, &person, &name)?;
                Ok::<_, Failed>(course::reset(session, &actor, &list, &row.key)?)
            });
            enabled.await.map(Value::Boolean)
        }
        "password" => {
            let (old, new) = (params.take::<String>()?, params.take::<String>()?);
            password(daemon, actor, person, &old, &new).await.map(|()| Value::Boolean(true))
        }
        "export" => {
            store.read(move |session| privacy::document(session, &person.key, &person.address)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    daemon.work.notify_one();
    result.map_err(Fault::from)
}

/// The person's own membership of a list.
fn own(session: &dyn Session, person: &Person, name: &str) -> Result<(ListRow, MemberRow), Failed> {
    let list = list(session, name)?;
    let row = session.member(list.id, &person.key)?;
    let row = row.ok_or_else(|| Failed::new(Code::NoMember, format!("you are not a member of {name}")))?;
    Ok((list, row))
}

fn lists(session: &dyn Session, person: &Person) -> Result<Vec<MyMembership>, Failed> {
    let membership = |(list, row): (ListRow, MemberRow)| {
        let settings = list.list.settings;
        MyMembership {
            list: list.list.address.to_string(),
            description: settings.description,
            language: if row.language.is_empty() { settings.language } else { row.language.clone() },
            role: person.role_on(list.id).map(|role| role.name().to_owned()),
            address: row.address,
            mode: row.mode.name().to_owned(),
            own_posts: row.own_posts,
            away_until: Some(row.away_until).filter(|until| *until > now()).map(Time),
            disabled: Some(row.disabled).filter(|since| *since > 0).map(Time),
        }
    };
    Ok(session.memberships(&person.key)?.into_iter().map(membership).collect())
}

fn update(
    session: &mut dyn Session,
    actor: &Actor,
    person: &Person,
    name: &str,
    wishes: MyWishes,
) -> Result<MemberRow, Failed> {
    let (list, row) = own(session, person, name)?;
    let MyWishes { mode, own_posts, away_until, language, name } = wishes;
    // What becomes of the member's posts is not for the member to say.
    let name = name.as_deref().map(one_line);
    let attributes = MemberAttributes { name, mode, language, own_posts, posting: None, welcome: None };
    amend_row(session, actor, &list, row, "member.update", |row| {
        if let Some(Time(until)) = away_until {
            row.away_until = if until > now() { until } else { 0 };
        }
        apply(row, attributes)
    })
}

fn mute(session: &mut dyn Session, person: &Person, name: &str, id: &str, muted: bool) -> Result<(), Failed> {
    let (list, row) = own(session, person, name)?;
    let id = id.trim();
    if id.is_empty() || id.len() > LONGEST_ID || id.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Failed::new(Code::InvalidParameters, "message_id: that is no Message-ID such as <1@example.org>"));
    }
    if muted && session.count_up("mutes", &person.key, DAY, now())? > MUTES {
        return Err(Failed::new(Code::TooMany, format!("nobody mutes more than {MUTES} threads a day")));
    }
    mute_row(session, &list, &row, id, muted)
}

/// Gives the person another password; whoever else is logged in as that one is so no longer.
async fn password(daemon: &Daemon, actor: Actor, person: Person, old: &str, new: &str) -> Result<(), Failed> {
    let wrong = || Failed::new(Code::BadPassword, "the old password is wrong, or there were too many attempts");
    // First: who chose a bad new one has not guessed at the old one.
    let hash = daemon.passwords.hash(new).await?;
    let key = person.key.clone();
    let counted = daemon.store.write(move |session| {
        let may = login::may_guess(session, &key, &Origin::default())?;
        Ok::<_, Failed>((may, session.account(&key)?))
    });
    let (may, account) = counted.await?;
    if !may {
        return Err(wrong());
    }
    let before = account.map(|account| account.password).unwrap_or_default();
    let proven = if before.is_empty() {
        person.by_link && old.is_empty()
    } else {
        daemon.passwords.is(old, Some(before.clone())).await?
    };
    if !proven {
        return Err(wrong());
    }
    let changed = daemon.store.write(move |session| {
        let account = session.account(&person.key)?.unwrap_or_else(|| AccountRow {
            key: person.key.clone(),
            address: person.address.clone(),
            password: String::new(),
            locked: false,
            created: now(),
            last_login: now(),
        });
        // Somebody else may have changed it, or ended this session, while the hash was computed.
        if account.password != before || account.locked || session.login(&person.hash)?.is_none() {
            return Err(wrong());
        }
        login::guessed_right(session, &person.key, &Origin::default())?;
        session.put_account(&AccountRow { password: hash, ..account })?;
        session.close_logins(&person.key, Some(&person.hash))?;
        let deed = Deed { action: "me.password", target: &person.key, before: is_set(&before), after: "set" };
        Ok(actor.did(session, None, deed)?)
    });
    changed.await
}

/// What the audit says of a password.
pub fn is_set(hash: &str) -> &'static str {
    if hash.is_empty() { "none" } else { "set" }
}
