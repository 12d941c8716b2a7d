//! Counters in SQL; of each only the window that was counted in last is kept.

use rusqlite::params;

use super::Sql;
use crate::error::Result;
use crate::session::Counters;

/// When the window of so many seconds began that it is now.
fn start(seconds: i64, now: i64) -> i64 {
    now - now.rem_euclid(seconds.max(1))
}

impl Counters for Sql<'_> {
    fn count_up(&mut self, what: &str, key: &str, seconds: i64, now: i64) -> Result<u64> {
        self.change(
            "INSERT INTO counter (what, key, seconds, start, count) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT DO UPDATE SET count = iif(start = excluded.start, count + 1, 1), start = excluded.start",
            params![what, key, seconds, start(seconds, now)],
        )?;
        self.counted(what, key, seconds, now)
    }

    fn count_down(&mut self, what: &str, key: &str, seconds: i64, now: i64) -> Result<()> {
        self.change(
            "UPDATE counter SET count = count - 1
             WHERE what = ?1 AND key = ?2 AND seconds = ?3 AND start = ?4 AND count > 0",
            params![what, key, seconds, start(seconds, now)],
        )
        .map(drop)
    }

    fn counted(&self, what: &str, key: &str, seconds: i64, now: i64) -> Result<u64> {
        self.count(
            "SELECT coalesce(sum(count), 0) FROM counter WHERE what = ?1 AND key = ?2 AND seconds = ?3 AND start = ?4",
            params![what, key, seconds, start(seconds, now)],
        )
    }

    fn forget_counters(&mut self, before: i64) -> Result<u64> {
        self.change("DELETE FROM counter WHERE start + seconds <= ?1", [before]).map(|rows| rows as u64)
    }
}
