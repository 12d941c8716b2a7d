//! `member.*`: memberships.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use mailjam_rpc::records::{
    ImportItem, ImportOptions, Imported, Member, MemberAttributes, Membership, Query, Refused, Synced,
};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{ListKey, MemberRow, Mode, PageQuery, Session};

use super::{Failed, address, count, find_list, list, page, page_query, unknown, value};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Members in one import at most: what the writer does in one go without keeping posts waiting for long.
const IMPORT: usize = 10_000;

/// Addresses in one sync at most; about as many as fit into a request.
const SYNC: usize = 250_000;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let store = &daemon.store;
    let name = params.take::<String>()?;
    let result = match verb {
        "list" => {
            let query = page_query(params.optional::<Query>()?)?;
            let found = store.read(move |session| Ok::<_, Failed>(session.members(list(session, &name)?.id, &query)?));
            found.await.map(|found| page(found, record))
        }
        "get" => {
            let who = params.take::<String>()?;
            store.read(move |session| get(session, list(session, &name)?.id, &who)).await.map(|row| value(record(row)))
        }
        "add" => {
            let who = params.take::<String>()?;
            let attributes = params.optional()?.unwrap_or(MemberAttributes { name: None, mode: None });
            store.write(move |session| add(session, &name, &who, attributes)).await.map(|row| value(record(row)))
        }
        "update" => {
            let (who, attributes) = (params.take::<String>()?, params.take::<MemberAttributes>()?);
            store.write(move |session| change(session, &name, &who, attributes)).await.map(|row| value(record(row)))
        }
        "remove" => {
            let who = params.take::<String>()?;
            store.write(move |session| remove(session, &name, &who)).await.map(|()| Value::Boolean(true))
        }
        "import" => {
            let (items, dry) = (params.take::<Vec<ImportItem>>()?, is_dry(params.optional()?));
            if items.len() > IMPORT {
                let text = format!("{} members at once; send at most {IMPORT} in a call", items.len());
                return Err(Fault::new(Code::TooLarge, text));
            }
            let work = move |session: &mut dyn Session| import(session, &name, items);
            if dry { store.rehearse(work).await } else { store.write(work).await }.map(value)
        }
        "sync" => {
            let (addresses, dry) = (params.take::<Vec<String>>()?, is_dry(params.optional()?));
            if addresses.len() > SYNC {
                let text = format!("{} addresses; a sync takes at most {SYNC}", addresses.len());
                return Err(Fault::new(Code::TooLarge, text));
            }
            let work = move |session: &mut dyn Session| sync(session, &name, &addresses);
            if dry { store.rehearse(work).await } else { store.write(work).await }.map(value)
        }
        "find" => store.read(move |session| find(session, &name)).await.map(value),
        "change_address" => {
            let (new, lists) = (params.take::<String>()?, params.optional::<Vec<String>>()?);
            store.write(move |session| change_address(session, &name, &new, lists)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn is_dry(options: Option<ImportOptions>) -> bool {
    options.and_then(|options| options.dry_run).unwrap_or(false)
}

fn record(row: MemberRow) -> Member {
    Member { address: row.address, name: row.name, mode: row.mode.name().to_owned(), since: Time(row.since) }
}

fn mode(name: Option<String>) -> Result<Option<Mode>, Failed> {
    name.map(|name| {
        Mode::from_name(&name)
            .ok_or_else(|| Failed::new(Code::InvalidParameters, format!("mode: {name:?} is neither post nor nomail")))
    })
    .transpose()
}

/// A row for somebody who is to become a member.
fn new_row(text: &str, name: Option<String>, wanted: Option<String>) -> Result<MemberRow, Failed> {
    let address = address(text)?;
    Ok(MemberRow {
        key: address.key(),
        address: address.to_string(),
        name: name.unwrap_or_default().replace(char::is_control, " "),
        mode: mode(wanted)?.unwrap_or_default(),
        since: now(),
    })
}

fn get(session: &dyn Session, list: ListKey, who: &str) -> Result<MemberRow, Failed> {
    let key = address(who)?.key();
    session.member(list, &key)?.ok_or_else(|| Failed::new(Code::NoMember, format!("{who} is not a member")))
}

fn add(session: &mut dyn Session, name: &str, who: &str, attributes: MemberAttributes) -> Result<MemberRow, Failed> {
    let list = list(session, name)?;
    let row = new_row(who, attributes.name, attributes.mode)?;
    refuse_own_address(&list.list.address, &row)?;
    if session.add_members(list.id, std::slice::from_ref(&row))? != [true] {
        return Err(Failed::new(Code::AlreadyMember, format!("{who} is a member of {name} already")));
    }
    Ok(row)
}

/// A list that is its own member would send every post to itself.
fn refuse_own_address(list: &mailjam_core::address::Address, row: &MemberRow) -> Result<(), Failed> {
    if list.key() == row.key {
        return Err(Failed::new(Code::BadAddress, format!("{} is the list itself", row.address)));
    }
    Ok(())
}

fn change(session: &mut dyn Session, name: &str, who: &str, attributes: MemberAttributes) -> Result<MemberRow, Failed> {
    let list = list(session, name)?.id;
    let mut row = get(session, list, who)?;
    if let Some(name) = attributes.name {
        row.name = name.replace(char::is_control, " ");
    }
    row.mode = mode(attributes.mode)?.unwrap_or(row.mode);
    session.update_member(list, &row, now())?;
    Ok(row)
}

fn remove(session: &mut dyn Session, name: &str, who: &str) -> Result<(), Failed> {
    let list = list(session, name)?.id;
    let row = get(session, list, who)?;
    session.remove_members(list, &[row.key], now())?;
    Ok(())
}

fn import(session: &mut dyn Session, name: &str, items: Vec<ImportItem>) -> Result<Imported, Failed> {
    let list = list(session, name)?;
    let mut rows = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for item in items {
        let checked = new_row(&item.address, item.name, item.mode)
            .and_then(|row| refuse_own_address(&list.list.address, &row).map(|()| row));
        match checked {
            Ok(row) => rows.push(row),
            Err(Failed(fault)) => refused.push(refused_item(item.address, &fault)),
        }
    }
    let added = session.add_members(list.id, &rows)?.into_iter().filter(|new| *new).count();
    Ok(Imported { added: count(added), already: count(rows.len() - added), refused })
}

fn refused_item(address: String, fault: &Fault) -> Refused {
    Refused { address, code: fault.number, reason: fault.text().to_owned() }
}

fn sync(session: &mut dyn Session, name: &str, addresses: &[String]) -> Result<Synced, Failed> {
    let list = list(session, name)?;
    let mut wanted = BTreeMap::new();
    let mut refused = Vec::new();
    for text in addresses {
        match new_row(text, None, None).and_then(|row| refuse_own_address(&list.list.address, &row).map(|()| row)) {
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
    let (keys, removed): (Vec<_>, Vec<_>) = gone.into_iter().map(|row| (row.key, row.address)).unzip();
    session.remove_members(list.id, &keys, now())?;
    let added = new.into_iter().map(|row| row.address).collect();
    Ok(Synced { added, removed, kept: count(present.len()), refused })
}

fn find(session: &dyn Session, who: &str) -> Result<Vec<Membership>, Failed> {
    let found = session.memberships(&address(who)?.key())?;
    let record = |(list, member): (mailjam_store::ListRow, MemberRow)| Membership {
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
        session.remove_members(list.id, std::slice::from_ref(&member.key), now())?;
        let row = MemberRow { key: new_address.key(), address: new_address.to_string(), ..member };
        refuse_own_address(&list.list.address, &row)?;
        session.add_members(list.id, &[row])?;
        changed.push(list.list.address.to_string());
    }
    if changed.is_empty() {
        return Err(Failed::new(Code::NoMember, format!("{old} is not a member of any of these lists")));
    }
    Ok(changed)
}
