//! `server.*`: the daemon itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mailjam_rpc::catalogue::API_VERSION;
use mailjam_rpc::records::{Finding, ServerInfo, ServerStats};
use mailjam_rpc::{Code, Fault, Time, Value};

use super::{Failed, count, unknown, value};
use crate::daemon::Daemon;
use crate::doctor;
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "doctor" => {
            let wanted = params.optional::<Vec<String>>()?.unwrap_or_default();
            if let Some(unknown) = wanted.iter().find(|check| !doctor::CHECKS.contains(&check.as_str())) {
                let text = format!("checks: {unknown:?} is none of {}", doctor::CHECKS.join(", "));
                return Err(Fault::new(Code::InvalidParameters, text));
            }
            let findings = doctor::examine(daemon, &wanted).await.into_iter();
            let records: Vec<Finding> = findings
                .map(|finding| Finding {
                    check: finding.check.to_owned(),
                    status: finding.status.name().to_owned(),
                    detail: finding.detail,
                    fix: finding.fix,
                })
                .collect();
            Ok(value(records))
        }
        "info" => Ok(value(info(daemon))),
        "ping" => Ok(Value::Boolean(true)),
        "stats" => stats(daemon).await.map(value).map_err(Fault::from),
        "reload" => {
            let reloading = daemon.clone();
            // Checking the address looks a name up, which blocks.
            let reloaded = tokio::task::spawn_blocking(move || reloading.reload()).await;
            match reloaded {
                Ok(Ok(())) => Ok(Value::Boolean(true)),
                Ok(Err(error)) => Err(Fault::new(Code::InvalidParameters, error)),
                Err(error) => Err(Fault::new(Code::Internal, error)),
            }
        }
        _ => Err(unknown(verb)),
    }
}

fn info(daemon: &Daemon) -> ServerInfo {
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: API_VERSION,
        schema: count(mailjam_store::SCHEMA_VERSION),
        uptime: count(daemon.started.elapsed().as_secs()),
        pid: count(std::process::id()),
    }
}

async fn stats(daemon: &Daemon) -> Result<ServerStats, Failed> {
    let stored = daemon.store.read(|session| session.counts()).await?;
    let verdicts: BTreeMap<String, Value> = daemon
        .tally
        .verdicts()
        .into_iter()
        .map(|(action, number)| (action.to_owned(), Value::Integer(count(number))))
        .collect();
    Ok(ServerStats {
        lists: count(stored.lists),
        members: count(stored.members),
        queued: count(stored.queued),
        deferred: count(stored.deferred),
        oldest: stored.oldest.map(Time),
        verdicts,
        delivered: count(daemon.tally.delivered.load(Ordering::Relaxed)),
        refused: count(daemon.tally.refused.load(Ordering::Relaxed)),
        uptime: count(daemon.started.elapsed().as_secs()),
    })
}
