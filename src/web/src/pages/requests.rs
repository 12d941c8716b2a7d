//! People who asked to become members.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{Page, Pending};

use super::{Answer, Frame, done_at_list, query, shown};
use crate::ask::{Ask, text};
use crate::problem::Problem;
use crate::shown::When;

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage<'p> {
    frame: Frame,
    rows: Vec<(Pending, When)>,
    total: i32,
    next: String,
    query: &'p str,
    reason: &'p str,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Requests", "requests").await?.with_error(error);
    let pending: Page<Pending> = ask.call("subscription.pending", vec![text(ask.part("list")), query(ask)]).await?;
    let rows = pending.items.into_iter().map(|item| {
        let asked = When::of(item.asked);
        (item, asked)
    });
    let rows = rows.collect();
    let next = pending.next.unwrap_or_default();
    shown!(RequestsPage {
        frame,
        rows,
        total: pending.total,
        next,
        query: ask.query.line("q"),
        reason: ask.form.get("reason")
    })
}

pub async fn decide(ask: Arc<Ask>) -> Answer {
    let id = text(ask.form.get("id"));
    let decided = match ask.form.get("action") {
        "approve" => ask.call_raw("subscription.approve", vec![id]).await.map(|_| "accepted"),
        "deny" => {
            let reason = ask.form.line("reason");
            let params = if reason.is_empty() { vec![id] } else { vec![id, text(reason)] };
            ask.call_raw("subscription.deny", params).await.map(|_| "denied")
        }
        _ => Err(Problem::Refused("Choose what to do with the request.".to_owned())),
    };
    match decided {
        Ok(said) => done_at_list(&ask, "/requests", said),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
