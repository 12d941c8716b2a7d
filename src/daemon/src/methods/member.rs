//! `member.*`: memberships.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use mailjam_core::address::Address;
use mailjam_core::decide::Posting;
use mailjam_core::list::List;
use mailjam_core::message::Message;
use mailjam_core::settings::Settings;
use mailjam_rpc::records::{
    ImportItem, ImportOptions, Imported, Member, MemberAttributes, MemberQuery, Membership, Query, Refused,
    RemoveOptions, Synced,
};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{ListKey, ListRow, MemberOrder, MemberRow, Mode, PageQuery, Session};

use super::{Failed, address, count, find_list, list, page, page_query, posts, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;
use crate::subscription;

/// Members in one import at most: what the writer does in one go without keeping posts waiting for long.
const IMPORT: usize = 10_000;

/// Addresses in one sync at most; about as many as fit into a request.
const SYNC: usize = 250_000;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let store = &daemon.store;
    let actor = params.actor.clone();
    let name = params.take::<String>()?;
    let result = match verb {
        "list" => {
            let MemberQuery { cursor, limit, filter, sort } =
                params.optional()?.unwrap_or(MemberQuery { cursor: None, limit: None, filter: None, sort: None });
            let order = order(sort.as_deref())?;
            let query = page_query(Some(Query { cursor, limit, filter }))?;
            let found = store
                .read(move |session| Ok::<_, Failed>(session.members_by(list(session, &name)?.id, &query, order)?));
            found.await.map(|found| page(found, record))
        }
        "get" => {
            let who = params.take::<String>()?;
            store.read(move |session| get(session, list(session, &name)?.id, &who)).await.map(|row| value(record(row)))
        }
        "add" => {
            let who = params.take::<String>()?;
            let attributes = params.optional()?.unwrap_or(MemberAttributes {
                name: None,
                mode: None,
                language: None,
                own_posts: None,
                posting: None,
                welcome: None,
            });
            let added = store.write(move |session| add(session, &actor, &name, &who, attributes)).await;
            daemon.work.notify_one();
            added.map(|row| value(record(row)))
        }
        "update" => {
            let (who, attributes) = (params.take::<String>()?, params.take::<MemberAttributes>()?);
            let changed = store.write(move |session| {
                amend(session, &actor, &name, &who, "member.update", |row| apply(row, attributes))
            });
            changed.await.map(|row| value(record(row)))
        }
        "remove" => {
            let (who, options) = (params.take::<String>()?, params.optional::<RemoveOptions>()?);
            let options = options.unwrap_or(RemoveOptions { notify: None, reason: None });
            let removed = store.write(move |session| remove(session, &actor, &name, &who, &options)).await;
            daemon.work.notify_one();
            removed.map(|()| Value::Boolean(true))
        }
        "pause" => {
            let (who, until) = (params.take::<String>()?, params.optional::<Time>()?);
            let until = until.map_or(0, |until| until.0);
            let paused = store.write(move |session| {
                amend(session, &actor, &name, &who, "member.pause", |row| {
                    row.away_until = if until > now() { until } else { 0 };
                    Ok(())
                })
            });
            paused.await.map(|row| value(record(row)))
        }
        "trust" => {
            let who = params.take::<String>()?;
            let trusted = store.write(move |session| {
                amend(session, &actor, &name, &who, "member.trust", |row| {
                    row.posting = Posting::Accept;
                    Ok(())
                })
            });
            trusted.await.map(|row| value(record(row)))
        }
        "mute" => {
            let (who, thread) = (params.take::<String>()?, params.take::<String>()?);
            let muted = params.optional::<bool>()?.unwrap_or(true);
            store.write(move |session| mute(session, &name, &who, &thread, muted)).await.map(|()| Value::Boolean(true))
        }
        "import" => {
            let (items, dry) = (params.take::<Vec<ImportItem>>()?, is_dry(params.optional()?));
            if items.len() > IMPORT {
                let text = format!("{} members at once; send at most {IMPORT} in a call", items.len());
                return Err(Fault::new(Code::TooLarge, text));
            }
            let work = move |session: &mut dyn Session| import(session, &actor, &name, items);
            if dry { store.rehearse(work).await } else { store.write(work).await }.map(value)
        }
        "sync" => {
            let (addresses, dry) = (params.take::<Vec<String>>()?, is_dry(params.optional()?));
            if addresses.len() > SYNC {
                let text = format!("{} addresses; a sync takes at most {SYNC}", addresses.len());
                return Err(Fault::new(Code::TooLarge, text));
            }
            let work = move |session: &mut dyn Session| sync(session, &actor, &name, &addresses);
            if dry { store.rehearse(work).await } else { store.write(work).await }.map(value)
        }
        "find" => store.read(move |session| find(session, &name)).await.map(value),
        "change_address" => {
            let (new, lists) = (params.take::<String>()?, params.optional::<Vec<String>>()?);
            store.write(move |session| change_address(session, &actor, &name, &new, lists)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn is_dry(options: Option<ImportOptions>) -> bool {
    options.and_then(|options| options.dry_run).unwrap_or(false)
}

/// A membership as a record.
pub fn record(row: MemberRow) -> Member {
    Member {
        address: row.address,
        name: row.name,
        mode: row.mode.name().to_owned(),
        since: Time(row.since),
        language: Some(row.language).filter(|language| !language.is_empty()),
        away_until: Some(row.away_until).filter(|until| *until > now()).map(Time),
        own_posts: row.own_posts,
        posting: row.posting.name().to_owned(),
        approved: count(row.approved),
        disabled: Some(row.disabled).filter(|since| *since > 0).map(Time),
    }
}

fn mode(name: Option<String>) -> Result<Option<Mode>, Failed> {
    name.map(|name| {
        Mode::from_name(&name).ok_or_else(|| {
            Failed::new(
                Code::InvalidParameters,
                format!("mode: {name:?} is none of post, digest, plain-digest, nomail"),
            )
        })
    })
    .transpose()
}

/// A language tag that somebody named; empty for the list's.
pub fn language(text: &str) -> Result<String, Failed> {
    let mut settings = Settings::default();
    settings.set("language", text.trim()).map_err(|error| Failed::new(Code::InvalidParameters, error))?;
    Ok(if text.trim().is_empty() { String::new() } else { settings.language })
}

/// Changes what was given.
pub fn apply(row: &mut MemberRow, attributes: MemberAttributes) -> Result<(), Failed> {
    if let Some(name) = attributes.name {
        row.name = name.replace(char::is_control, " ");
    }
    row.mode = mode(attributes.mode)?.unwrap_or(row.mode);
    if let Some(wanted) = attributes.language {
        row.language = language(&wanted)?;
    }
    row.own_posts = attributes.own_posts.unwrap_or(row.own_posts);
    if let Some(word) = attributes.posting {
        row.posting = Posting::from_name(&word).ok_or_else(|| {
            let text = format!("posting: {word:?} is none of default, accept, hold, refuse, discard");
            Failed::new(Code::InvalidParameters, text)
        })?;
    }
    Ok(())
}

/// A row for somebody who is to become a member.
fn new_row(text: &str, name: Option<String>, wanted: Option<String>) -> Result<MemberRow, Failed> {
    let address = address(text)?;
    let mut row = MemberRow::new(address.key(), address.to_string(), now());
    row.name = name.unwrap_or_default().replace(char::is_control, " ");
    row.mode = mode(wanted)?.unwrap_or_default();
    Ok(row)
}

/// Who had everything erased does not come back by another's hand.
fn refuse_erased(session: &dyn Session, row: &MemberRow) -> Result<(), Failed> {
    if session.is_suppressed(&subscription::tombstone(session, &row.key)?)? {
        let text = format!("{} had all data erased; only that person can come back, by asking", row.address);
        return Err(Failed::new(Code::Suppressed, text));
    }
    Ok(())
}

/// Whether somebody may become a member.
fn check(session: &dyn Session, list: &ListRow, row: &MemberRow) -> Result<(), Failed> {
    refuse_own_address(&list.list, row)?;
    refuse_erased(session, row)
}

fn get(session: &dyn Session, list: ListKey, who: &str) -> Result<MemberRow, Failed> {
    let key = address(who)?.key();
    session.member(list, &key)?.ok_or_else(|| Failed::new(Code::NoMember, format!("{who} is not a member")))
}

fn add(
    session: &mut dyn Session,
    actor: &Actor,
    name: &str,
    who: &str,
    attributes: MemberAttributes,
) -> Result<MemberRow, Failed> {
    let list = list(session, name)?;
    let mut row = new_row(who, None, None)?;
    let welcome = attributes.welcome.unwrap_or(false);
    apply(&mut row, attributes)?;
    check(session, &list, &row)?;
    if session.add_members(list.id, std::slice::from_ref(&row))? != [true] {
        return Err(Failed::new(Code::AlreadyMember, format!("{who} is a member of {name} already")));
    }
    session.update_member(list.id, &row, now())?;
    subscription::forget_request(session, list.id, &row.key)?;
    let after = subscription::wishes(&row);
    actor.did(session, Some(&list), Deed { action: "member.add", target: &row.key, before: "", after: &after })?;
    if welcome {
        subscription::greet(session, &list, &row, None)?;
    }
    Ok(row)
}

/// A list that is its own member would send every post to itself.
fn refuse_own_address(list: &List, row: &MemberRow) -> Result<(), Failed> {
    if Address::parse_foreign(&row.address).is_ok_and(|address| list.owns(&address)) {
        return Err(Failed::new(Code::BadAddress, format!("{} is the list itself", row.address)));
    }
    Ok(())
}

/// Changes a member and writes down what changed.
fn amend(
    session: &mut dyn Session,
    actor: &Actor,
    name: &str,
    who: &str,
    action: &str,
    change: impl FnOnce(&mut MemberRow) -> Result<(), Failed>,
) -> Result<MemberRow, Failed> {
    let list = list(session, name)?;
    let row = get(session, list.id, who)?;
    amend_row(session, actor, &list, row, action, change)
}

/// The same with a member that was looked up.
pub fn amend_row(
    session: &mut dyn Session,
    actor: &Actor,
    list: &ListRow,
    mut row: MemberRow,
    action: &str,
    change: impl FnOnce(&mut MemberRow) -> Result<(), Failed>,
) -> Result<MemberRow, Failed> {
    let before = subscription::wishes(&row);
    change(&mut row)?;
    let after = subscription::wishes(&row);
    if before != after {
        session.update_member(list.id, &row, now())?;
        actor.did(session, Some(list), Deed { action, target: &row.key, before: &before, after: &after })?;
    }
    Ok(row)
}

fn remove(
    session: &mut dyn Session,
    actor: &Actor,
    name: &str,
    who: &str,
    options: &RemoveOptions,
) -> Result<(), Failed> {
    let list = list(session, name)?;
    let row = get(session, list.id, who)?;
    session.remove_members(list.id, std::slice::from_ref(&row.key), now())?;
    let (before, reason) = (subscription::wishes(&row), options.reason.as_deref().unwrap_or_default());
    let deed = Deed { action: "member.remove", target: &row.key, before: &before, after: reason };
    actor.did(session, Some(&list), deed)?;
    if options.notify == Some(true) {
        subscription::take_leave(session, &list, &row, reason, None)?;
    }
    Ok(())
}

/// What a query calls the order.
fn order(sort: Option<&str>) -> Result<MemberOrder, Fault> {
    Ok(match sort.unwrap_or_default() {
        "" | "address" => MemberOrder::Address,
        "name" => MemberOrder::Name,
        "since" => MemberOrder::Since,
        "newest" => MemberOrder::Newest,
        other => {
            let text = format!("query.sort: {other:?} is none of address, name, since and newest");
            return Err(Fault::new(Code::InvalidParameters, text));
        }
    })
}

fn mute(session: &mut dyn Session, name: &str, who: &str, thread: &str, muted: bool) -> Result<(), Failed> {
    let list = list(session, name)?;
    let row = get(session, list.id, who)?;
    mute_row(session, &list, &row, thread, muted)
}

/// Mutes a thread by one of its messages, of which the root is known if the post is stored.
pub fn mute_row(
    session: &mut dyn Session,
    list: &ListRow,
    row: &MemberRow,
    thread: &str,
    muted: bool,
) -> Result<(), Failed> {
    let id = if thread.starts_with('<') { thread.to_owned() } else { format!("<{thread}>") };
    if !muted {
        // Whatever was named when it was muted.
        for id in posts::thread_of(session, list, &id)? {
            session.mute(list.id, &row.key, &id, false, now())?;
        }
        return Ok(());
    }
    let stored = session.post_by_message_id(list.id, &id)?.map(|post| session.message(post)).transpose()?.flatten();
    let known = stored.as_deref().and_then(|bytes| Message::parse(bytes).ok()).map(|message| message.thread());
    subscription::mute_thread(session, list, &row.key, &known.unwrap_or_else(|| vec![id]))?;
    Ok(())
}

fn import(session: &mut dyn Session, actor: &Actor, name: &str, items: Vec<ImportItem>) -> Result<Imported, Failed> {
    let list = list(session, name)?;
    let mut rows = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for item in items {
        let checked =
            new_row(&item.address, item.name, item.mode).and_then(|row| check(session, &list, &row).map(|()| row));
        match checked {
            Ok(row) => rows.push(row),
            Err(Failed(fault)) => refused.push(refused_item(item.address, &fault)),
        }
    }
    let new = session.add_members(list.id, &rows)?;
    let added = new.iter().filter(|new| **new).count();
    let fresh = rows.iter().zip(&new).filter(|(_, new)| **new).map(|(row, _)| row);
    note_all(session, actor, &list, "member.add", fresh)?;
    Ok(Imported { added: count(added), already: count(rows.len() - added), refused })
}

/// Writes down what was done to several members, each by itself, so that it can be erased by itself.
fn note_all<'r>(
    session: &mut dyn Session,
    actor: &Actor,
    list: &ListRow,
    action: &str,
    rows: impl Iterator<Item = &'r MemberRow>,
) -> Result<(), Failed> {
    for row in rows {
        let wishes = subscription::wishes(row);
        let (before, after) = if action == "member.add" { ("", wishes.as_str()) } else { (wishes.as_str(), "") };
        actor.did(session, Some(list), Deed { action, target: &row.key, before, after })?;
        subscription::forget_request(session, list.id, &row.key)?;
    }
    Ok(())
}

fn refused_item(address: String, fault: &Fault) -> Refused {
    Refused { address, code: fault.number, reason: fault.text().to_owned() }
}

fn sync(session: &mut dyn Session, actor: &Actor, name: &str, addresses: &[String]) -> Result<Synced, Failed> {
    let list = list(session, name)?;
    let mut wanted = BTreeMap::new();
    let mut refused = Vec::new();
    for text in addresses {
        match new_row(text, None, None).and_then(|row| check(session, &list, &row).map(|()| row)) {
            Ok(row) => drop(wanted.entry(row.key.clone()).or_insert(row)),
            Err(Failed(fault)) => refused.push(refused_item(text.clone(), &fault)),
        }
    }
    if !refused.is_empty() {
        return Ok(Synced { added: Vec::new(), removed: Vec::new(), kept: 0, refused });
    }
    let mut gone = Vec::new();
    let mut present = HashSet::new();
    let mut query = PageQuery { limit: 10_000, ..PageQuery::default() };
    loop {
        let page = session.members(list.id, &query)?;
        for row in page.items {
            if wanted.contains_key(&row.key) {
                present.insert(row.key);
            } else {
                gone.push(row);
            }
        }
        match page.next {
            Some(next) => query.after = next,
            None => break,
        }
    }
    let new: Vec<MemberRow> = wanted.into_values().filter(|row| !present.contains(&row.key)).collect();
    session.add_members(list.id, &new)?;
    note_all(session, actor, &list, "member.add", new.iter())?;
    note_all(session, actor, &list, "member.remove", gone.iter())?;
    let (keys, removed): (Vec<_>, Vec<_>) = gone.into_iter().map(|row| (row.key, row.address)).unzip();
    session.remove_members(list.id, &keys, now())?;
    let added = new.into_iter().map(|row| row.address).collect();
    Ok(Synced { added, removed, kept: count(present.len()), refused })
}

fn find(session: &dyn Session, who: &str) -> Result<Vec<Membership>, Failed> {
    let found = session.memberships(&address(who)?.key())?;
    let record = |(list, member): (ListRow, MemberRow)| Membership {
        list: list.list.address.to_string(),
        address: member.address,
        name: member.name,
        mode: member.mode.name().to_owned(),
        since: Time(member.since),
    };
    Ok(found.into_iter().map(record).collect())
}

/// Gives a member another address; who is a member under both already stays one under the new.
fn change_address(
    session: &mut dyn Session,
    actor: &Actor,
    old: &str,
    new: &str,
    only: Option<Vec<String>>,
) -> Result<Vec<String>, Failed> {
    let (old_key, new_address) = (address(old)?.key(), address(new)?);
    let mut wanted = HashSet::new();
    for name in only.iter().flatten() {
        let row = find_list(session, name)?.ok_or_else(|| Failed::new(Code::NoList, format!("no list {name}")))?;
        wanted.insert(row.id);
    }
    let mut changed = Vec::new();
    for (list, member) in session.memberships(&old_key)? {
        if only.is_some() && !wanted.contains(&list.id) {
            continue;
        }
        let before = member.key.clone();
        // What came back from the old address says nothing about the new one.
        let row = MemberRow { key: new_address.key(), address: new_address.to_string(), disabled: 0, ..member };
        if row.key == before {
            // The same address in other letters.
            session.respell(list.id, &before, &row.address)?;
        } else {
            check(session, &list, &row)?;
            session.add_members(list.id, std::slice::from_ref(&row))?;
            session.carry_over(list.id, &before, &row)?;
            session.remove_members(list.id, std::slice::from_ref(&before), now())?;
        }
        // An entry for each address, so that either can be erased.
        let deed = |target| Deed { action: "member.change_address", target, before: "", after: "" };
        actor.did(session, Some(&list), Deed { before: "member", ..deed(&before) })?;
        actor.did(session, Some(&list), Deed { after: "member", ..deed(&row.key) })?;
        changed.push(list.list.address.to_string());
    }
    if changed.is_empty() {
        return Err(Failed::new(Code::NoMember, format!("{old} is not a member of any of these lists")));
    }
    Ok(changed)
}
