//! Requests to become a member in SQL.

use rusqlite::{Row, params};

use super::{Sql, containing, cut, number};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Requests;

const COLUMNS: &str = "id, list_id, key, address, name, mode, language, waits_for, asked";

/// A row, and what it waits for as the database calls it.
fn read_request(row: &Row<'_>) -> rusqlite::Result<(RequestRow, String)> {
    let mode: String = row.get(5)?;
    let request = RequestRow {
        id: row.get(0)?,
        list: row.get(1)?,
        key: row.get(2)?,
        address: row.get(3)?,
        name: row.get(4)?,
        // As for members: the safe reading of a mode nobody knows.
        mode: Mode::from_name(&mode).unwrap_or_default(),
        language: row.get(6)?,
        waits_for: WaitsFor::Confirmation,
        asked: row.get(8)?,
    };
    Ok((request, row.get(7)?))
}

fn check((request, waits_for): (RequestRow, String)) -> Result<RequestRow> {
    match WaitsFor::from_name(&waits_for) {
        Some(waits_for) => Ok(RequestRow { waits_for, ..request }),
        None => Err(Error::Unreadable {
            what: format!("the request of {} on list number {}", request.address, request.list),
            detail: format!("it waits for {waits_for:?}"),
        }),
    }
}

impl Requests for Sql<'_> {
    fn request(&self, id: i64) -> Result<Option<RequestRow>> {
        self.maybe(&format!("SELECT {COLUMNS} FROM request WHERE id = ?1"), [id], read_request)?.map(check).transpose()
    }

    fn request_of(&self, list: ListKey, key: &str) -> Result<Option<RequestRow>> {
        let sql = format!("SELECT {COLUMNS} FROM request WHERE list_id = ?1 AND key = ?2");
        self.maybe(&sql, params![list, key], read_request)?.map(check).transpose()
    }

    fn requests(&self, list: ListKey, query: &PageQuery) -> Result<Page<RequestRow>> {
        // The address is looked at beside its key because the key has the domain in A-labels.
        let matching = "list_id = ?1
            AND (key LIKE ?2 ESCAPE '\\' OR address LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\')";
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = self.count(&format!("SELECT count(*) FROM request WHERE {matching}"), params![list, filter])?;
        let items = self
            .all(
                &format!("SELECT {COLUMNS} FROM request WHERE {matching} AND id > ?3 ORDER BY id LIMIT ?4"),
                params![list, filter, number(&query.after), i64::from(query.limit) + 1],
                read_request,
            )?
            .into_iter()
            .map(check)
            .collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |row| row.id.to_string());
        Ok(Page { total, items, next })
    }

    fn put_request(&mut self, request: &RequestRow) -> Result<i64> {
        // The id stays, for moderators may have been told of it.
        self.change(
            "INSERT INTO request (list_id, key, address, name, mode, language, waits_for, asked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET address = excluded.address, name = excluded.name, mode = excluded.mode,
                 language = excluded.language, waits_for = excluded.waits_for, asked = excluded.asked",
            params![
                request.list,
                request.key,
                request.address,
                request.name,
                request.mode.name(),
                request.language,
                request.waits_for.name(),
                request.asked
            ],
        )?;
        self.one("SELECT id FROM request WHERE list_id = ?1 AND key = ?2", params![request.list, request.key], |row| {
            row.get(0)
        })
    }

    fn remove_request(&mut self, id: i64) -> Result<bool> {
        self.change("DELETE FROM request WHERE id = ?1", [id]).map(|rows| rows > 0)
    }

    fn forget_requests(&mut self, before: i64) -> Result<u64> {
        self.change("DELETE FROM request WHERE waits_for = 'confirmation' AND asked < ?1", [before])
            .map(|rows| rows as u64)
    }
}
