//! Who does something, for the audit.

use mailjam_store::{AuditPayload, Error, ListRow, NewAudit, SITE, Session};

use crate::daemon::now;

/// Who does something, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// An address in the form for comparison, a token, a user of this host.
    pub who: String,
    /// The socket, `mail` or `mailjam`.
    pub how: &'static str,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deed<'a> {
    /// Such as `member.add`.
    pub action: &'a str,
    /// Whom or what it was done to; an address in the form for comparison.
    pub target: &'a str,
    /// Before; empty where there was nothing.
    pub before: &'a str,
    /// After; empty where there is nothing.
    pub after: &'a str,
}

impl Actor {
    /// The daemon on its own account.
    pub fn mailjam() -> Actor {
        Actor { who: "mailjamd".to_owned(), how: "mailjam" }
    }

    /// Writes down what was done, on a list or on the site, in the transaction that does it.
    pub fn did(&self, session: &mut dyn Session, list: Option<&ListRow>, deed: Deed<'_>) -> Result<(), Error> {
        session.audit(&NewAudit {
            at: now(),
            action: deed.action.to_owned(),
            list: list.map_or(SITE, |row| row.id),
            payload: AuditPayload {
                who: self.who.clone(),
                how: self.how.to_owned(),
                list_address: list.map(|row| row.list.address.to_string()).unwrap_or_default(),
                target: deed.target.to_owned(),
                before: deed.before.to_owned(),
                after: deed.after.to_owned(),
            },
        })
    }
}
