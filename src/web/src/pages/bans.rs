//! Who may neither post to a list nor subscribe to it.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{Ban, BanOptions};

use super::{Answer, Frame, done_at_list, optional, shown};
use crate::ask::{Ask, param, text};
use crate::shown::{When, day};

#[derive(Template)]
#[template(path = "bans.html")]
struct BansPage<'p> {
    frame: Frame,
    /// Each with when it was added, and when it ends.
    rows: Vec<(Ban, When, Option<When>)>,
    pattern: &'p str,
    reason: &'p str,
    until: &'p str,
    /// The address that somebody asks about, and the bans that hold it.
    asked: &'p str,
    holds: Vec<Ban>,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let mut frame = Frame::of_list(ask, "Bans", "bans").await?.with_error(error);
    let bans: Vec<Ban> = ask.call("ban.list", vec![text(ask.part("list"))]).await?;
    let rows = bans.into_iter().map(|ban| {
        let (created, until) = (When::of(ban.created), ban.until.map(When::of));
        (ban, created, until)
    });
    let asked = ask.query.line("check");
    let mut holds = Vec::new();
    if !asked.is_empty() {
        match ask.call("ban.check", vec![text(ask.part("list")), text(asked)]).await {
            Ok(found) => holds = found,
            Err(problem) => frame.error = problem.for_form()?,
        }
    }
    let (rows, form) = (rows.collect(), &ask.form);
    let (pattern, reason, until) = (form.get("pattern"), form.get("reason"), form.get("until"));
    shown!(BansPage { frame, rows, pattern, reason, until, asked, holds })
}

pub async fn add(ask: Arc<Ask>) -> Answer {
    let until = ask.form.line("until");
    let end = day(until);
    if !until.is_empty() && end.is_none() {
        return page(&ask, Some("The end is no date; nobody was banned.".to_owned())).await;
    }
    let options = BanOptions { until: end, reason: optional(ask.form.line("reason")) };
    let params = vec![text(ask.part("list")), text(ask.form.line("pattern")), param(options)];
    match ask.call_raw("ban.add", params).await {
        Ok(_) => done_at_list(&ask, "/bans", "added"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn remove(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("ban.remove", vec![text(ask.form.get("id"))]).await {
        Ok(_) => done_at_list(&ask, "/bans", "removed"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
