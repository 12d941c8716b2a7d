//! One person on all lists of the site: memberships, another address, everything that is stored, and erasing it.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{EraseOptions, Erased, Membership};

use super::{Answer, Frame, done, shown};
use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shown::When;

#[derive(Template)]
#[template(path = "site_people.html")]
struct PeoplePage<'p> {
    frame: Frame,
    /// Whom it is about; empty as long as nobody is asked for.
    query: &'p str,
    /// Each with the path of its page.
    rows: Vec<(Membership, String, When)>,
    /// What erasing would take.
    would: Option<Erased>,
    new_address: &'p str,
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, ask.query.line("q"), None, None).await
}

async fn page(ask: &Ask, who: &str, would: Option<Erased>, error: Option<String>) -> Answer {
    let mut frame = Frame::of_site(ask, "People", "people")?.with_error(error);
    let found = if who.is_empty() { Ok(Vec::new()) } else { ask.call("member.find", vec![text(who)]).await };
    let found: Vec<Membership> = match found {
        Ok(found) => found,
        // What is searched for need not be an address.
        Err(problem) => {
            let why = problem.for_form()?;
            if frame.error.is_empty() {
                frame.error = why;
            }
            Vec::new()
        }
    };
    let rows = found.into_iter().map(|one| {
        let path = ask.path(&format!("/lists/{}/member/{}", segment(&one.list), segment(&one.address)));
        let since = When::of(one.since);
        (one, path, since)
    });
    let rows = rows.collect();
    shown!(PeoplePage { frame, query: who, rows, would, new_address: ask.form.get("new_address") })
}

/// All that is stored about somebody, for that person (GDPR 15 and 20).
pub async fn export(ask: Arc<Ask>) -> Answer {
    Frame::of_site(&ask, "", "")?;
    match ask.call::<Vec<u8>>("privacy.export", vec![text(ask.query.line("q"))]).await {
        Ok(json) => Ok(Reply::file("application/json", "attachment; filename=\"mailjam.json\"", json)),
        Err(problem) => page(&ask, ask.query.line("q"), None, Some(problem.for_form()?)).await,
    }
}

pub async fn change(ask: Arc<Ask>) -> Answer {
    let who = ask.form.line("address");
    let erase = |dry_run| ask.call::<Erased>("privacy.erase", vec![text(who), param(EraseOptions { dry_run })]);
    let problem = match ask.form.get("action") {
        "move" => {
            match ask.call_raw("member.change_address", vec![text(who), text(ask.form.line("new_address"))]).await {
                Ok(_) => return done(&ask, "/site/people", "moved"),
                Err(problem) => problem,
            }
        }
        "look" => match erase(Some(true)).await {
            Ok(would) => return page(&ask, who, Some(would), None).await,
            Err(problem) => problem,
        },
        // There is no way back: who does that has to know whom it is about.
        "erase" if ask.form.line("name").eq_ignore_ascii_case(who) => match erase(None).await {
            Ok(_) => return done(&ask, "/site/people", "erased"),
            Err(problem) => problem,
        },
        "erase" => Problem::Refused("Nothing was erased: type the whole address.".to_owned()),
        _ => Problem::Refused("Choose what to do.".to_owned()),
    };
    page(&ask, who, None, Some(problem.for_form()?)).await
}
