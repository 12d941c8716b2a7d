//! A list at a glance: whether mail flows, what waits, how the list does.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::Value;
use mailjam_rpc::records::{List, ListStats, Post};

use super::{Answer, Frame, done, done_at_list, shown};
use crate::ask::{Ask, segment, text};
use crate::shown::{When, size};

/// Days of the chart.
const DAYS: i32 = 30;

/// Posts that are shown.
const RECENT: i32 = 10;

/// A bar of the chart; lengths in the units of its picture, which is 100 high.
struct Bar {
    x: i32,
    y: i32,
    height: i32,
    /// How many days ago.
    ago: usize,
    count: i32,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    list: List,
    description: String,
    stats: ListStats,
    size: String,
    posts: Chart,
    bounces: Chart,
    /// The last posts, each with when it came in.
    recent: Vec<(Post, When)>,
}

/// A number for each day.
struct Chart {
    bars: Vec<Bar>,
    /// The largest.
    most: i32,
    total: i32,
}

impl Chart {
    fn width(&self) -> usize {
        self.bars.len() * 10
    }
}

fn chart(daily: &[i32]) -> Chart {
    let most = daily.iter().copied().max().unwrap_or_default().max(1);
    let bars = daily.iter().enumerate().map(|(day, &count)| {
        // A day with one post among thousands is not a day without.
        let height =
            if count <= 0 { 0 } else { i32::try_from(i64::from(count) * 96 / i64::from(most)).unwrap_or(96).max(3) };
        Bar {
            x: i32::try_from(day).unwrap_or_default() * 10 + 1,
            y: 100 - height,
            height,
            ago: daily.len() - 1 - day,
            count,
        }
    });
    Chart { bars: bars.collect(), most, total: daily.iter().sum() }
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Overview", "overview").await?.with_error(error);
    let list: List = ask.call("list.get", vec![text(ask.part("list"))]).await?;
    let stats: ListStats = ask.call("list.stats", vec![text(ask.part("list")), Value::Integer(DAYS)]).await?;
    let description = match list.settings.get("description") {
        Some(Value::String(description)) => description.clone(),
        _ => String::new(),
    };
    let recent: Vec<Post> = ask.call("list.posts", vec![text(ask.part("list")), Value::Integer(RECENT)]).await?;
    let recent = recent.into_iter().map(|post| {
        let received = When::of(post.received);
        (post, received)
    });
    let (recent, posts, bounces) = (recent.collect(), chart(&stats.daily), chart(&stats.bounces));
    let size = size(stats.octets.parse().unwrap_or_default());
    shown!(OverviewPage { frame, list, description, stats, size, posts, bounces, recent })
}

pub async fn close(ask: Arc<Ask>) -> Answer {
    // Everybody's posts are refused from now on: who does that has to know which list it is.
    if !ask.form.line("name").eq_ignore_ascii_case(ask.part("list")) {
        let why = "Nothing was changed: to close the list, type its whole address.".to_owned();
        return page(&ask, Some(why)).await;
    }
    match ask.call_raw("list.close", vec![text(ask.part("list"))]).await {
        Ok(_) => done_at_list(&ask, "", "closed"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

/// Gives the list another address. For administrators of the site: the mail server has to know of it.
pub async fn rename(ask: Arc<Ask>) -> Answer {
    match ask.call::<List>("list.rename", vec![text(ask.part("list")), text(ask.form.line("new_address"))]).await {
        Ok(list) => done(&ask, &format!("/lists/{}", segment(&list.address)), "renamed"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn delete(ask: Arc<Ask>) -> Answer {
    if !ask.form.line("name").eq_ignore_ascii_case(ask.part("list")) {
        let why = "Nothing was deleted: to delete the list, type its whole address.".to_owned();
        return page(&ask, Some(why)).await;
    }
    match ask.call_raw("list.delete", vec![text(ask.part("list"))]).await {
        Ok(_) => done(&ask, "/site/lists", "deleted"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn reopen(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("list.reopen", vec![text(ask.part("list"))]).await {
        Ok(_) => done_at_list(&ask, "", "reopened"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
