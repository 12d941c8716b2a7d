//! A person's password, sessions and stored data.

use std::sync::Arc;

use askama::Template;

use super::{Answer, Frame, done, shown};
use crate::ask::{Ask, text};
use crate::reply::Reply;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, None)
}

fn page(ask: &Ask, error: Option<String>) -> Answer {
    shown!(AccountPage { frame: Frame::new(ask, ask.words().account, "account").with_error(error) })
}

pub async fn password(ask: Arc<Ask>) -> Answer {
    let (old, new) = (ask.form.get("old"), ask.form.get("new"));
    match ask.call_raw("me.password", vec![text(old), text(new)]).await {
        Ok(_) => done(&ask, "/account", "password"),
        Err(problem) => page(&ask, Some(problem.for_form()?)),
    }
}

pub async fn everywhere(ask: Arc<Ask>) -> Answer {
    ask.call_raw("session.close_all", Vec::new()).await?;
    Ok(Reply::see(&ask.path("/login"))?.cookie(&ask.app.cookies.drop_session()))
}

pub async fn export(ask: Arc<Ask>) -> Answer {
    let json: Vec<u8> = ask.call("me.export", Vec::new()).await?;
    Ok(Reply::file("application/json", "attachment; filename=\"mailjam.json\"", json))
}
