//! What the daemon knows and the mail server has to know.

use std::collections::BTreeSet;

use mailjam_rpc::records::{Domain, List, Page, Query};
use mailjam_rpc::{Shape, Value};

use crate::error::Error;
use crate::session::{Session, param, text};

/// Lists and domains of the daemon.
pub struct Site {
    /// Posting addresses.
    pub lists: Vec<String>,
    /// Domains that lists are in.
    pub domains: Vec<String>,
    /// The table as the mail server should have it.
    pub table: String,
    /// The largest `max_size` of any list, in octets, if this caller may see it.
    pub largest_post: Option<u64>,
}

impl Site {
    /// Asks the daemon. `format` is what the mail server's table is written in.
    pub fn ask(session: &mut Session, format: &str) -> Result<Site, Error> {
        let lists = posting_addresses(session)?;
        let table = session.ask("mta.maps", vec![text(format)])?;
        let largest_post = match pages::<List>(session, "list.list") {
            // At the socket for mail servers nobody may see the settings of lists.
            Err(Error::Fault { .. }) => None,
            lists => lists?.into_iter().filter_map(max_size).max(),
        };
        Ok(Site { domains: domains_of(&lists), lists, table, largest_post })
    }

    /// The lists of a domain.
    pub fn lists_in<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = &'a str> {
        let in_it = move |list: &&str| list.rsplit_once('@').is_some_and(|(_, found)| found == domain);
        self.lists.iter().map(String::as_str).filter(in_it)
    }
}

/// The domains of the daemon; none when it cannot be reached, because that keeps nobody from setting up a mail server.
pub fn domains_if_known(session: &mut Session) -> Result<Vec<String>, Error> {
    match pages::<Domain>(session, "domain.list") {
        Ok(domains) => Ok(domains.into_iter().map(|domain| domain.name).collect()),
        Err(Error::Connection(_)) => Ok(Vec::new()),
        // The socket for mail servers tells of the lists only.
        Err(Error::Fault { .. }) => Ok(domains_of(&posting_addresses(session)?)),
        Err(other) => Err(other),
    }
}

fn posting_addresses(session: &mut Session) -> Result<Vec<String>, Error> {
    let plain: String = session.ask("mta.maps", vec![text("plain")])?;
    Ok(plain.lines().map(str::to_owned).collect())
}

fn domains_of(lists: &[String]) -> Vec<String> {
    let domains = lists.iter().filter_map(|list| list.rsplit_once('@').map(|(_, domain)| domain.to_owned()));
    domains.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A whole collection.
fn pages<T: Shape>(session: &mut Session, method: &'static str) -> Result<Vec<T>, Error> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let query = Query { cursor, limit: None, filter: None };
        let page: Page<T> = session.ask(method, vec![param(query)])?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

fn max_size(list: List) -> Option<u64> {
    match list.settings.get("max_size")? {
        Value::Integer(octets) => (*octets).try_into().ok(),
        Value::Long(octets) => (*octets).try_into().ok(),
        Value::String(octets) => octets.parse().ok(),
        _ => None,
    }
}
