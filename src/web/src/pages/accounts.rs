//! Who has a password, who is an administrator of the site, and who is kept from logging in.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{Account, AccountChanges, NewAccount, Page};

use super::{Answer, Frame, done, query, shown};
use crate::ask::{Ask, param, text};
use crate::problem::Problem;
use crate::shown::When;

#[derive(Template)]
#[template(path = "site_accounts.html")]
struct AccountsPage<'p> {
    frame: Frame,
    /// Each with when it was used last.
    rows: Vec<(Account, Option<When>)>,
    total: i32,
    next: String,
    query: &'p str,
    address: &'p str,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Accounts", "accounts")?.with_error(error);
    let accounts: Page<Account> = ask.call("account.list", vec![query(ask)]).await?;
    let rows = accounts.items.into_iter().map(|account| {
        let last = account.last_login.map(When::of);
        (account, last)
    });
    let (rows, next) = (rows.collect(), accounts.next.unwrap_or_default());
    let address = if ask.form.has("action") { "" } else { ask.form.get("address") };
    shown!(AccountsPage { frame, rows, total: accounts.total, next, query: ask.query.line("q"), address })
}

/// Without a password: the person sets one, after logging in by a mailed link, and nobody else knows it.
pub async fn create(ask: Arc<Ask>) -> Answer {
    let attributes = NewAccount { password: None, admin: Some(ask.form.has("admin")) };
    match ask.call_raw("account.create", vec![text(ask.form.line("address")), param(attributes)]).await {
        Ok(_) => done(&ask, "/site/accounts", "created"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn change(ask: Arc<Ask>) -> Answer {
    let (address, action) = (ask.form.line("address"), ask.form.get("action"));
    if address.eq_ignore_ascii_case(&ask.person()?.address) && matches!(action, "lock" | "demote" | "delete") {
        let why = "Nothing was changed: that is your own account, and you would lock yourself out.".to_owned();
        return page(&ask, Some(why)).await;
    }
    let mut changes = AccountChanges { password: None, admin: None, locked: None };
    match action {
        "lock" => changes.locked = Some(true),
        "unlock" => changes.locked = Some(false),
        "promote" => changes.admin = Some(true),
        "demote" => changes.admin = Some(false),
        "delete" => {
            return match ask.call_raw("account.delete", vec![text(address)]).await {
                Ok(_) => done(&ask, "/site/accounts", "deleted"),
                Err(problem) => page(&ask, Some(problem.for_form()?)).await,
            };
        }
        _ => return Err(Problem::Refused("Choose what to do.".to_owned())),
    }
    match ask.call_raw("account.update", vec![text(address), param(changes)]).await {
        Ok(_) => done(&ask, "/site/accounts", "changed"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
