//! `domain.*`: the domains that lists live in.

use std::sync::Arc;

use mailjam_core::address::Address;
use mailjam_rpc::records::{Domain, DomainAttributes, Query};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::DomainRow;

use super::{Failed, count, page, page_query, unknown, value};
use crate::actor::Deed;
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    if verb == "list" {
        let query = page_query(params.optional::<Query>()?)?;
        let found = daemon.store.read(move |session| session.domains(&query)).await.map_err(Failed::from)?;
        return Ok(page(found, record));
    }
    let actor = params.actor.clone();
    let name = params.take::<String>()?;
    let name = domain_name(&name).ok_or_else(|| Fault::new(Code::NoDomain, format!("{name:?} is no domain name")))?;
    let description = match verb {
        "create" => params.optional::<DomainAttributes>()?.and_then(|attributes| attributes.description),
        "update" => params.take::<DomainAttributes>()?.description,
        _ => None,
    };
    let result = match verb {
        "get" => daemon.store.read(move |session| get(session, &name)).await.map(value),
        "create" => daemon
            .store
            .write(move |session| {
                if !session.create_domain(&name, description.as_deref().unwrap_or_default(), now())? {
                    return Err(Failed::new(Code::DomainInUse, format!("domain {name} exists already")));
                }
                let after = description.as_deref().unwrap_or_default();
                actor.did(session, None, Deed { action: "domain.create", target: &name, before: "", after })?;
                get(session, &name)
            })
            .await
            .map(value),
        "update" => daemon
            .store
            .write(move |session| {
                if let Some(description) = description {
                    let before = get(session, &name)?.description;
                    session.describe_domain(&name, &description)?;
                    let deed = Deed { action: "domain.update", target: &name, before: &before, after: &description };
                    actor.did(session, None, deed)?;
                }
                get(session, &name)
            })
            .await
            .map(value),
        "delete" => {
            daemon
                .store
                .write(move |session| {
                    let found = get(session, &name)?;
                    if !session.delete_domain(&name)? {
                        let text = format!("domain {name} has {} lists; delete or rename them first", found.lists);
                        return Err(Failed::new(Code::DomainInUse, text));
                    }
                    let deed = Deed { action: "domain.delete", target: &name, before: &found.description, after: "" };
                    actor.did(session, None, deed)?;
                    Ok(Value::Boolean(true))
                })
                .await
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

/// A domain in the form in which it is stored.
pub fn domain_name(name: &str) -> Option<String> {
    let address = Address::parse(&format!("x@{}", name.trim())).ok()?;
    (!address.domain().starts_with('[')).then(|| address.ascii_domain().into_owned())
}

fn get(session: &(impl mailjam_store::Lists + ?Sized), name: &str) -> Result<Domain, Failed> {
    let row = session.domain(name)?.ok_or_else(|| Failed::new(Code::NoDomain, format!("no domain {name}")))?;
    Ok(record(row))
}

fn record(row: DomainRow) -> Domain {
    Domain { name: row.name, description: row.description, lists: count(row.lists), created: Time(row.created) }
}
