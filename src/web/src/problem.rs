//! What keeps a page away, in words for the person who wanted it. What only an administrator can use is in the log.

use axum::http::StatusCode;
use mailjam_rpc::{Code, Fault};

use crate::daemon::CallError;

/// Why there is no page.
#[derive(Debug)]
pub enum Problem {
    /// Nobody is logged in, or not any more.
    Login,
    /// There is no such page.
    NotFound,
    /// The person may not see it.
    Forbidden,
    /// The form did not come from a page of ours, or from one that is too old.
    Form,
    /// The request is not one that a browser sends for a page of ours; the words say why.
    Request(StatusCode, &'static str),
    /// What was typed cannot be done; the words are the daemon's, for people.
    Refused(String),
    /// Somebody else was quicker, or what it is about is gone.
    Gone(String),
    /// The daemon is not there or too busy; the words are for the log.
    Away(String),
    /// A defect; the words are for the log.
    Defect(String),
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Problem {
        match error {
            CallError::Fault(fault) => of_fault(&fault),
            CallError::Away(words) => Problem::Away(words),
            CallError::Strange(words) => Problem::Defect(words),
        }
    }
}

fn of_fault(fault: &Fault) -> Problem {
    match fault.code() {
        Some(Code::NotAuthenticated | Code::Expired) => Problem::Login,
        Some(Code::NotAllowed | Code::NoSuchMethod) => Problem::Forbidden,
        Some(
            Code::NoList | Code::NoDomain | Code::NoMember | Code::NoItem | Code::AlreadyHandled | Code::ItemExpired,
        ) => Problem::Gone(sentence(fault.text())),
        Some(Code::StorageBusy | Code::TooMany) => Problem::Away(fault.string.clone()),
        // Their texts are about the program and its files.
        Some(
            Code::Internal
            | Code::StorageFull
            | Code::SchemaMismatch
            | Code::NotWellFormed
            | Code::UnsupportedEncoding
            | Code::InvalidCharacter
            | Code::InvalidRequest,
        ) => Problem::Defect(fault.string.clone()),
        _ => Problem::Refused(sentence(fault.text())),
    }
}

/// The daemon's words with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let mut text: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    text.push_str(letters.as_str());
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Problem::Login => StatusCode::UNAUTHORIZED,
            Problem::NotFound | Problem::Gone(_) => StatusCode::NOT_FOUND,
            Problem::Forbidden | Problem::Form => StatusCode::FORBIDDEN,
            Problem::Request(status, _) => *status,
            Problem::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Problem::Defect(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, why, and what to do.
    #[must_use]
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Problem::Login => ("Please log in", "Your session has ended."),
            Problem::NotFound => {
                ("There is no such page", "The address may have a typing mistake in it, or the page is gone.")
            }
            Problem::Forbidden => {
                ("This is not yours to see", "Your address has no role that permits it. Ask an owner of the list.")
            }
            Problem::Form => (
                "That form cannot be used",
                "It is too old, your browser keeps no cookies, or it did not come from this site. Nothing was changed: go back, load the page again and repeat what you did.",
            ),
            Problem::Request(_, words) => ("That request cannot be answered", words),
            Problem::Refused(words) => ("That cannot be done", words),
            Problem::Gone(words) => ("That is not there", words),
            Problem::Away(_) => (
                "Not now",
                "The list server does not answer or is busy. Try again in a minute. If you sent a form, look whether it was done before you repeat it.",
            ),
            Problem::Defect(_) => (
                "Something is broken here",
                "That is our fault, not yours; the administrator finds the details in the log.",
            ),
        }
    }

    /// The words for a form that is shown again with what was typed; other problems take the whole page.
    pub fn for_form(self) -> Result<String, Problem> {
        match self {
            Problem::Refused(words) | Problem::Gone(words) => Ok(words),
            other => Err(other),
        }
    }
}
