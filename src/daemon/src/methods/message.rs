//! `message.*`: what would happen to a message, without anything happening.

use std::sync::Arc;

use mailjam_core::compose::{self, Context};
use mailjam_core::decide::Verdict;
use mailjam_core::message::Message;
use mailjam_core::return_path;
use mailjam_core::token::Bearer;
use mailjam_rpc::records::{ExplainRequest, Explanation, Rule};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{Audience, PostKind, Session};

use super::{Failed, count, mta, unknown, value};
use crate::config::Config;
use crate::daemon::{Daemon, now};
use crate::judge::{self, Handover, Judged};
use crate::params::Params;

/// Recipients that an explanation names at most.
const RECIPIENTS: u32 = 1000;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "explain" => {
            let mut request = params.take::<ExplainRequest>()?;
            let config = daemon.config();
            let explained = daemon.store.read(move |session| {
                // A list may be named by its list-id as well.
                if let Some(row) = super::find_list(session, &request.list)? {
                    request.list = row.list.address.to_string();
                }
                explain(session, &request, &config)
            });
            explained.await.map(value).map_err(Fault::from)
        }
        _ => Err(unknown(verb)),
    }
}

fn explain(session: &dyn Session, request: &ExplainRequest, config: &Config) -> Result<Explanation, Failed> {
    let judged = judge::judge(
        session,
        &Handover {
            sender: &request.sender,
            recipient: &request.list,
            message: Some(&request.message),
            size: Some(request.message.len() as u64),
            authserv_id: &config.authentication.authserv_id,
        },
    )?;
    let deciding = judged.decision.verdict.clone();
    let name = mta::answer(&judged).action;
    let rules = judged.decision.trail.iter().map(|step| Rule {
        rule: step.rule.to_owned(),
        result: if step.decided { name.clone() } else { "pass".to_owned() },
        detail: step.detail.to_string(),
    });
    let mut explanation = Explanation {
        rules: rules.collect(),
        verdict: mta::answer(&judged),
        changes: Vec::new(),
        return_path: None,
        recipient_count: 0,
        recipients: Vec::new(),
        output: None,
    };
    match deciding {
        Verdict::Post => outgoing(session, request, &judged, (PostKind::Post, config), &mut explanation)?,
        Verdict::Forward => outgoing(session, request, &judged, (PostKind::Owner, config), &mut explanation)?,
        Verdict::Command | Verdict::Hold | Verdict::Bounce | Verdict::Discard | Verdict::Refuse(_) => {}
    }
    Ok(explanation)
}

/// What would be sent, and to whom.
fn outgoing(
    session: &dyn Session,
    request: &ExplainRequest,
    judged: &Judged,
    (kind, config): (PostKind, &Config),
    explanation: &mut Explanation,
) -> Result<(), Failed> {
    let (Some(destination), Ok(message)) = (&judged.destination, Message::parse(&request.message)) else {
        return Ok(());
    };
    let row = &destination.list;
    let link = config.one_click(&row.list.settings).filter(|_| kind == PostKind::Post);
    let authserv_id = &config.authentication.authserv_id;
    let context = Context { now: now(), post_id: 0, authserv_id, rewrite_from: false, one_click: link.is_some() };
    let (copy, changes) = match kind {
        PostKind::Post => compose::post_copy(&request.message, &row.list, &context, true)
            .map_err(|error| Failed::new(Code::BadMessage, error))?,
        _ => {
            let copy = compose::owner_copy(&message, &row.list);
            (copy.to_vec(), copy.changes)
        }
    };
    explanation.changes = changes.iter().map(ToString::to_string).collect();
    explanation.output = Some(copy);
    let secret = session.secret("token")?;
    let writer = return_path::Writer { list: &row.list.address, number: row.id, secret: &secret };
    let path = if kind == PostKind::Post { writer.post(0) } else { return_path::plain(&row.list.address) };
    explanation.return_path = Some(path.to_string());
    let mut audience = Audience::of(row.id, kind, now());
    if kind == PostKind::Post {
        audience.spare(&message);
    }
    explanation.recipient_count = count(session.target_count(&audience)?);
    let targets = session.targets(&audience, "", RECIPIENTS)?;
    if let (Some(url), Some(first)) = (link, targets.first()) {
        explanation
            .changes
            .push("added List-Unsubscribe and List-Unsubscribe-Post, for each member another".to_owned());
        let bearer = Bearer { list: row.id, key: &first.key };
        let head = compose::one_click(&row.list, url, &secret, bearer);
        explanation.output = explanation.output.take().map(|copy| [head, copy].concat());
    }
    explanation.recipients = targets.into_iter().map(|target| target.address).collect();
    Ok(())
}
