//! Bans in SQL.

use rusqlite::{Row, params};

use super::{Sql, json};
use crate::error::Result;
use crate::model::*;
use crate::session::Bans;

const COLUMNS: &str = "id, list_id, pattern, reason, until, created, added_by";

fn read_ban(row: &Row<'_>) -> rusqlite::Result<BanRow> {
    Ok(BanRow {
        id: row.get(0)?,
        list: row.get(1)?,
        pattern: row.get(2)?,
        reason: row.get(3)?,
        until: row.get(4)?,
        created: row.get(5)?,
        by: row.get(6)?,
    })
}

impl Bans for Sql<'_> {
    fn bans(&self, list: ListKey) -> Result<Vec<BanRow>> {
        self.all(&format!("SELECT {COLUMNS} FROM ban WHERE list_id = ?1 ORDER BY pattern"), [list], read_ban)
    }

    fn ban(&self, id: i64) -> Result<Option<BanRow>> {
        self.maybe(&format!("SELECT {COLUMNS} FROM ban WHERE id = ?1"), [id], read_ban)
    }

    fn bans_about(&self, list: ListKey, exact: &[String], now: i64) -> Result<Vec<BanRow>> {
        // A site may ban thousands of addresses, of which a hand-over reads only those that it is about.
        let mut found = self.all(
            &format!(
                "SELECT {COLUMNS} FROM ban WHERE list_id IN (0, ?1) AND pattern IN (SELECT value FROM json_each(?2))
                     AND (until = 0 OR until > ?3)"
            ),
            params![list, json(exact), now],
            read_ban,
        )?;
        // The condition is that of the index, word for word.
        found.extend(self.all(
            &format!(
                "SELECT {COLUMNS} FROM ban WHERE list_id IN (0, ?1) AND pattern GLOB '*[*?]*'
                     AND (until = 0 OR until > ?2)"
            ),
            params![list, now],
            read_ban,
        )?);
        // An address may look like a pattern, and its ban is found twice.
        found.sort_by_key(|ban| ban.id);
        found.dedup_by_key(|ban| ban.id);
        Ok(found)
    }

    fn add_ban(&mut self, ban: &BanRow) -> Result<i64> {
        self.change(
            "INSERT INTO ban (list_id, pattern, reason, until, created, added_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET reason = excluded.reason, until = excluded.until, created = excluded.created,
                 added_by = excluded.added_by",
            params![ban.list, ban.pattern, ban.reason, ban.until, ban.created, ban.by],
        )?;
        self.one("SELECT id FROM ban WHERE list_id = ?1 AND pattern = ?2", params![ban.list, ban.pattern], |row| {
            row.get(0)
        })
    }

    fn remove_ban(&mut self, id: i64) -> Result<bool> {
        self.change("DELETE FROM ban WHERE id = ?1", [id]).map(|rows| rows > 0)
    }
}
