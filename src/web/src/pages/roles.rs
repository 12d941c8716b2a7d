//! Who looks after a list.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::Role;

use super::{Answer, Frame, done_at_list, shown};
use crate::ask::{Ask, text};

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage<'p> {
    frame: Frame,
    rows: Vec<Role>,
    address: &'p str,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Roles", "roles").await?.with_error(error);
    let rows: Vec<Role> = ask.call("role.list", vec![text(ask.part("list"))]).await?;
    shown!(RolesPage { frame, rows, address: ask.form.get("address") })
}

pub async fn grant(ask: Arc<Ask>) -> Answer {
    change(&ask, "role.grant", "granted").await
}

pub async fn revoke(ask: Arc<Ask>) -> Answer {
    change(&ask, "role.revoke", "revoked").await
}

async fn change(ask: &Ask, method: &str, said: &str) -> Answer {
    let params = vec![text(ask.part("list")), text(ask.form.line("address")), text(ask.form.get("role"))];
    match ask.call_raw(method, params).await {
        Ok(_) => done_at_list(ask, "/roles", said),
        Err(problem) => page(ask, Some(problem.for_form()?)).await,
    }
}
