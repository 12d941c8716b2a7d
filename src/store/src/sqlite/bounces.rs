//! Mail that came back in SQL, and members whose mail did.

use mailjam_core::settings::Settings;
use rusqlite::{Row, params};

use super::{Sql, containing, cut, number, unsigned};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Bounces;

const COLUMNS: &str =
    "id, list_id, key, address, at, outcome, class, hard, status, diagnostic, points, post_id, report_id";

fn read_bounce(row: &Row<'_>) -> rusqlite::Result<BounceRow> {
    Ok(BounceRow {
        id: row.get(0)?,
        list: row.get(1)?,
        key: row.get(2)?,
        address: row.get(3)?,
        at: row.get(4)?,
        outcome: row.get(5)?,
        class: row.get(6)?,
        hard: row.get(7)?,
        status: row.get(8)?,
        diagnostic: row.get(9)?,
        points: row.get(10)?,
        post: row.get(11)?,
        report: row.get(12)?,
    })
}

const STATE: &str = "key, score, scored, stage, reason, since, warnings, due";

/// Reads [`STATE`] from a row, beginning at a column, and what the stage is called in the database.
fn read_bouncing(row: &Row<'_>, first: usize) -> rusqlite::Result<(BouncingRow, String)> {
    let found = BouncingRow {
        key: row.get(first)?,
        score: row.get(first + 1)?,
        scored: row.get(first + 2)?,
        stage: Stage::Fine,
        reason: row.get(first + 4)?,
        since: row.get(first + 5)?,
        warnings: row.get(first + 6)?,
        due: row.get(first + 7)?,
    };
    Ok((found, row.get(first + 3)?))
}

fn check((row, stage): (BouncingRow, String)) -> Result<BouncingRow> {
    match Stage::from_name(&stage) {
        Some(stage) => Ok(BouncingRow { stage, ..row }),
        None => Err(Error::Unreadable {
            what: format!("the bounces of {}", row.key),
            detail: format!("no stage is called {stage:?}"),
        }),
    }
}

impl Bounces for Sql<'_> {
    fn add_bounce(&mut self, bounce: &BounceRow) -> Result<i64> {
        self.change(
            "INSERT INTO bounce (list_id, key, address, at, outcome, class, hard, status, diagnostic, points, post_id,
                 report_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                bounce.list,
                bounce.key,
                bounce.address,
                bounce.at,
                bounce.outcome,
                bounce.class,
                bounce.hard,
                bounce.status,
                bounce.diagnostic,
                bounce.points,
                bounce.post,
                bounce.report
            ],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    fn bounce(&self, id: i64) -> Result<Option<BounceRow>> {
        self.maybe(&format!("SELECT {COLUMNS} FROM bounce WHERE id = ?1"), [id], read_bounce)
    }

    fn bounces(&self, list: ListKey, key: Option<&str>, query: &PageQuery) -> Result<Page<BounceRow>> {
        // Without a member its parameter is NULL, and the planner is not confused by an OR.
        let member = if key.is_some() { "key = ?2" } else { "?2 IS NULL" };
        let matching = format!(
            "list_id = ?1 AND {member}
                 AND (address LIKE ?3 ESCAPE '\\' OR class LIKE ?3 ESCAPE '\\' OR diagnostic LIKE ?3 ESCAPE '\\')"
        );
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let before = if query.after.is_empty() { i64::MAX } else { number(&query.after) };
        let total = self.count(&format!("SELECT count(*) FROM bounce WHERE {matching}"), params![list, key, filter])?;
        let items = self.all(
            &format!("SELECT {COLUMNS} FROM bounce WHERE {matching} AND id < ?4 ORDER BY id DESC LIMIT ?5"),
            params![list, key, filter, before, i64::from(query.limit) + 1],
            read_bounce,
        )?;
        let (items, next) = cut(items, query.limit, |row| row.id.to_string());
        Ok(Page { total, items, next })
    }

    fn returns(&self, post: i64) -> Result<(u64, u64)> {
        let source = "CASE WHEN report_id > 0 THEN 'report ' || report_id ELSE key END";
        self.one(
            &format!(
                "SELECT count(DISTINCT {source}) FILTER (WHERE class NOT IN ('dead', 'full')), count(DISTINCT {source})
                 FROM bounce WHERE post_id > 0 AND post_id = ?1 AND key <> '' AND outcome IN ('scored', 'counted')"
            ),
            [post],
            |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))),
        )
    }

    fn bounced_members(&self, post: i64) -> Result<u64> {
        self.count(
            "SELECT count(DISTINCT key) FROM bounce
             WHERE post_id > 0 AND post_id = ?1 AND key <> '' AND outcome IN ('scored', 'counted')",
            [post],
        )
    }

    fn last_words(&self, list: ListKey, key: &str) -> Result<String> {
        let said = self.maybe(
            "SELECT diagnostic FROM bounce WHERE list_id = ?1 AND key = ?2 ORDER BY id DESC LIMIT 1",
            params![list, key],
            |row| row.get(0),
        )?;
        Ok(said.unwrap_or_default())
    }

    fn blame(&mut self, post: i64) -> Result<Vec<(String, u32)>> {
        let scored = self.all(
            "SELECT key, sum(points) FROM bounce WHERE post_id > 0 AND post_id = ?1 AND points > 0 GROUP BY key",
            [post],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.change(
            "UPDATE bounce SET outcome = 'blamed', points = 0
             WHERE post_id > 0 AND post_id = ?1 AND outcome IN ('scored', 'counted')",
            [post],
        )?;
        Ok(scored)
    }

    fn is_blamed(&self, post: i64) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM bounce WHERE post_id > 0 AND post_id = ?1 AND outcome = 'blamed')",
            [post],
            |row| row.get(0),
        )
    }

    fn bouncing(&self, list: ListKey, key: &str) -> Result<Option<BouncingRow>> {
        let sql = format!("SELECT {STATE} FROM bouncing WHERE list_id = ?1 AND key = ?2");
        self.maybe(&sql, params![list, key], |row| read_bouncing(row, 0))?.map(check).transpose()
    }

    fn bouncing_members(&self, list: ListKey, query: &PageQuery) -> Result<Page<BouncingRow>> {
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = self.count(
            "SELECT count(*) FROM bouncing WHERE list_id = ?1 AND key LIKE ?2 ESCAPE '\\'",
            params![list, filter],
        )?;
        let items = self
            .all(
                &format!(
                    "SELECT {STATE} FROM bouncing WHERE list_id = ?1 AND key LIKE ?2 ESCAPE '\\' AND key > ?3
                     ORDER BY key LIMIT ?4"
                ),
                params![list, filter, query.after, i64::from(query.limit) + 1],
                |row| read_bouncing(row, 0),
            )?
            .into_iter()
            .map(check)
            .collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |row| row.key.clone());
        Ok(Page { total, items, next })
    }

    fn put_bouncing(&mut self, list: ListKey, row: &BouncingRow) -> Result<bool> {
        // Of somebody who has left meanwhile nothing is kept.
        self.change(
            "INSERT INTO bouncing (list_id, key, score, scored, stage, reason, since, warnings, due)
             SELECT list_id, key, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM member WHERE list_id = ?1 AND key = ?2
             ON CONFLICT DO UPDATE SET score = excluded.score, scored = excluded.scored, stage = excluded.stage,
                 reason = excluded.reason, since = excluded.since, warnings = excluded.warnings, due = excluded.due",
            params![
                list,
                row.key,
                row.score,
                row.scored,
                row.stage.name(),
                row.reason,
                row.since,
                row.warnings,
                row.due
            ],
        )
        .map(|rows| rows > 0)
    }

    fn remove_bouncing(&mut self, list: ListKey, key: &str) -> Result<bool> {
        self.change("DELETE FROM bouncing WHERE list_id = ?1 AND key = ?2", params![list, key]).map(|rows| rows > 0)
    }

    fn due_bouncing(&self, now: i64, limit: u32) -> Result<Vec<(ListKey, BouncingRow)>> {
        self.all(
            &format!("SELECT list_id, {STATE} FROM bouncing WHERE due > 0 AND due <= ?1 ORDER BY due LIMIT ?2"),
            params![now, limit],
            |row| Ok((row.get(0)?, read_bouncing(row, 1)?)),
        )
        // One at a stage that this version does not know waits for the version that does.
        .map(|rows| rows.into_iter().filter_map(|(list, row)| Some((list, check(row).ok()?))).collect())
    }

    fn set_disabled(&mut self, list: ListKey, key: &str, since: i64, now: i64) -> Result<bool> {
        if since > 0 {
            self.let_go(list, &[key.to_owned()], now)?;
        }
        self.change("UPDATE member SET disabled = ?3 WHERE list_id = ?1 AND key = ?2", params![list, key, since])
            .map(|rows| rows > 0)
    }

    fn forget_bounces(&mut self, before: i64, now: i64, limit: u32) -> Result<u64> {
        // Ids rise with time, so that the oldest are the first.
        let bounces = self.change(
            "DELETE FROM bounce WHERE id IN (SELECT id FROM bounce ORDER BY id LIMIT ?2) AND at < ?1",
            params![before, limit],
        )?;
        let scores = self.change(
            "DELETE FROM bouncing WHERE stage = 'fine' AND scored < ?1 - 86400 * coalesce(
                 (SELECT CAST(list.settings ->> 'bounce_forget' AS INTEGER) FROM list
                     WHERE list.id = bouncing.list_id AND json_valid(list.settings)), ?2)",
            params![now, Settings::default().bounce_forget],
        )?;
        Ok((bounces + scores) as u64)
    }
}
