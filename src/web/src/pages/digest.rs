//! The next digest of a list: what waits for it, how it would come out, and sending it now.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{DigestPreview, DigestStatus};

use super::{Answer, Frame, done_at_list, shown};
use crate::ask::{Ask, text};
use crate::message::Shown;
use crate::shown::{When, size};

#[derive(Template)]
#[template(path = "digest.html")]
struct DigestPage {
    frame: Frame,
    status: DigestStatus,
    size: String,
    sent: Option<When>,
    oldest: Option<When>,
    next: Option<When>,
    /// The digest as it would go out now, if there are posts for one.
    preview: Option<Shown>,
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Digest", "digest").await?.with_error(error);
    let list = || vec![text(ask.part("list"))];
    let status: DigestStatus = ask.call("digest.status", list()).await?;
    let preview = if status.posts > 0 {
        let preview: DigestPreview = ask.call("digest.preview", list()).await?;
        Some(preview.message).filter(|message| !message.is_empty()).map(|message| Shown::of(&message))
    } else {
        None
    };
    let (sent, oldest, next) = (status.sent.map(When::of), status.oldest.map(When::of), status.next.map(When::of));
    shown!(DigestPage { frame, size: size(status.octets.into()), sent, oldest, next, preview, status })
}

pub async fn send(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("digest.send", vec![text(ask.part("list"))]).await {
        Ok(_) => done_at_list(&ask, "/digest", "digest"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}
