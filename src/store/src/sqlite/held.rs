//! Posts that wait for a moderator in SQL: why each of them waits, and what was decided.

use rusqlite::{Row, params};

use super::queue::Beginning;
use super::{Sql, containing, cut, number, signed, unsigned};
use crate::error::Result;
use crate::model::*;
use crate::session::Moderation;

/// Columns for [`read_held`].
const COLUMNS: &str = "held.post_id, held.list_id, list.address, held.message_id, held.size, held.received,
    held.rule, held.reason, held.poster, held.address, held.subject, held.answerable, held.expires, held.told,
    held.action, held.decided_by, held.decided_at";

/// Posts that wait, with their lists. Left to itself, SQLite reads all decisions where it is to sort by post.
const WAITING: &str = "held INDEXED BY held_waiting JOIN list ON list.id = held.list_id";

fn read_held(row: &Row<'_>) -> rusqlite::Result<HeldRow> {
    let action: String = row.get(14)?;
    let decided = if action.is_empty() { None } else { Some(Decided { action, by: row.get(15)?, at: row.get(16)? }) };
    Ok(HeldRow {
        post: row.get(0)?,
        list: row.get(1)?,
        list_address: row.get(2)?,
        message_id: row.get(3)?,
        size: unsigned(row.get(4)?),
        received: row.get(5)?,
        hold: Hold {
            rule: row.get(6)?,
            reason: row.get(7)?,
            poster: row.get(8)?,
            address: row.get(9)?,
            subject: row.get(10)?,
            answerable: row.get(11)?,
            expires: row.get(12)?,
        },
        told: row.get(13)?,
        decided,
    })
}

impl Moderation for Sql<'_> {
    fn hold_post(&mut self, post: &NewPost, hold: &Hold) -> Result<i64> {
        let id = self.insert_post(post, Beginning::Held)?;
        self.change(
            "INSERT INTO held (post_id, list_id, message_id, size, received, rule, reason, poster, address, subject,
                 answerable, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                id,
                post.list,
                post.message_id,
                signed(post.bytes.len() as u64),
                post.received,
                hold.rule,
                hold.reason,
                hold.poster,
                hold.address,
                hold.subject,
                hold.answerable,
                hold.expires
            ],
        )?;
        Ok(id)
    }

    fn held(&self, post: i64) -> Result<Option<HeldRow>> {
        self.maybe(
            &format!("SELECT {COLUMNS} FROM held JOIN list ON list.id = held.list_id WHERE held.post_id = ?1"),
            [post],
            read_held,
        )
    }

    fn held_posts(&self, list: Option<ListKey>, query: &PageQuery) -> Result<Page<HeldRow>> {
        // Without a list its parameter is NULL, and the planner is not confused by an OR.
        let of_list = if list.is_some() { "held.list_id = ?1" } else { "?1 IS NULL" };
        let waiting = format!("held.action = '' AND {of_list}");
        let matching = format!("{waiting} AND (held.address LIKE ?2 ESCAPE '\\' OR held.subject LIKE ?2 ESCAPE '\\')");
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = match &query.filter {
            Some(_) => self.count(&format!("SELECT count(*) FROM held WHERE {matching}"), params![list, filter])?,
            None => self.count(&format!("SELECT count(*) FROM held WHERE {waiting}"), [list])?,
        };
        let items = self.all(
            &format!(
                "SELECT {COLUMNS} FROM {WAITING} WHERE {matching} AND held.post_id > ?3 ORDER BY held.post_id LIMIT ?4"
            ),
            params![list, filter, number(&query.after), i64::from(query.limit) + 1],
            read_held,
        )?;
        let (items, next) = cut(items, query.limit, |row| row.post.to_string());
        Ok(Page { total, items, next })
    }

    fn held_count(&self, list: ListKey) -> Result<u64> {
        self.count("SELECT count(*) FROM held WHERE list_id = ?1 AND action = ''", [list])
    }

    fn decide_held(&mut self, post: i64, decided: &Decided, goes_on: bool) -> Result<bool> {
        let rows = self.change(
            "UPDATE held SET action = ?2, decided_by = ?3, decided_at = ?4 WHERE post_id = ?1 AND action = ''",
            params![post, decided.action, decided.by, decided.at],
        )?;
        if rows == 0 {
            return Ok(false);
        }
        let sql = if goes_on {
            "UPDATE post SET state = 0, next_attempt = 0, cursor = '' WHERE id = ?1 AND state = 4"
        } else {
            "DELETE FROM post WHERE id = ?1 AND state = 4"
        };
        self.change(sql, [post])?;
        Ok(true)
    }

    fn lists_to_tell(&self) -> Result<Vec<ListKey>> {
        self.all("SELECT DISTINCT list_id FROM held WHERE action = '' AND told = 0 ORDER BY list_id", [], |row| {
            row.get(0)
        })
    }

    fn untold(&self, list: ListKey, limit: u32) -> Result<Vec<HeldRow>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM {WAITING} WHERE held.action = '' AND held.list_id = ?1 AND held.told = 0 ORDER BY held.post_id LIMIT ?2"
            ),
            params![list, limit],
            read_held,
        )
    }

    fn last_told(&self, list: ListKey) -> Result<i64> {
        self.one("SELECT coalesce(max(told), 0) FROM held WHERE list_id = ?1 AND told > 0", [list], |row| row.get(0))
    }

    fn told(&mut self, posts: &[i64], now: i64) -> Result<()> {
        for post in posts {
            self.change("UPDATE held SET told = ?2 WHERE post_id = ?1", params![post, now])?;
        }
        Ok(())
    }

    fn expired(&self, now: i64, limit: u32) -> Result<Vec<HeldRow>> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM {WAITING} WHERE held.action = '' AND held.expires <= ?1
                     AND held.told BETWEEN 1 AND ?1 - 86400 ORDER BY held.post_id LIMIT ?2"
            ),
            params![now, limit],
            read_held,
        )
    }

    fn forget_decisions(&mut self, before: i64) -> Result<u64> {
        self.change("DELETE FROM held WHERE action <> '' AND decided_at < ?1", [before]).map(|rows| rows as u64)
    }
}
