//! Posts that wait for a moderator: all of them, one of them, and what is decided.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::Value;
use mailjam_rpc::records::{ApproveOptions, DiscardOptions, Held, HeldDetail, Member, Page};

use super::{Answer, Frame, PAGE, done_at_list, first, query, shown};
use crate::ask::{Ask, param, segment, text};
use crate::message::Shown;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shown::{When, size};

/// A post in the table.
struct Row {
    item: Held,
    path: String,
    size: String,
    received: When,
    expires: When,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "held.html")]
struct HeldPage<'p> {
    frame: Frame,
    rows: Vec<Row>,
    total: i32,
    next: String,
    query: &'p str,
    reason: &'p str,
}

#[derive(Template)]
#[template(path = "held_one.html")]
struct OnePage<'p> {
    frame: Frame,
    item: Held,
    shown: Shown,
    size: String,
    received: When,
    expires: When,
    /// What is known of the sender, if that is a member.
    member: Option<(Member, When)>,
    reason: &'p str,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Held posts", "held").await?.with_error(error);
    let held: Page<Held> = ask.call("moderation.list", vec![text(ask.part("list")), query(ask)]).await?;
    let ticked = ask.form.all("id");
    let rows = held.items.into_iter().map(|item| Row {
        path: format!("{}/held/{}", frame.list_path(), segment(&item.id)),
        size: size(item.size.into()),
        received: When::of(item.received),
        expires: When::of(item.expires),
        ticked: ticked.contains(&item.id.as_str()),
        item,
    });
    let (rows, next) = (rows.collect(), held.next.unwrap_or_default());
    shown!(HeldPage {
        frame,
        rows,
        total: held.total,
        next,
        query: ask.query.line("q"),
        reason: ask.form.get("reason")
    })
}

/// Decides about the ticked posts, each for itself: one that somebody else was quicker with keeps no other back.
pub async fn bulk(ask: Arc<Ask>) -> Answer {
    let ids = ask.form.all("id");
    if ids.is_empty() {
        return page(&ask, Some("Nothing was done: tick the posts first.".to_owned())).await;
    }
    let mut refused = Vec::new();
    for id in ids.iter().take(usize::try_from(PAGE).unwrap_or_default()) {
        match act(&ask, id, ask.form.get("action")).await {
            Ok(_) => {}
            Err(problem) => refused.push(format!("Post {id}: {}", problem.for_form()?)),
        }
    }
    match refused.as_slice() {
        [] => done_at_list(&ask, "/held", "decided"),
        refused => {
            page(&ask, Some(format!("{} of {} done. {}", ids.len() - refused.len(), ids.len(), refused.join(" "))))
                .await
        }
    }
}

/// Does one thing with one post; answers what to say of it.
async fn act(ask: &Ask, id: &str, action: &str) -> Result<&'static str, Problem> {
    let id = text(id);
    let reason = || text(&ask.form.line("reason").replace("\r\n", "\n"));
    let (method, params, said) = match action {
        "approve" => ("moderation.approve", vec![id], "approved"),
        "trust" => ("moderation.approve", vec![id, param(ApproveOptions { trust: Some(true) })], "trusted"),
        "reject" => ("moderation.reject", vec![id, reason()], "rejected"),
        "discard" => ("moderation.discard", vec![id], "discarded"),
        "forward" => ("moderation.forward", vec![id, text(&ask.person()?.address)], "forwarded"),
        "ban" => ("moderation.discard", vec![id, param(DiscardOptions { ban: Some(true) })], "banned"),
        _ => return Err(Problem::Refused("Choose what to do with it.".to_owned())),
    };
    ask.call_raw(method, params).await.map(|_: Value| said)
}

/// The post, if it waits at the list in the path.
async fn belongs(ask: &Ask, id: &str) -> Result<HeldDetail, Problem> {
    let detail: HeldDetail = ask.call("moderation.get", vec![text(id)]).await?;
    if detail.item.list.eq_ignore_ascii_case(ask.part("list")) { Ok(detail) } else { Err(Problem::NotFound) }
}

pub async fn one(ask: Arc<Ask>) -> Answer {
    page_of_one(&ask, None).await
}

async fn page_of_one(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Held post", "held").await?.with_error(error);
    let detail = belongs(ask, ask.part("id")).await?;
    let member = ask.call("member.get", vec![text(ask.part("list")), text(&detail.item.sender)]).await;
    let member = match member {
        Ok(member) => Some(member),
        Err(Problem::Gone(_) | Problem::Refused(_)) => None,
        Err(problem) => return Err(problem),
    };
    let item = detail.item;
    shown!(OnePage {
        frame,
        shown: Shown::of(&detail.raw),
        size: size(item.size.into()),
        received: When::of(item.received),
        expires: When::of(item.expires),
        member: member.map(|member: Member| {
            let since = When::of(member.since);
            (member, since)
        }),
        reason: ask.form.get("reason"),
        item,
    })
}

/// Decides, and goes on to the next post that waits.
pub async fn decide(ask: Arc<Ask>) -> Answer {
    let said = match act(&ask, ask.part("id"), ask.form.get("action")).await {
        Ok(said) => said,
        Err(Problem::Gone(words)) => return page(&ask, Some(words)).await,
        Err(problem) => return page_of_one(&ask, Some(problem.for_form()?)).await,
    };
    // It goes on waiting.
    if said == "forwarded" {
        return done_at_list(&ask, &format!("/held/{}", segment(ask.part("id"))), said);
    }
    let next: Page<Held> = ask.call("moderation.list", vec![text(ask.part("list")), first(1)]).await?;
    let Some(next) = next.items.first() else { return done_at_list(&ask, "/held", said) };
    let path = format!("/lists/{}/held/{}?done={said}", segment(ask.part("list")), segment(&next.id));
    Reply::see(&ask.path(&path))
}
