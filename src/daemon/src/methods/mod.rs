//! The methods, a file for each noun: parameters in, one transaction, records out. No policy.

pub mod account;
pub mod audit;
pub mod ban;
pub mod bounce;
pub mod digest;
pub mod dkim;
pub mod domain;
pub mod list;
pub mod me;
pub mod member;
pub mod message;
pub mod moderation;
pub mod mta;
mod posts;
mod preview;
pub mod privacy;
pub mod queue;
pub mod role;
pub mod server;
pub mod session;
mod stats;
pub mod subscription;
pub mod template;
pub mod token;

use mailjam_core::address::Address;
use mailjam_core::settings::SettingError;
use mailjam_rpc::catalogue::{Access, Method};
use mailjam_rpc::records::Query;
use mailjam_rpc::{Code, Fault, Shape, Value};
use mailjam_store::{Error, ListKey, ListRow, PageQuery, SITE, Session};

use crate::daemon::Daemon;
use crate::params::Params;

/// A refused call, on its way out of a transaction.
#[derive(Debug)]
pub struct Failed(pub Fault);

impl Failed {
    /// A fault with this code.
    pub fn new(code: Code, text: impl std::fmt::Display) -> Failed {
        Failed(Fault::new(code, text))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        let code = match error {
            Error::Busy => Code::StorageBusy,
            Error::Full | Error::ReadOnly { .. } | Error::Lost | Error::Stopped => Code::StorageFull,
            Error::Newer { .. } | Error::Foreign { .. } => Code::SchemaMismatch,
            Error::Damaged { .. }
            | Error::InUse { .. }
            | Error::Open { .. }
            | Error::Unreadable { .. }
            | Error::Sqlite(_) => {
                tracing::error!("{error}");
                Code::Internal
            }
        };
        Failed::new(code, error)
    }
}

impl From<SettingError> for Failed {
    fn from(error: SettingError) -> Failed {
        Failed::new(Code::InvalidParameters, error)
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Fault {
        failed.0
    }
}

/// The fault for a method that the catalogue has and the daemon lacks; a test keeps it from happening.
pub fn unknown(verb: &str) -> Fault {
    Fault::new(Code::Internal, format!("{verb} has no implementation"))
}

/// What a record is in an answer.
pub fn value(record: impl Shape) -> Value {
    record.to_value().unwrap_or(Value::Boolean(true))
}

/// A count as XML-RPC can say it.
pub fn count(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// An address that somebody named.
pub fn address(text: &str) -> Result<Address, Failed> {
    Address::parse(text.trim()).map_err(|error| Failed::new(Code::BadAddress, format!("{text:?}: {error}")))
}

/// The list that somebody named by address or list-id.
pub fn list(session: &dyn Session, name: &str) -> Result<ListRow, Failed> {
    find_list(session, name)?.ok_or_else(|| Failed::new(Code::NoList, format!("no list {name}")))
}

/// The same, where a list that does not exist is no error.
pub fn find_list(session: &dyn Session, name: &str) -> Result<Option<ListRow>, Error> {
    let name = name.trim();
    let key = Address::parse_foreign(name).map_or_else(|_| name.to_lowercase(), |address| address.key());
    session.list(&key)
}

/// The list, or the site for the empty name.
pub fn list_or_site(session: &dyn Session, name: &str) -> Result<ListKey, Failed> {
    if name.is_empty() { Ok(SITE) } else { list(session, name).map(|row| row.id) }
}

/// The list that a call is about, for permissions that are tied to lists: named by the first parameter, or by the id of what
/// waits there.
pub async fn list_of_call(daemon: &Daemon, method: &Method, params: &Params) -> Result<Option<String>, Fault> {
    let Some(named) = params.list().map(str::to_owned) else { return Ok(None) };
    let by_id = method.params.first().is_some_and(|param| param.name == "id");
    if method.access != Access::Moderate || !by_id {
        return Ok(Some(named));
    }
    let request = method.name.starts_with("subscription.");
    let found = daemon.store.read(move |session| {
        let Ok(id) = named.parse() else { return Ok(None) };
        let list = if request {
            session.request(id)?.map(|request| request.list)
        } else {
            session.held(id)?.map(|held| held.list)
        };
        let Some(list) = list else { return Ok(None) };
        Ok::<_, Failed>(session.list_by_key(list)?.map(|row| row.list.list_id))
    });
    found.await.map_err(Fault::from)
}

/// A number as ids are.
pub fn id(text: &str) -> Result<i64, Failed> {
    text.trim().parse().map_err(|_| Failed::new(Code::NoItem, format!("no item {text}")))
}

/// Rows in a page unless the caller wants another number.
const PAGE: i32 = 1000;

/// Rows in a page at most.
const LARGEST_PAGE: i32 = 10_000;

/// How many rows somebody wants.
pub fn limit(wanted: Option<i32>, default: i32) -> Result<u32, Fault> {
    let limit = wanted.unwrap_or(default);
    u32::try_from(limit).ok().filter(|limit| (1..=LARGEST_PAGE as u32).contains(limit)).ok_or_else(|| {
        Fault::new(Code::InvalidParameters, format!("query.limit: {limit} is not between 1 and {LARGEST_PAGE}"))
    })
}

/// Which part of a collection somebody wants.
pub fn page_query(query: Option<Query>) -> Result<PageQuery, Fault> {
    let query = query.unwrap_or(Query { cursor: None, limit: None, filter: None });
    Ok(PageQuery {
        after: query.cursor.unwrap_or_default(),
        limit: limit(query.limit, PAGE)?,
        filter: query.filter.filter(|filter| !filter.is_empty()).map(|filter| filter.to_lowercase()),
    })
}

/// A page of rows as a page of records.
pub fn page<R, T: Shape>(page: mailjam_store::Page<R>, record: impl FnMut(R) -> T) -> Value {
    value(mailjam_rpc::records::Page {
        total: count(page.total),
        items: page.items.into_iter().map(record).collect(),
        next: page.next,
    })
}
