//! What to do about an error: one line, with the nearest name where one was mistyped.

use std::io::ErrorKind;

use mailjam_rpc::records::{Domain, List, Page, Query};
use mailjam_rpc::{Code, Shape};
use mailjam_wire::client;
use mailjam_wire::server::Server;

use crate::error::Error;
use crate::session::{Session, param};

/// How many names are looked through for one that is alike.
const LOOKED_THROUGH: i32 = 10_000;

/// The line below the error, if there is something to say that the daemon did not.
pub fn remedy(session: &mut Session, error: &Error) -> Option<String> {
    let fixed = match error {
        Error::Script { cause, .. } => return remedy(session, cause),
        Error::Fault { method, subject, fault } => {
            return about_fault(session, method, subject.as_deref(), fault.code()?);
        }
        Error::Connection(client::Error::Connect { server, cause }) => return about_connection(server, cause.kind()),
        Error::ImportStopped { .. } => "what was added stays; run the same command again for the rest",
        Error::Status { status: 401 | 403, .. } => {
            "name a valid token with --token-file or MAILJAM_TOKEN; an administrator makes one with \"token create\""
        }
        Error::Status { status: 413, .. } => "this is more than the daemon takes at once; send it in parts",
        Error::NotOurs { .. } => "look at --server and MAILJAM_SERVER",
        Error::Answer { .. } => "mailjam-cli and mailjamd are probably of different versions; see \"server info\"",
        Error::NoPassword { .. } => "name a file with --password-file, or give --no-password to have links mailed",
        Error::NotASetting { .. } => "write KEY=VALUE; \"mailjam-cli list settings\" explains the keys",
        Error::NotATime { .. } => "write 2027-01-31, 2027-01-31T12:00:00Z, or a duration from now such as 30d or 12h",
        Error::NotParameters { .. } => "write them like '[\"talk@lists.example.org\", 1, true]'",
        Error::NobodyToAsk { .. } => "give --yes to do it without being asked",
        Error::NotInstalled { .. } => "run this on the mail server itself; there, PATH has to lead to its programs",
        Error::TwoLists { named, .. } => {
            return Some(format!("write --list {named} for that one; \"use\" alone puts no list in use"));
        }
        Error::NotUnderstood { placed, .. } => {
            let placed = placed.as_ref()?;
            return Some(format!("{placed} is in use and stands for LIST and SCOPE; --list names another one"));
        }
        Error::Operator { .. } => {
            "there are neither pipes nor files to write to; run mailjam-cli from a shell for that"
        }
        Error::Unfinished { .. } => "close what was opened, or write \\ in front of it",
        Error::NothingToExplain { .. } => "\"help\" shows the nouns, \"help NOUN\" the verbs of one",
        Error::HalfAClone { list, .. } => {
            return Some(format!("\"mailjam-cli list delete {list}\" removes it; then try again"));
        }
        Error::ApplyStopped { .. } => "what is made stays; run the same command again for the rest",
        Error::SyncRefused { .. } => "correct the lines named above and run it again",
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn about_connection(server: &Server<String>, kind: ErrorKind) -> Option<String> {
    Some(match (server, kind) {
        (Server::Unix(_), ErrorKind::PermissionDenied) => {
            "only root and the group mailjam-admin may: \"adduser USER mailjam-admin\", then log in again".to_owned()
        }
        (Server::Unix(_), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            "is mailjamd running? \"systemctl enable --now mailjamd.socket\" starts it; --server names another address"
                .to_owned()
        }
        (Server::Http { .. }, ErrorKind::ConnectionRefused) => {
            "is mailjamd running, with TCP enabled? mailjamd-tcp.socket is off unless you enable it".to_owned()
        }
        (_, ErrorKind::TimedOut) => "the daemon is overloaded, or the address is wrong".to_owned(),
        _ => return None,
    })
}

fn about_fault(session: &mut Session, method: &str, subject: Option<&str>, code: Code) -> Option<String> {
    let (all, near) = match code {
        Code::NoList => ("list list", nearest(subject, names(session, "list.list", |list: List| list.address))),
        Code::NoDomain => {
            ("domain list", nearest(subject, names(session, "domain.list", |domain: Domain| domain.name)))
        }
        Code::NoItem | Code::BadToken => (shows_items(method)?, None),
        Code::NoMember => {
            return subject.map(|list| format!("\"mailjam-cli member list {list} --filter TEXT\" searches"));
        }
        // These are for the web client, and no token helps.
        Code::NotAuthenticated if method.starts_with("me.") || method.starts_with("session.") => return None,
        Code::NoAccount => ("account list", None),
        Code::Expired | Code::NotAuthenticated => {
            return Some("name a valid token with --token-file or MAILJAM_TOKEN".to_owned());
        }
        Code::NotAllowed => {
            return Some("the token has not the scope for this; see \"mailjam-cli token list\"".to_owned());
        }
        Code::RevisionConflict => {
            return subject.map(|list| format!("\"mailjam-cli list show {list}\" shows it as it is now"));
        }
        Code::Internal => return Some("\"journalctl -u mailjamd\" has the details".to_owned()),
        _ => return None,
    };
    let shows = format!("\"mailjam-cli {all}\" shows all");
    Some(near.map_or(shows.clone(), |near| format!("did you mean {near}? {shows}")))
}

/// The command that shows what a method takes the id of.
fn shows_items(method: &str) -> Option<&'static str> {
    Some(match method.split('.').next()? {
        "queue" => "queue list",
        "token" => "token list",
        "moderation" => "moderation list",
        "subscription" if method != "subscription.confirm" && method != "subscription.unsubscribe" => {
            "subscription pending LIST"
        }
        "ban" => "ban list SCOPE",
        "template" => "template list SCOPE",
        _ => return None,
    })
}

/// Names that the daemon knows; none if this caller may not see them.
fn names<T: Shape>(session: &mut Session, method: &'static str, name: fn(T) -> String) -> Vec<String> {
    let query = Query { cursor: None, limit: Some(LOOKED_THROUGH), filter: None };
    let page: Result<Page<T>, _> = session.ask(method, vec![param(query)]);
    page.map(|page| page.items.into_iter().map(name).collect()).unwrap_or_default()
}

/// The name that is most like `typed`, if any is. Where the domain was left out, so it is in the names.
fn nearest(typed: Option<&str>, names: Vec<String>) -> Option<String> {
    let typed = typed?.to_lowercase();
    let part = |name: &str| match name.split_once('@') {
        Some((local, _)) if !typed.contains('@') => local.to_lowercase(),
        _ => name.to_lowercase(),
    };
    let permitted = 1 + typed.chars().count() / 6;
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed, &part(&name)), name))
        .filter(|(distance, _)| *distance <= permitted)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, shows_items};

    fn near(typed: &str) -> Option<String> {
        let names = ["announce@lists.example.org", "talk@lists.example.org", "talks@other.example.org"];
        nearest(Some(typed), names.map(str::to_owned).to_vec())
    }

    #[test]
    fn what_is_not_there_is_looked_for_among_its_own_kind() {
        assert_eq!(shows_items("moderation.approve"), Some("moderation list"));
        assert_eq!(shows_items("subscription.deny"), Some("subscription pending LIST"));
        assert_eq!(shows_items("subscription.confirm"), None, "a token came by mail");
        assert_eq!(shows_items("token.revoke"), Some("token list"));
    }

    #[test]
    fn a_mistyped_name_finds_the_one_that_was_meant() {
        assert_eq!(near("tlak@lists.example.org").as_deref(), Some("talk@lists.example.org"));
        assert_eq!(near("talk").as_deref(), Some("talk@lists.example.org"));
        assert_eq!(near("TALKS").as_deref(), Some("talks@other.example.org"));
        assert_eq!(near("anounce@list.example.org").as_deref(), Some("announce@lists.example.org"));
        assert_eq!(near("sales@shop.example"), None);
    }
}
