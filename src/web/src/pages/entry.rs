//! The way in: with a password, or with a link that was mailed; and out.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{LoginOptions, OpenSession};
use mailjam_rpc::{Shape as _, Value};

use super::{Answer, Frame, filled, shown};
use crate::ask::{Ask, param, text};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::statics;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'p> {
    frame: Frame,
    address: &'p str,
    /// Where the person wanted to go.
    next: &'p str,
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "said.html")]
struct SaidPage {
    frame: Frame,
    words: String,
}

/// Where somebody is sent who named no page.
pub async fn start(ask: Arc<Ask>) -> Answer {
    Reply::see(&ask.path(if ask.session.is_some() { "/my" } else { "/login" }))
}

pub async fn file(ask: Arc<Ask>) -> Answer {
    statics::find(ask.part("file")).ok_or(Problem::NotFound)
}

/// Nothing here is for search engines; links in mail least of all.
pub async fn robots(_: Arc<Ask>) -> Answer {
    Ok(Reply::constant("text/plain; charset=utf-8", b"User-agent: *\nDisallow: /\n"))
}

pub async fn form(ask: Arc<Ask>) -> Answer {
    login_page(&ask, None)
}

fn login_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::new(ask, ask.words().log_in, "login").with_error(error);
    let next = if ask.acts { ask.form.get("next") } else { ask.query.get("next") };
    shown!(LoginPage { frame, address: ask.form.line("address"), next })
}

/// Who asks, for the daemon's limits and its audit.
fn source(ask: &Ask) -> Value {
    param(LoginOptions { source_ip: Some(ask.from.to_string()), user_agent: Some(ask.agent.clone()) })
}

pub async fn log_in(ask: Arc<Ask>) -> Answer {
    let (address, password) = (ask.form.line("address"), ask.form.get("password"));
    let opened = ask.call_public("session.open", vec![text(address), text(password), source(&ask)]).await;
    match opened {
        Ok(session) => welcome(&ask, session),
        Err(Problem::Login | Problem::Forbidden | Problem::Refused(_) | Problem::Gone(_)) => {
            login_page(&ask, Some(ask.words().login_failed.to_owned()))
        }
        Err(problem) => Err(problem),
    }
}

/// Whatever session the browser had before, from now on it has the one that the daemon has just made.
fn welcome(ask: &Ask, session: Value) -> Answer {
    let session = OpenSession::from_value(session).map_err(|error| Problem::Defect(format!("a session: {error}")))?;
    let there = Reply::see(&way_back(ask, ask.form.get("next")))?;
    Ok(there.cookie(&ask.app.cookies.keep_session(&session.token)))
}

/// Where the person wanted to go, if that is a page of ours; whatever else a link may say.
fn way_back(ask: &Ask, next: &str) -> String {
    let base = &ask.app.site.base;
    let page = next.strip_prefix(base.as_str()).filter(|rest| rest.starts_with('/') && !rest.starts_with("//"));
    let harmless = next.len() < 1000 && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    match page {
        Some(page) if harmless && !page.starts_with("/login") => next.to_owned(),
        _ => ask.path("/my"),
    }
}

pub async fn mail_link(ask: Arc<Ask>) -> Answer {
    let address = ask.form.line("address");
    match ask.call_public("session.link", vec![text(address), source(&ask)]).await {
        // Whatever is typed, the answer looks the same.
        Ok(_) | Err(Problem::Refused(_) | Problem::Gone(_)) => {}
        Err(problem) => return Err(problem),
    }
    let words = ask.words();
    let frame = Frame::new(&ask, words.link_sent, "login");
    Reply::page(&SaidPage { frame, words: filled(words.link_sent_hint, address) })
}

/// Looking at the link does not use it up: programs that read mail look at links, too.
pub async fn link(ask: Arc<Ask>) -> Answer {
    Reply::page(&LinkPage { frame: Frame::new(&ask, ask.words().link_use, "login") })
}

pub async fn use_link(ask: Arc<Ask>) -> Answer {
    match ask.call_public("session.redeem", vec![text(ask.part("token")), source(&ask)]).await {
        Ok(session) => welcome(&ask, session),
        Err(Problem::Login | Problem::Forbidden | Problem::Refused(_) | Problem::Gone(_)) => {
            login_page(&ask, Some(ask.words().link_bad.to_owned()))
        }
        Err(problem) => Err(problem),
    }
}

pub async fn log_out(ask: Arc<Ask>) -> Answer {
    ask.call_raw("session.close", Vec::new()).await?;
    Ok(Reply::see(&ask.path("/login"))?.cookie(&ask.app.cookies.drop_session()))
}
