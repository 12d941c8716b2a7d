//! Members whose mail came back, and what came back last.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{Bounce, BounceDetail, Bouncing, Page};

use super::{Answer, Frame, done_at_list, first, query, shown};
use crate::ask::{Ask, segment, text};
use crate::message::Shown;
use crate::problem::Problem;
use crate::shown::When;

/// Bounces that are shown.
const LAST: i32 = 30;

struct Row {
    one: Bouncing,
    path: String,
    score: String,
    since: Option<When>,
    next: Option<When>,
}

#[derive(Template)]
#[template(path = "bounces.html")]
struct BouncesPage<'p> {
    frame: Frame,
    rows: Vec<Row>,
    total: i32,
    next: String,
    query: &'p str,
    bounces: Vec<(Bounce, When)>,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Bounces", "bounces").await?.with_error(error);
    let list = || text(ask.part("list"));
    let members: Page<Bouncing> = ask.call("bounce.members", vec![list(), query(ask)]).await?;
    let bounces: Page<Bounce> = ask.call("bounce.list", vec![list(), first(LAST)]).await?;
    let rows = members.items.into_iter().map(|one| Row {
        path: format!("{}/member/{}", frame.list_path(), segment(&one.member)),
        score: format!("{:.1}", one.score),
        since: one.since.map(When::of),
        next: one.next.map(When::of),
        one,
    });
    let rows = rows.collect();
    let bounces = bounces.items.into_iter().map(|bounce| {
        let at = When::of(bounce.at);
        (bounce, at)
    });
    let (bounces, next) = (bounces.collect(), members.next.unwrap_or_default());
    shown!(BouncesPage { frame, rows, total: members.total, next, query: ask.query.line("q"), bounces })
}

#[derive(Template)]
#[template(path = "bounce.html")]
struct BouncePage {
    frame: Frame,
    item: Bounce,
    at: When,
    /// The report, while it is kept.
    report: Option<Shown>,
}

/// One of them, with the report. For administrators of the site: it may say more than concerns the list.
pub async fn one(ask: Arc<Ask>) -> Answer {
    let frame = Frame::of_list(&ask, "Bounce", "bounces").await?;
    let detail: BounceDetail = ask.call("bounce.get", vec![text(ask.part("id"))]).await?;
    if !detail.item.list.eq_ignore_ascii_case(ask.part("list")) {
        return Err(Problem::NotFound);
    }
    let (at, report) = (When::of(detail.item.at), detail.raw.map(|raw| Shown::of(&raw)));
    shown!(BouncePage { frame, item: detail.item, at, report })
}

pub async fn act(ask: Arc<Ask>) -> Answer {
    let who = vec![text(ask.part("list")), text(ask.form.get("address"))];
    let done = match ask.form.get("action") {
        "reset" => ask.call_raw("bounce.reset", who).await.map(|_| "reset"),
        "probe" => ask.call_raw("bounce.probe", who).await.map(|_| "probed"),
        _ => Err(Problem::Refused("Choose what to do.".to_owned())),
    };
    match done {
        Ok(said) => done_at_list(&ask, "/bounces", said),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
