//! `digest.*`: what waits for a list's next digest.

use std::sync::Arc;

use mailjam_rpc::records::{DigestPreview, DigestStatus};
use mailjam_rpc::{Code, Fault, Time, Value};
use mailjam_store::{Audience, ListRow, PostKind, Session};

use super::{Failed, count, list, unknown, value};
use crate::actor::Deed;
use crate::daemon::{Daemon, now};
use crate::digests::{self, Waiting};
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let name = params.take::<String>()?;
    let found = daemon.store.read(move |session| {
        let list = list(session, &name)?;
        let waiting = digests::waiting(session, list.id)?;
        let status = status(session, &list, &waiting)?;
        Ok::<_, Failed>((list, waiting, status))
    });
    let (list, waiting, status) = found.await.map_err(Fault::from)?;
    match verb {
        "status" => Ok(value(status)),
        "send" => {
            if waiting.posts.is_empty() {
                let text = format!("nothing waits for a digest of {}", list.list.address);
                return Err(Fault::new(Code::NoItem, text));
            }
            let sent = digests::send(daemon, list.clone(), waiting).await.map_err(Failed::from)?;
            let after = format!("{sent} posts");
            let audited = daemon.store.write(move |session| {
                actor.did(session, Some(&list), Deed { action: "digest.send", after: &after, ..Deed::default() })
            });
            audited.await.map_err(Failed::from)?;
            Ok(Value::Integer(count(sent)))
        }
        "preview" => {
            let (posts, message) = digests::preview(daemon, &list, &waiting).await.map_err(Failed::from)?;
            Ok(value(DigestPreview { posts: count(posts), message }))
        }
        _ => Err(unknown(verb)),
    }
}

fn status(session: &dyn Session, list: &ListRow, waiting: &Waiting) -> Result<DigestStatus, Failed> {
    let time = |at: i64| (at > 0).then_some(Time(at));
    let wanting = |kind| session.target_count(&Audience::of(list.id, kind, now()));
    let last = waiting.last.unwrap_or_default();
    Ok(DigestStatus {
        volume: count(last.volume),
        issue: count(last.issue),
        sent: time(if last.issue > 0 { last.sent } else { 0 }),
        posts: count(waiting.posts.len()),
        octets: count(waiting.octets()),
        oldest: time(waiting.oldest),
        next: time(waiting.next(list)),
        mime: count(wanting(PostKind::Digest)?),
        plain: count(wanting(PostKind::PlainDigest)?),
    })
}
