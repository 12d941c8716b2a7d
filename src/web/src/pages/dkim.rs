//! The keys that lists sign with, and what the DNS has to say of them (RFC 6376 3.6).

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{DkimOptions, DkimRecord};

use super::{Answer, Frame, done, optional, shown};
use crate::ask::{Ask, param, text};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "site_dkim.html")]
struct DkimPage<'p> {
    frame: Frame,
    rows: Vec<DkimRecord>,
    domain: &'p str,
    selector: &'p str,
    algorithm: &'p str,
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "DKIM keys", "dkim")?.with_error(error);
    let rows: Vec<DkimRecord> = ask.call("dkim.list", Vec::new()).await?;
    // What was chosen about a key in the table is nothing for the form below it.
    let typed = |name: &str| if ask.form.has("action") { "" } else { ask.form.get(name) };
    let (domain, selector, algorithm) = (typed("domain"), typed("selector"), typed("algorithm"));
    shown!(DkimPage { frame, rows, domain, selector, algorithm })
}

pub async fn create(ask: Arc<Ask>) -> Answer {
    let options =
        DkimOptions { selector: optional(ask.form.line("selector")), algorithm: optional(ask.form.get("algorithm")) };
    match ask.call_raw("dkim.create", vec![text(ask.form.line("domain")), param(options)]).await {
        Ok(_) => done(&ask, "/site/dkim", "key"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn change(ask: Arc<Ask>) -> Answer {
    let which = vec![text(ask.form.get("domain")), text(ask.form.get("selector"))];
    let changed = match ask.form.get("action") {
        "activate" => ask.call_raw("dkim.activate", which).await.map(|_| "signs"),
        "remove" => ask.call_raw("dkim.remove", which).await.map(|_| "removed"),
        _ => Err(Problem::Refused("Choose what to do.".to_owned())),
    };
    match changed {
        Ok(said) => done(&ask, "/site/dkim", said),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
