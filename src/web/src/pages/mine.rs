//! A member's own lists and settings, and the lists that somebody looks after.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::Time;
use mailjam_rpc::records::{ListRole, MyMembership, MyThread, MyWishes};

use super::{Answer, Frame, done, filled, shown};
use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::shown::{When, day};
use crate::words::{Language, Words};

/// A membership as its form shows it.
struct Card {
    mine: MyMembership,
    path: String,
    /// `YYYY-MM-DD` or empty.
    away: String,
    /// Whom it is as.
    as_whom: String,
    /// This form was refused.
    refused: bool,
}

impl Card {
    fn modes(&self, words: &'static Words) -> [(&'static str, &'static str); 4] {
        [
            ("post", words.mode_post),
            ("digest", words.mode_digest),
            ("plain-digest", words.mode_plain),
            ("nomail", words.mode_none),
        ]
    }

    /// A language that the pages do not speak stays what it is.
    fn other_language(&self) -> Option<&str> {
        let known = self.mine.language.is_empty() || Language::ALL.iter().any(|one| one.tag() == self.mine.language);
        (!known).then_some(self.mine.language.as_str())
    }
}

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage<'p> {
    frame: Frame,
    cards: Vec<Card>,
    roles: &'p [ListRole],
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn mine(ask: &Ask) -> Result<Vec<MyMembership>, Problem> {
    ask.call("me.lists", Vec::new()).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let words = ask.words();
    let cards = mine(ask).await?.into_iter().map(|mut mine| {
        let mut away = mine.away_until.map(|until| When::of(until).day().to_owned()).unwrap_or_default();
        let refused = error.is_some() && mine.list == ask.part("list");
        if refused {
            // What was typed stays.
            mine.mode = ask.form.get("mode").to_owned();
            mine.own_posts = ask.form.has("own_posts");
            mine.language = ask.form.get("language").to_owned();
            away = ask.form.get("away_until").to_owned();
        }
        let path = ask.path(&format!("/my/{}", segment(&mine.list)));
        Card { path, away, as_whom: filled(words.member_as, &mine.address), mine, refused }
    });
    let cards = cards.collect();
    let frame = Frame::new(ask, words.my_lists, "my").with_error(error);
    shown!(MinePage { frame, cards, roles: &ask.person()?.roles })
}

pub async fn save(ask: Arc<Ask>) -> Answer {
    let form = &ask.form;
    let away = match form.line("away_until") {
        // Away until a time that has passed is not away.
        "" => Some(Time(0)),
        typed => day(typed),
    };
    let Some(away) = away else { return page(&ask, Some(format!("{:?} is no date.", form.line("away_until")))).await };
    let before = mine(&ask).await?.into_iter().find(|mine| mine.list == ask.part("list"));
    let was_away = before.as_ref().is_some_and(|mine| mine.away_until.is_some());
    // What is shown may be the list's language: as long as nobody chooses, it goes on following the list.
    let language = Some(form.get("language")).filter(|typed| before.is_none_or(|mine| mine.language != *typed));
    let wishes = MyWishes {
        mode: Some(form.get("mode").to_owned()),
        own_posts: Some(form.has("own_posts")),
        away_until: Some(away).filter(|away| away.0 > 0 || was_away),
        language: language.map(str::to_owned),
        name: None,
    };
    match ask.call_raw("me.update", vec![text(ask.part("list")), param(wishes)]).await {
        Ok(_) => done(&ask, "/my", "saved"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

#[derive(Template)]
#[template(path = "threads.html")]
struct ThreadsPage {
    frame: Frame,
    path: String,
    rows: Vec<(MyThread, When)>,
}

/// What was written about lately, to be spared the rest of it.
pub async fn threads(ask: Arc<Ask>) -> Answer {
    threads_page(&ask, None).await
}

async fn threads_page(ask: &Ask, error: Option<String>) -> Answer {
    let list = ask.part("list");
    let threads: Vec<MyThread> = ask.call("me.threads", vec![text(list)]).await?;
    let rows = threads.into_iter().map(|one| {
        let latest = When::of(one.latest);
        (one, latest)
    });
    let rows = rows.collect();
    let frame = Frame::new(ask, filled(ask.words().threads_of, list), "my").with_error(error);
    shown!(ThreadsPage { frame, path: ask.path(&format!("/my/{}/threads", segment(list))), rows })
}

pub async fn mute(ask: Arc<Ask>) -> Answer {
    let list = ask.part("list");
    let muted = mailjam_rpc::Value::Boolean(ask.form.get("muted") != "no");
    match ask.call_raw("me.mute", vec![text(list), text(ask.form.get("thread")), muted]).await {
        Ok(_) => done(&ask, &format!("/my/{}/threads", segment(list)), "saved"),
        Err(problem) => threads_page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn leave(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("me.leave", vec![text(ask.part("list"))]).await {
        Ok(_) => done(&ask, "/my", "left"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn enable(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("me.enable", vec![text(ask.part("list"))]).await {
        Ok(_) => done(&ask, "/my", "enabled"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
