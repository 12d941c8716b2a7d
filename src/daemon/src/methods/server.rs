//! `server.*`: the daemon itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mailjam_rpc::catalogue::API_VERSION;
use mailjam_rpc::records::{ServerInfo, ServerStats};
use mailjam_rpc::{Code, Fault, Time, Value};

use super::{Failed, count, unknown, value};
use crate::daemon::Daemon;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str) -> Result<Value, Fault> {
    match verb {
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
