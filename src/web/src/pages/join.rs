//! What needs no login: asking to become a member, and what the links in a list's mail are for.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use mailjam_rpc::records::{Confirmed, SubscriptionOptions};
use mailjam_rpc::{Shape as _, Value};

use super::{Answer, Frame, filled, optional};
use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::reply::Reply;

#[derive(Template)]
#[template(path = "subscribe.html")]
struct SubscribePage<'p> {
    frame: Frame,
    list: &'p str,
    path: String,
}

#[derive(Template)]
#[template(path = "press.html")]
struct PressPage {
    frame: Frame,
    words: &'static str,
    button: &'static str,
    path: String,
    /// Whether the form says what RFC 8058 3.1 says.
    one_click: bool,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct OutcomePage {
    frame: Frame,
    words: String,
    /// The list and the address to join it with again.
    undo: Option<(String, String)>,
}

/// The list in the path, if it can be one. Whether there is such a list nobody is told here.
fn list(ask: &Ask) -> Result<&str, Problem> {
    let list = ask.part("list");
    let possible =
        list.len() <= 254 && list.contains('@') && !list.chars().any(|c| c.is_whitespace() || c.is_control());
    if possible { Ok(list) } else { Err(Problem::NotFound) }
}

pub async fn form(ask: Arc<Ask>) -> Answer {
    let list = list(&ask)?;
    let frame = Frame::new(&ask, filled(ask.words().subscribe, list), "");
    let path = ask.path(&format!("/lists/{}", segment(list)));
    Reply::page(&SubscribePage { frame, list, path })
}

pub async fn subscribe(ask: Arc<Ask>) -> Answer {
    let (list, address) = (list(&ask)?, ask.form.line("address"));
    let options = SubscriptionOptions {
        name: optional(ask.form.line("name")),
        mode: optional(ask.form.get("mode")),
        language: optional(ask.form.get("language")),
        source_ip: Some(ask.from.to_string()),
    };
    match ask.call_public("subscription.request", vec![text(list), text(address), param(options)]).await {
        Ok(_) | Err(Problem::Refused(_) | Problem::Gone(_)) => {}
        Err(problem) => return Err(problem),
    }
    let words = ask.words();
    let frame = Frame::new(&ask, words.asked, "");
    Reply::page(&OutcomePage { frame, words: filled(words.asked_hint, address), undo: None })
}

/// Asks by mail whether somebody wants to leave; the page says the same about everybody.
pub async fn ask_to_leave(ask: Arc<Ask>) -> Answer {
    let (list, address) = (list(&ask)?, ask.form.line("address"));
    match ask.call_public("subscription.leave", vec![text(list), text(address)]).await {
        Ok(_) | Err(Problem::Refused(_) | Problem::Gone(_)) => {}
        Err(problem) => return Err(problem),
    }
    let words = ask.words();
    let frame = Frame::new(&ask, words.asked, "");
    Reply::page(&OutcomePage { frame, words: filled(words.asked_hint, address), undo: None })
}

pub async fn leave_form(ask: Arc<Ask>) -> Answer {
    let words = ask.words();
    let path = ask.path(&format!("/unsubscribe/{}", segment(ask.part("token"))));
    let frame = Frame::new(&ask, words.leave_title, "");
    Reply::page(&PressPage { frame, words: words.leave_ask, button: words.leave_button, path, one_click: true })
}

/// Ends a membership: pressed on the page, or by a mail program, which sends no cookie and follows no redirection
/// (RFC 8058 3.1). What else stands in the form does not matter; that it is a POST shows that somebody means it.
pub async fn leave(ask: Arc<Ask>) -> Answer {
    let words = ask.words();
    let Some(ended) = with_token(&ask, "subscription.unsubscribe").await? else { return token_bad(&ask) };
    let said = if ended.result == "already" { words.gone_already } else { words.gone };
    let frame = Frame::new(&ask, words.confirmed, "");
    let said = filled(said, &ended.address);
    Reply::page(&OutcomePage { frame, words: said, undo: Some((ended.list, ended.address)) })
}

pub async fn confirm_form(ask: Arc<Ask>) -> Answer {
    let words = ask.words();
    let path = ask.path(&format!("/confirm/{}", segment(ask.part("token"))));
    let frame = Frame::new(&ask, words.confirm_title, "");
    Reply::page(&PressPage { frame, words: words.confirm_hint, button: words.confirm_button, path, one_click: false })
}

pub async fn confirm(ask: Arc<Ask>) -> Answer {
    let words = ask.words();
    let Some(done) = with_token(&ask, "subscription.confirm").await? else { return token_bad(&ask) };
    let said = match done.result.as_str() {
        "waiting" => words.waiting_hint,
        "already" => words.already_hint,
        _ => words.confirmed_hint,
    };
    let frame = Frame::new(&ask, words.confirmed, "");
    Reply::page(&OutcomePage { frame, words: filled(said, &done.list), undo: None })
}

/// Does what the token in the path says; `None` if it says nothing.
async fn with_token(ask: &Ask, method: &str) -> Result<Option<Confirmed>, Problem> {
    let done: Value = match ask.call_public(method, vec![text(ask.part("token"))]).await {
        Ok(done) => done,
        Err(Problem::Refused(_) | Problem::Gone(_)) => return Ok(None),
        Err(problem) => return Err(problem),
    };
    Confirmed::from_value(done).map(Some).map_err(|error| Problem::Defect(format!("{method}: {error}")))
}

fn token_bad(ask: &Ask) -> Answer {
    let words = ask.words();
    let frame = Frame::new(ask, words.token_bad, "");
    let page = OutcomePage { frame, words: words.token_bad_hint.to_owned(), undo: None };
    Reply::page_with(StatusCode::NOT_FOUND, &page)
}
