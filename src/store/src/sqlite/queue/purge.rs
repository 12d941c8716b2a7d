//! What is old and goes.

use rusqlite::{Row, params};

use super::super::{Sql, unsigned};
use crate::error::Result;

/// Octets of posts that are removed in one transaction: hand-overs wait for it.
const OCTETS: u64 = 16 * 1024 * 1024;

/// What a digest is still to have stays, a post included that was approved when newer ones were in a digest already.
const DIGESTED: &str =
    "(kind <> 'post' OR NOT EXISTS (SELECT 1 FROM digest WHERE digest.list_id = post.list_id AND (post.id > digest.last_post
    OR EXISTS (SELECT 1 FROM held WHERE held.list_id = post.list_id AND held.post_id = post.id
        AND held.digested = 0 AND held.action IN ('approve', 'trust')))))";

/// Before when a post of the list must have been finished, of a list that keeps posts for a time of its own; parameter 1 is
/// now. What is no number of days is left to the site: to forget too late can be mended. Nor may a number be so large that
/// SQLite goes on with fractions.
const OWN: &str = "CASE WHEN json_valid(list.settings) THEN CASE
        WHEN list.settings ->> 'retain_posts' GLOB '[0-9]*' AND list.settings ->> 'retain_posts' NOT GLOB '*[^0-9]*'
        THEN ?1 - 86400 * min(CAST(list.settings ->> 'retain_posts' AS INTEGER), 1000000) END END";

impl Sql<'_> {
    /// Posts to remove, with their octets, the oldest first.
    fn old_posts(&self, before: i64, now: i64, limit: u32) -> Result<Vec<(i64, u64)>> {
        let latest: Option<i64> = self.one(&format!("SELECT max({OWN}) FROM list"), [now], |row| row.get(0))?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, unsigned(row.get(1)?)));
        let Some(latest) = latest else {
            // No list has a time of its own.
            return self.all(
                &format!(
                    "SELECT id, size FROM post WHERE state = 2 AND finished < ?1 AND {DIGESTED}
                     ORDER BY finished LIMIT ?2"
                ),
                params![before, limit],
                read,
            );
        };
        // What a list keeps for longer than others is read each time and passed over, which costs less than an index that
        // every post would have to write.
        self.all(
            &format!(
                "SELECT post.id, post.size FROM post CROSS JOIN list ON list.id = post.list_id
                 WHERE post.state = 2 AND post.finished < ?4 AND post.finished < coalesce({OWN}, ?3)
                     AND {DIGESTED}
                 ORDER BY post.finished LIMIT ?2"
            ),
            params![now, limit, before, latest.max(before)],
            read,
        )
    }

    /// Removes posts until there are enough; answers how many.
    pub(super) fn purge_posts(&mut self, before: i64, now: i64, limit: u32) -> Result<u64> {
        let (mut removed, mut octets) = (0, 0);
        for (id, size) in self.old_posts(before, now, limit)? {
            octets += size;
            // At least one, however large.
            if octets > size && octets > OCTETS {
                break;
            }
            removed += self.change("DELETE FROM post WHERE id = ?1", [id])? as u64;
        }
        Ok(removed)
    }
}
