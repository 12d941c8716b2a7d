//! What was changed and decided, by whom.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{AuditEntry, AuditQuery, Page, Verified};

use super::{Answer, Frame, PAGE, optional, shown};
use crate::ask::{Ask, param};
use crate::shown::When;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'p> {
    frame: Frame,
    rows: Vec<(AuditEntry, When)>,
    next: String,
    query: &'p str,
    verified: Option<Verified>,
}

/// For administrators of the site: the daemon shows the audit to nobody else.
pub async fn of_list(ask: Arc<Ask>) -> Answer {
    let frame = Frame::of_list(&ask, "Audit", "audit").await?;
    page(&ask, frame, optional(ask.part("list")), None).await
}

pub async fn of_site(ask: Arc<Ask>) -> Answer {
    let frame = Frame::of_site(&ask, "Audit", "audit")?;
    // It reads all of the audit: only when somebody wants to know.
    let verified = if ask.query.has("verify") { Some(ask.call("audit.verify", Vec::new()).await?) } else { None };
    page(&ask, frame, None, verified).await
}

async fn page(ask: &Ask, frame: Frame, list: Option<String>, verified: Option<Verified>) -> Answer {
    let (cursor, address) = (optional(ask.query.line("cursor")), optional(ask.query.line("q")));
    let which = AuditQuery { cursor, limit: Some(PAGE), list, address };
    let entries: Page<AuditEntry> = ask.call("audit.list", vec![param(which)]).await?;
    let rows = entries.items.into_iter().map(|entry| {
        let at = When::of(entry.at);
        (entry, at)
    });
    let (rows, next) = (rows.collect(), entries.next.unwrap_or_default());
    shown!(AuditPage { frame, rows, next, query: ask.query.line("q"), verified })
}
