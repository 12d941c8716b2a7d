//! What goes into digests, in SQL. A list whose members never wanted any has no row in `digest`, and costs nothing.

use rusqlite::{Row, params};

use super::queue::{Beginning, Contents};
use super::{Sql, unsigned};
use crate::error::Result;
use crate::model::*;
use crate::session::Digests;

const COLUMNS: &str = "list_id, volume, issue, last_post, sent";

fn read_digest(row: &Row<'_>) -> rusqlite::Result<DigestRow> {
    Ok(DigestRow {
        list: row.get(0)?,
        volume: row.get(1)?,
        issue: row.get(2)?,
        last_post: row.get(3)?,
        sent: row.get(4)?,
    })
}

impl Sql<'_> {
    /// Begins a list's digests where a member wants the first: what was posted before is not for them, but for what is still
    /// being sent, which may not have reached them.
    pub(super) fn begin_digests(&mut self, list: ListKey, now: i64) -> Result<()> {
        let begun = self.change(
            "INSERT INTO digest (list_id, volume, issue, last_post, sent)
             VALUES (?1, 0, 0, coalesce(
                 (SELECT min(id) - 1 FROM post WHERE list_id = ?1 AND kind = 'post' AND state <> 2 AND state = 0),
                 (SELECT max(id) FROM post), 0), ?2) ON CONFLICT DO NOTHING",
            params![list, now],
        )?;
        if begun > 0 {
            self.change("UPDATE held SET digested = 1 WHERE list_id = ?1 AND action IN ('approve', 'trust')", [list])?;
        }
        Ok(())
    }
}

impl Digests for Sql<'_> {
    fn digest(&self, list: ListKey) -> Result<Option<DigestRow>> {
        self.maybe(&format!("SELECT {COLUMNS} FROM digest WHERE list_id = ?1"), [list], read_digest)
    }

    fn put_digest(&mut self, digest: &DigestRow, posts: &[i64]) -> Result<()> {
        self.change(
            "INSERT INTO digest (list_id, volume, issue, last_post, sent) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET volume = excluded.volume, issue = excluded.issue,
                 last_post = excluded.last_post, sent = excluded.sent",
            params![digest.list, digest.volume, digest.issue, digest.last_post, digest.sent],
        )?;
        // What is approved meanwhile, and not among them, is for the next.
        for post in posts {
            self.change(
                "UPDATE held SET digested = 1 WHERE post_id = ?1 AND list_id = ?2",
                params![post, digest.list],
            )?;
        }
        Ok(())
    }

    fn undigested(&self, list: ListKey, limit: u32) -> Result<Vec<(i64, u64)>> {
        // Reads what came in since the last digest, of all lists: an index would be written by every hand-over. Two queries,
        // since an OR would read the whole table.
        self.all(
            "SELECT id, size FROM post WHERE list_id = ?1 AND kind = 'post' AND state IN (0, 1, 2)
                 AND id > (SELECT last_post FROM digest WHERE list_id = ?1)
             UNION SELECT id, size FROM post WHERE kind = 'post' AND state IN (0, 1, 2) AND id IN (
                 SELECT post_id FROM held WHERE list_id = ?1 AND digested = 0 AND action IN ('approve', 'trust')
                     AND EXISTS (SELECT 1 FROM digest WHERE digest.list_id = ?1))
             ORDER BY id LIMIT ?2",
            params![list, limit],
            |row| Ok((row.get(0)?, unsigned(row.get(1)?))),
        )
    }

    fn digests(&self) -> Result<Vec<DigestRow>> {
        self.all(&format!("SELECT {COLUMNS} FROM digest"), [], read_digest)
    }

    fn add_digest(&mut self, digest: &NewDigest) -> Result<i64> {
        let message = Contents {
            list: digest.list,
            kind: digest.kind,
            sender: "",
            message_id: &digest.message_id,
            received: digest.at,
            bytes: &digest.bytes,
        };
        self.insert_message(&message, Beginning::Due(PostState::Sending))
    }
}
