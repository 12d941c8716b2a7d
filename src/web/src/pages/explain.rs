//! What would happen to a mail, and why; and what a delivery report says. Nothing is sent.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{Classified, ExplainRequest, Explanation};

use super::{Answer, Frame, shown};
use crate::ask::{Ask, param};
use crate::problem::Problem;

/// Octets of the copy that are shown at most.
const COPY: usize = 64 << 10;

#[derive(Template)]
#[template(path = "explain.html")]
struct ExplainPage<'p> {
    frame: Frame,
    address: &'p str,
    sender: &'p str,
    message: &'p str,
    explanation: Option<Explanation>,
    /// The beginning of the copy.
    copy: String,
    reports: Option<Vec<Classified>>,
}

pub async fn form(ask: Arc<Ask>) -> Answer {
    page(&ask, None, None, None).await
}

async fn page(
    ask: &Ask,
    error: Option<String>,
    explanation: Option<Explanation>,
    reports: Option<Vec<Classified>>,
) -> Answer {
    let frame = Frame::of_list(ask, "Explain", "explain").await?.with_error(error);
    if !frame.owner() {
        return Err(Problem::Forbidden);
    }
    let copy = explanation.as_ref().and_then(|explanation| explanation.output.as_deref()).unwrap_or_default();
    let copy = String::from_utf8_lossy(&copy[..copy.len().min(COPY)]).into_owned();
    let typed = ask.form.line("address");
    let address = if typed.is_empty() { ask.part("list") } else { typed };
    let (sender, message) = (ask.form.get("sender"), ask.form.get("message"));
    shown!(ExplainPage { frame, address, sender, message, explanation, copy, reports })
}

pub async fn explain(ask: Arc<Ask>) -> Answer {
    // Browsers send lines that end in CRLF, as mail does.
    let message = ask.form.get("message").as_bytes().to_vec();
    let answer = if ask.form.get("action") == "report" {
        ask.call("bounce.classify", vec![param(message)]).await.map(|reports| (None, Some(reports)))
    } else {
        let list = match ask.form.line("address") {
            "" => ask.part("list"),
            typed => typed,
        };
        let sender = ask.form.line("sender").to_owned();
        let request = ExplainRequest { list: list.to_owned(), sender, message };
        ask.call("message.explain", vec![param(request)]).await.map(|explanation| (Some(explanation), None))
    };
    match answer {
        Ok((explanation, reports)) => page(&ask, None, explanation, reports).await,
        Err(problem) => page(&ask, Some(problem.for_form()?), None, None).await,
    }
}
