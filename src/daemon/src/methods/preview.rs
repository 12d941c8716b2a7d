//! `list.preview`: which of the last posts a change of settings would have treated differently.

use std::collections::BTreeMap;

use mailjam_core::decide::Decision;
use mailjam_rpc::records::{Preview, Previewed};
use mailjam_rpc::{Code, Time, Value};
use mailjam_store::{ListRow, PostRow, Session};

use super::{Failed, count, list, mta};
use crate::judge::{self, Handover};

/// Posts looked at, at most.
const MOST: i32 = 1000;

/// Judges the last stored posts with the settings of now and with the changed ones.
pub fn preview(
    session: &dyn Session,
    name: &str,
    changes: BTreeMap<String, Value>,
    last: i32,
    authserv_id: &str,
) -> Result<Previewed, Failed> {
    let row = list(session, name)?;
    let limit = u32::try_from(last)
        .ok()
        .filter(|_| (1..=MOST).contains(&last))
        .ok_or_else(|| Failed::new(Code::InvalidParameters, format!("last: {last} is not between 1 and {MOST}")))?;
    let mut changed = row.clone();
    list::apply(&mut changed.list.settings, changes)?;
    let posts = session.latest_posts(row.id, limit)?;
    let looked_at = count(posts.len());
    let mut differences = Vec::new();
    for post in posts {
        differences.extend(difference(session, &row, &changed, post, authserv_id)?);
    }
    Ok(Previewed { looked_at, differences })
}

fn difference(
    session: &dyn Session,
    before: &ListRow,
    after: &ListRow,
    post: PostRow,
    authserv_id: &str,
) -> Result<Option<Preview>, Failed> {
    let Some(bytes) = session.message(post.id)? else { return Ok(None) };
    let recipient = before.list.address.to_string();
    let handover = Handover {
        sender: &post.sender,
        recipient: &recipient,
        message: Some(&bytes),
        size: Some(post.size),
        authserv_id,
    };
    let from = judge::judge_as(session, &handover, before)?;
    let to = judge::judge_as(session, &handover, after)?;
    let (from_action, to_action) = (mta::answer(&from).action, mta::answer(&to).action);
    if from_action == to_action {
        return Ok(None);
    }
    let (rule, reason) = deciding(&to.decision);
    Ok(Some(Preview {
        id: post.id.to_string(),
        sender: post.sender,
        message_id: post.message_id,
        received: Time(post.received),
        from: from_action,
        to: to_action,
        rule,
        reason,
    }))
}

/// The rule that decided, and what it saw.
fn deciding(decision: &Decision) -> (String, String) {
    decision.trail.last().map(|step| (step.rule.to_owned(), step.detail.to_string())).unwrap_or_default()
}
