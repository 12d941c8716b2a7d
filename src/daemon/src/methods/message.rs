//! `message.*`: what would happen to a message, without anything happening.

use std::sync::Arc;

use mailjam_core::compose;
use mailjam_core::decide::Verdict;
use mailjam_core::message::Message;
use mailjam_core::return_path;
use mailjam_core::token::{Bearer, Secret};
use mailjam_rpc::records::{ExplainRequest, Explanation, Rule};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_signature::without_signatures;
use mailjam_store::{Audience, ListRow, PostKind, Session};

use super::{Failed, count, mta, unknown, value};
use crate::config::Config;
use crate::daemon::{Daemon, now};
use crate::judge::{self, Handover};
use crate::outgoing::{self, Outgoing, Source};
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
                explain(session, request, &config)
            });
            let (explanation, planned) = explained.await.map_err(Fault::from)?;
            match planned {
                Some(planned) => show_copy(daemon, explanation, planned).await.map(value).map_err(Fault::from),
                None => Ok(value(explanation)),
            }
        }
        _ => Err(unknown(verb)),
    }
}

/// What would go out, before it is made.
struct Planned {
    list: ListRow,
    kind: PostKind,
    message: Vec<u8>,
    /// Where the links to leave lead, and the first member's key.
    link: Option<(String, String)>,
}

/// The copy that would go out, and what was done for it. It looks like one, and is none: without signatures, and with a link
/// that takes nobody from the list. An owner who could have any mail signed could write in the name of others.
async fn show_copy(daemon: &Daemon, mut explanation: Explanation, planned: Planned) -> Result<Explanation, Failed> {
    let Planned { list, kind, message, link } = planned;
    let source = Source { kind, id: 0, received: now(), bytes: &message, one_click: link.is_some() };
    let made = outgoing::make(&daemon.config(), &daemon.signing(), &list.list, source).await;
    let Outgoing { bytes, changes, seal } = made.map_err(|problem| Failed::new(Code::BadMessage, problem))?;
    explanation.changes = changes;
    let mut head = Vec::new();
    if let Some((url, key)) = link {
        let mut nobodys = Secret::default();
        getrandom::fill(&mut nobodys)
            .map_err(|error| Failed::new(Code::Internal, format!("no random bytes: {error}")))?;
        let each = "added List-Unsubscribe and List-Unsubscribe-Post, for each member another";
        explanation.changes.push(each.to_owned());
        head = compose::one_click(&list.list, &url, &nobodys, Bearer { list: list.id, key: &key });
    }
    let signatures = seal.map(|seal| without_signatures(&seal.fields(&head))).unwrap_or_default();
    explanation.output = Some([signatures, head, bytes].concat());
    Ok(explanation)
}

fn explain(
    session: &dyn Session,
    request: ExplainRequest,
    config: &Config,
) -> Result<(Explanation, Option<Planned>), Failed> {
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
    let kind = match deciding {
        Verdict::Post => PostKind::Post,
        Verdict::Forward => PostKind::Owner,
        Verdict::Command | Verdict::Hold | Verdict::Bounce | Verdict::Discard | Verdict::Refuse(_) => {
            return Ok((explanation, None));
        }
    };
    let Some(destination) = judged.destination else { return Ok((explanation, None)) };
    let planned = plan(session, request.message, destination.list, (kind, config), &mut explanation)?;
    Ok((explanation, Some(planned)))
}

/// To whom it would be sent.
fn plan(
    session: &dyn Session,
    bytes: Vec<u8>,
    row: ListRow,
    (kind, config): (PostKind, &Config),
    explanation: &mut Explanation,
) -> Result<Planned, Failed> {
    let secret = session.secret("token")?;
    let writer = return_path::Writer { list: &row.list.address, number: row.id, secret: &secret };
    let path = if kind == PostKind::Post { writer.post(0) } else { return_path::plain(&row.list.address) };
    explanation.return_path = Some(path.to_string());
    let mut audience = Audience::of(row.id, kind, now());
    if let (PostKind::Post, Ok(message)) = (kind, Message::parse(&bytes)) {
        audience.spare(&message);
    }
    explanation.recipient_count = count(session.target_count(&audience)?);
    let targets = session.targets(&audience, "", RECIPIENTS)?;
    let link = config.one_click(&row.list.settings).filter(|_| kind == PostKind::Post);
    let link = link.zip(targets.first()).map(|(url, first)| (url.to_owned(), first.key.clone()));
    explanation.recipients = targets.into_iter().map(|target| target.address).collect();
    Ok(Planned { list: row, kind, message: bytes, link })
}
