//! `dkim.*`: the keys that lists sign with. Private keys never leave the daemon's host.

use std::sync::Arc;

use mailjam_rpc::records::{DkimOptions, DkimRecord};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_signature::{Algorithm, dns_record, generate};

use super::domain::domain_name;
use super::{Failed, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;
use crate::signing::{self, Stored};

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let daemon = daemon.clone();
    if verb == "list" {
        let all = blocking(move || Ok(stored(&daemon)?.iter().map(record).collect::<Vec<_>>())).await;
        return all.map(value).map_err(Fault::from);
    }
    let domain = params.take::<String>()?;
    let domain = domain_name(&domain).ok_or_else(|| {
        Fault::new(Code::InvalidParameters, format!("domain: {domain:?} is no domain such as lists.example.org"))
    })?;
    if verb == "create" {
        let options = params.optional::<DkimOptions>()?;
        let options = options.unwrap_or(DkimOptions { selector: None, algorithm: None });
        let of = domain.clone();
        let created = daemon.clone();
        let made = blocking(move || create(&created, &of, options)).await.map_err(Fault::from)?;
        audit(&daemon, actor, "dkim.create", format!("{}._domainkey.{domain}", made.selector)).await?;
        return Ok(value(made));
    }
    let selector = params.take::<String>()?;
    let name = format!("{selector}._domainkey.{domain}");
    let keys = daemon.clone();
    match verb {
        "activate" => {
            let activated = blocking(move || {
                let all = stored(&keys)?;
                let key = find(&all, &domain, &selector)?;
                signing::activate(key, &all).map_err(failed)?;
                keys.reload_keys().map_err(failed)
            });
            activated.await.map_err(Fault::from)?;
            audit(&daemon, actor, "dkim.activate", name).await?;
        }
        "remove" => {
            let removed = blocking(move || {
                let all = stored(&keys)?;
                let key = find(&all, &domain, &selector)?;
                signing::remove(key).map_err(failed)?;
                keys.reload_keys().map_err(failed)
            });
            removed.await.map_err(Fault::from)?;
            audit(&daemon, actor, "dkim.remove", name).await?;
        }
        _ => return Err(unknown(verb)),
    }
    Ok(Value::Boolean(true))
}

/// Files are read and written, and keys made, where nothing else waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failed> + Send + 'static) -> Result<T, Failed> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Failed::new(Code::Internal, error)))
}

fn failed(error: signing::Error) -> Failed {
    let code = match &error {
        signing::Error::File { .. } => Code::StorageFull,
        signing::Error::Configured { .. }
        | signing::Error::Key(_)
        | signing::Error::Signer(_)
        | signing::Error::NoCredentials(_) => Code::InvalidParameters,
    };
    Failed::new(code, error)
}

fn stored(daemon: &Daemon) -> Result<Vec<Stored>, Failed> {
    signing::stored(&daemon.config()).map_err(failed)
}

fn record(stored: &Stored) -> DkimRecord {
    let record = dns_record(&stored.domain, &stored.selector, &stored.key.public());
    DkimRecord {
        domain: stored.domain.clone(),
        selector: stored.selector.clone(),
        algorithm: stored.key.algorithm().to_string().to_ascii_lowercase(),
        active: stored.active,
        configured: stored.configured,
        name: record.name.clone(),
        strings: record.strings.clone(),
        line: record.to_string(),
    }
}

fn create(daemon: &Daemon, domain: &str, options: DkimOptions) -> Result<DkimRecord, Failed> {
    let algorithm = match options.algorithm.as_deref().unwrap_or("rsa") {
        "rsa" => Algorithm::Rsa,
        "ed25519" => Algorithm::Ed25519,
        other => {
            let text = format!("algorithm: {other:?} is none of rsa, ed25519");
            return Err(Failed::new(Code::InvalidParameters, text));
        }
    };
    let all = stored(daemon)?;
    let selector = options.selector.unwrap_or_else(|| free_selector(&all, domain, algorithm));
    let is_name = !selector.is_empty()
        && selector.len() <= 63
        && !selector.starts_with('-')
        && !selector.ends_with('-')
        && selector.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_name {
        let text = format!("selector: {selector:?} is no name of letters, digits and hyphens");
        return Err(Failed::new(Code::InvalidParameters, text));
    }
    if all.iter().any(|key| key.domain == domain && key.selector == selector) {
        return Err(Failed::new(Code::InvalidParameters, format!("selector: {domain} has a key {selector} already")));
    }
    let pem = generate(algorithm).map_err(|error| Failed::new(Code::Internal, error))?;
    signing::keep(&daemon.config(), domain, &selector, pem.as_str()).map_err(failed)?;
    let all = stored(daemon)?;
    find(&all, domain, &selector).map(record)
}

/// A name that says when the key was made.
fn free_selector(all: &[Stored], domain: &str, algorithm: Algorithm) -> String {
    let date = mailjam_rpc::Time(now()).to_string();
    let month: String = date.chars().filter(char::is_ascii_digit).take(6).collect();
    let kind = if algorithm == Algorithm::Rsa { "r" } else { "e" };
    let is_free = |name: &String| !all.iter().any(|key| key.domain == domain && key.selector == *name);
    let first = format!("mj{month}{kind}");
    if is_free(&first) {
        return first;
    }
    (2..).map(|number: u32| format!("{first}{number}")).find(is_free).unwrap_or(first)
}

fn find<'k>(all: &'k [Stored], domain: &str, selector: &str) -> Result<&'k Stored, Failed> {
    let found = all.iter().find(|key| key.domain == domain && key.selector == selector);
    let found = found.ok_or_else(|| Failed::new(Code::NoItem, format!("no key {selector} of {domain}")))?;
    if found.configured {
        let text = format!("the key {selector} of {domain} stands in mailjam.toml; change it there");
        return Err(Failed::new(Code::InvalidParameters, text));
    }
    Ok(found)
}

async fn audit(daemon: &Daemon, actor: Actor, action: &'static str, target: String) -> Result<(), Fault> {
    let written = daemon
        .store
        .write(move |session| actor.did(session, None, Deed { action, target: &target, ..Deed::default() }));
    Ok(written.await.map_err(Failed::from)?)
}
