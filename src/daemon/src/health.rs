//! Whether all is well: one line for `systemctl status`, and a log line when it changes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sd_notify::NotifyState;

/// What can be in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Writing to the storage.
    Storage,
    /// Handing copies to the next hop.
    NextHop,
}

/// The troubles of the moment.
#[derive(Debug, Default)]
pub struct Health {
    troubles: Mutex<BTreeMap<Part, String>>,
}

impl Health {
    /// Something failed that will be tried again; logged when it is news.
    pub fn trouble(&self, part: Part, problem: &dyn std::fmt::Display) {
        let problem = problem.to_string();
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.get(&part) != Some(&problem) {
            tracing::error!("{problem}");
            troubles.insert(part, problem);
            tell(&troubles);
        }
    }

    /// It worked.
    pub fn fine(&self, part: Part) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.remove(&part).is_some() {
            tracing::info!(
                "{} again",
                if part == Part::Storage { "the storage works" } else { "the mail server answers" }
            );
            tell(&troubles);
        }
    }

    /// Says again how things are, for a fresh `STATUS=`.
    pub fn repeat(&self) {
        tell(&self.troubles.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn tell(troubles: &BTreeMap<Part, String>) {
    let status = if troubles.is_empty() {
        "Ready; all is well".to_owned()
    } else {
        troubles.values().map(String::as_str).collect::<Vec<_>>().join("; ")
    };
    crate::notify::notify(&[NotifyState::Status(&status)]);
}
