//! Domains and lists in SQL.

use std::collections::BTreeMap;

use mailjam_core::address::Address;
use mailjam_core::list::List;
use mailjam_core::settings::Settings;
use rusqlite::{Row, params};

use super::{Sql, containing, cut, unsigned};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Lists;

/// Columns of a list, for [`read_list`].
pub(super) const LIST_COLUMNS: &str =
    "list.id, list.address, list.list_id, list.closed, list.settings, list.revision, list.members, list.created";

/// What a filter looks at; parameter 1 is the pattern. The address is in it because its key has the domain in A-labels.
const MATCHING: &str = "(key LIKE ?1 ESCAPE '\\' OR address LIKE ?1 ESCAPE '\\' OR list_id LIKE ?1 ESCAPE '\\')";

/// Columns of `list` as SQLite gives them, before they are checked.
pub(super) struct RawList {
    id: ListKey,
    address: String,
    list_id: String,
    closed: bool,
    settings: String,
    revision: i64,
    members: i64,
    created: i64,
}

/// Reads [`LIST_COLUMNS`] from the front of a row.
pub(super) fn read_list(row: &Row<'_>) -> rusqlite::Result<RawList> {
    Ok(RawList {
        id: row.get(0)?,
        address: row.get(1)?,
        list_id: row.get(2)?,
        closed: row.get(3)?,
        settings: row.get(4)?,
        revision: row.get(5)?,
        members: row.get(6)?,
        created: row.get(7)?,
    })
}

impl RawList {
    /// The list, if this version understands its address and settings.
    pub(super) fn check(self) -> Result<ListRow> {
        let unreadable = |detail| Error::Unreadable { what: format!("list {}", self.address), detail };
        let address = Address::parse(&self.address).map_err(|error| unreadable(error.to_string()))?;
        let changed: BTreeMap<String, String> =
            serde_json::from_str(&self.settings).map_err(|error| unreadable(error.to_string()))?;
        let settings = Settings::from_changed(&changed).map_err(|error| unreadable(error.to_string()))?;
        Ok(ListRow {
            id: self.id,
            list: List { address, list_id: self.list_id, closed: self.closed, settings },
            revision: self.revision,
            members: unsigned(self.members),
            created: self.created,
        })
    }
}

fn read_domain(row: &Row<'_>) -> rusqlite::Result<DomainRow> {
    Ok(DomainRow { name: row.get(0)?, description: row.get(1)?, lists: unsigned(row.get(2)?), created: row.get(3)? })
}

fn settings_text(list: &List) -> Result<String> {
    serde_json::to_string(&list.settings.changed())
        .map_err(|error| Error::Unreadable { what: format!("list {}", list.address), detail: error.to_string() })
}

impl Lists for Sql<'_> {
    fn counts(&self) -> Result<Counts> {
        let (lists, members) = self.one("SELECT count(*), coalesce(sum(members), 0) FROM list", [], |row| {
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
        })?;
        let (queued, oldest) =
            self.one("SELECT count(*), min(received) FROM post WHERE state <> 2 AND state < 2", [], |row| {
                Ok((unsigned(row.get(0)?), row.get(1)?))
            })?;
        let deferred = self.count("SELECT count(*) FROM recipient WHERE refused = 0", [])?;
        Ok(Counts { lists, members, queued, deferred, oldest })
    }

    fn domains(&self, query: &PageQuery) -> Result<Page<DomainRow>> {
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = self.count("SELECT count(*) FROM domain WHERE name LIKE ?1 ESCAPE '\\'", [&filter])?;
        let items = self.all(
            "SELECT name, description, (SELECT count(*) FROM list WHERE domain = name), created FROM domain
             WHERE name > ?1 AND name LIKE ?2 ESCAPE '\\' ORDER BY name LIMIT ?3",
            params![query.after, filter, i64::from(query.limit) + 1],
            read_domain,
        )?;
        let (items, next) = cut(items, query.limit, |row| row.name.clone());
        Ok(Page { total, items, next })
    }

    fn domain(&self, name: &str) -> Result<Option<DomainRow>> {
        self.maybe(
            "SELECT name, description, (SELECT count(*) FROM list WHERE domain = name), created FROM domain WHERE name = ?1",
            [name],
            read_domain,
        )
    }

    fn create_domain(&mut self, name: &str, description: &str, now: i64) -> Result<bool> {
        self.change(
            "INSERT INTO domain (name, description, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![name, description, now],
        )
        .map(|rows| rows > 0)
    }

    fn describe_domain(&mut self, name: &str, description: &str) -> Result<bool> {
        self.change("UPDATE domain SET description = ?2 WHERE name = ?1", [name, description]).map(|rows| rows > 0)
    }

    fn delete_domain(&mut self, name: &str) -> Result<bool> {
        let rows = self.change(
            "DELETE FROM domain WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM list WHERE domain = ?1)",
            [name],
        )?;
        if rows > 0 {
            self.change("DELETE FROM template WHERE list_id = 0 AND domain = ?1", [name])?;
        }
        Ok(rows > 0)
    }

    fn lists(&self, query: &PageQuery) -> Result<Page<ListRow>> {
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = match &query.filter {
            Some(_) => self.count(&format!("SELECT count(*) FROM list WHERE {MATCHING}"), [&filter])?,
            None => self.count("SELECT count(*) FROM list", [])?,
        };
        let items = self
            .all(
                &format!("SELECT {LIST_COLUMNS} FROM list WHERE {MATCHING} AND key > ?2 ORDER BY key LIMIT ?3"),
                params![filter, query.after, i64::from(query.limit) + 1],
                read_list,
            )?
            .into_iter()
            .map(RawList::check)
            .collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |row| row.list.address.key());
        Ok(Page { total, items, next })
    }

    fn list(&self, name: &str) -> Result<Option<ListRow>> {
        // An address has an @ and a list-id has none, so that one name never means two lists.
        let column = if name.contains('@') { "key" } else { "list_id" };
        self.maybe(&format!("SELECT {LIST_COLUMNS} FROM list WHERE {column} = ?1"), [name], read_list)?
            .map(RawList::check)
            .transpose()
    }

    fn list_by_key(&self, id: ListKey) -> Result<Option<ListRow>> {
        self.maybe(&format!("SELECT {LIST_COLUMNS} FROM list WHERE id = ?1"), [id], read_list)?
            .map(RawList::check)
            .transpose()
    }

    fn create_list(&mut self, list: &List, now: i64) -> Result<Option<ListKey>> {
        let rows = self.change(
            "INSERT INTO list (domain, key, address, list_id, closed, settings, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![
                list.address.ascii_domain(),
                list.address.key(),
                list.address.to_string(),
                list.list_id,
                list.closed,
                settings_text(list)?,
                now
            ],
        )?;
        Ok((rows > 0).then(|| self.connection.last_insert_rowid()))
    }

    fn update_list(&mut self, id: ListKey, list: &List) -> Result<bool> {
        self.change(
            "UPDATE OR IGNORE list SET domain = ?2, key = ?3, address = ?4, closed = ?5, settings = ?6,
                    revision = revision + 1 WHERE id = ?1",
            params![
                id,
                list.address.ascii_domain(),
                list.address.key(),
                list.address.to_string(),
                list.closed,
                settings_text(list)?
            ],
        )
        .map(|rows| rows > 0)
    }

    fn delete_list(&mut self, id: ListKey) -> Result<()> {
        // Where list_id 0 is the site there is no reference for SQLite to follow.
        for table in ["role", "ban", "template"] {
            self.change(&format!("DELETE FROM {table} WHERE list_id = ?1"), [id])?;
        }
        self.change("DELETE FROM list WHERE id = ?1", [id]).map(drop)
    }
}
