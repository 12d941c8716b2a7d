//! The queue in SQL: posts with their cursors, and the recipients that were deferred or refused.

use rusqlite::{Row, params};

use super::{Sql, cut, literally, signed, unsigned};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Queue;

const COLUMNS: &str = "post.id, post.list_id, list.address, post.kind, post.sender, post.message_id, post.size,
    post.received, post.state, post.cursor, post.delivered, post.refused,
    (SELECT count(*) FROM recipient WHERE recipient.post_id = post.id AND recipient.refused = 0),
    post.attempts, coalesce(post.next_attempt, 0), post.last_error";

/// A row and what its kind and state are called in the database.
fn read_post(row: &Row<'_>) -> rusqlite::Result<(PostRow, String, usize)> {
    let (kind, state) = (row.get(3)?, row.get::<_, u32>(8)? as usize);
    let post = PostRow {
        id: row.get(0)?,
        list: row.get(1)?,
        list_address: row.get(2)?,
        kind: PostKind::Post,
        sender: row.get(4)?,
        message_id: row.get(5)?,
        size: unsigned(row.get(6)?),
        received: row.get(7)?,
        state: PostState::Quarantined,
        cursor: row.get(9)?,
        delivered: unsigned(row.get(10)?),
        refused: unsigned(row.get(11)?),
        deferred: unsigned(row.get(12)?),
        attempts: row.get(13)?,
        next_attempt: row.get(14)?,
        last_error: row.get(15)?,
    };
    Ok((post, kind, state))
}

fn check((post, kind, state): (PostRow, String, usize)) -> Result<PostRow> {
    match (PostKind::from_name(&kind), PostState::ALL.get(state)) {
        (Some(kind), Some(state)) => Ok(PostRow { kind, state: *state, ..post }),
        _ => Err(Error::Unreadable {
            what: format!("post {} of {}", post.id, post.list_address),
            detail: format!("its kind is {kind:?} and its state {state}"),
        }),
    }
}

fn read_troubled(row: &Row<'_>) -> rusqlite::Result<Troubled> {
    Ok(Troubled {
        target: Target { key: row.get(0)?, address: row.get(1)? },
        refused: row.get(2)?,
        attempts: row.get(3)?,
        first: row.get(4)?,
        next_attempt: row.get(5)?,
        reply: row.get(6)?,
    })
}

/// Octets of posts that are removed in one transaction: hand-overs wait for it.
const PURGE_OCTETS: u64 = 16 * 1024 * 1024;

/// Where a forwarded message goes: the list's owners, or where it has none the site's admins.
const OWNERS: &str = "SELECT key, address FROM role WHERE role = 'owner' AND list_id = ?1
    UNION SELECT key, address FROM role WHERE role = 'admin' AND list_id = 0
        AND NOT EXISTS (SELECT 1 FROM role WHERE role = 'owner' AND list_id = ?1)";

const MEMBERS: &str = "SELECT key, address FROM member WHERE list_id = ?1 AND mode = 'post'";

/// The query for everybody who is to get a message of this kind; `None` where nobody does.
fn targets_of(kind: PostKind) -> Option<&'static str> {
    match kind {
        PostKind::Post => Some(MEMBERS),
        PostKind::Owner | PostKind::Command => Some(OWNERS),
        PostKind::Bounce => None,
    }
}

/// The condition for the posts that a query asks for; parameter 1 is the list.
fn matching(query: &PostQuery) -> String {
    // Without a list its parameter is NULL, and the planner is not confused by an OR.
    let list = if query.list.is_some() { "list_id = ?1" } else { "?1 IS NULL" };
    match query.state {
        None => format!("{list} AND state <> 2"),
        Some(PostState::Done) => format!("{list} AND state = 2"),
        // The second condition says it all; the first lets the index of unfinished posts be used.
        Some(state) => format!("{list} AND state <> 2 AND state = {}", state as u8),
    }
}

impl Sql<'_> {
    /// A post whose cursor has passed everybody waits for the next of its deferred recipients; without any it is done.
    fn settle(&mut self, post: i64, now: i64) -> Result<()> {
        let next: Option<i64> =
            self.one("SELECT min(next_attempt) FROM recipient WHERE post_id = ?1 AND refused = 0", [post], |row| {
                row.get(0)
            })?;
        let (state, finished) = if next.is_some() { (PostState::Waiting, None) } else { (PostState::Done, Some(now)) };
        self.change(
            "UPDATE post SET state = ?2, next_attempt = ?3, finished = ?4 WHERE id = ?1 AND state IN (1, 2)",
            params![post, state as u8, next, finished],
        )
        .map(drop)
    }

    /// Takes members who want no mail any more from among the deferred recipients of a list's posts.
    pub(super) fn let_go(&mut self, list: ListKey, members: &[String], now: i64) -> Result<()> {
        let posts: Vec<i64> = self.all(
            "SELECT id FROM post WHERE state <> 2 AND list_id = ?1 AND kind = 'post'
                 AND EXISTS (SELECT 1 FROM recipient WHERE post_id = post.id AND refused = 0)",
            [list],
            |row| row.get(0),
        )?;
        for post in posts {
            let mut gone = 0;
            for key in members {
                gone += self.change(
                    "DELETE FROM recipient WHERE post_id = ?1 AND key = ?2 AND refused = 0",
                    params![post, key],
                )?;
            }
            if gone > 0 {
                self.settle(post, now)?;
            }
        }
        Ok(())
    }

    /// Makes deferred recipients of those that a post was refused for, if they are still to get it.
    fn recall(&mut self, id: i64) -> Result<()> {
        let Some(post) = self.post(id)? else { return Ok(()) };
        let Some(everybody) = targets_of(post.kind) else { return Ok(()) };
        let recalled = self.change(
            &format!(
                "UPDATE recipient SET refused = 0 WHERE post_id = ?2 AND refused = 1
                     AND EXISTS (SELECT 1 FROM ({everybody}) AS target WHERE target.key = recipient.key)"
            ),
            params![post.list, id],
        )?;
        if recalled == 0 {
            return Ok(());
        }
        self.change(
            "UPDATE post SET refused = refused - ?2, state = iif(state = 2, 1, state), finished = NULL WHERE id = ?1",
            params![id, signed(recalled as u64)],
        )
        .map(drop)
    }
}

impl Queue for Sql<'_> {
    fn handed_over(&self, key: &[u8; 32]) -> Result<Option<i64>> {
        self.maybe("SELECT post_id FROM handover WHERE key = ?1", [&key[..]], |row| row.get(0))
    }

    fn add_post(&mut self, post: &NewPost) -> Result<i64> {
        // A report is for nobody: it is done as soon as it is stored.
        let (state, next, finished) = match targets_of(post.kind) {
            Some(_) => (PostState::Sending, Some(0), None),
            None => (PostState::Done, None, Some(post.received)),
        };
        self.change(
            "INSERT INTO post (list_id, kind, sender, message_id, size, received, state, next_attempt, finished)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                post.list,
                post.kind.name(),
                post.sender,
                post.message_id,
                signed(post.bytes.len() as u64),
                post.received,
                state as u8,
                next,
                finished
            ],
        )?;
        let id = self.connection.last_insert_rowid();
        self.change("INSERT INTO message (post_id, bytes) VALUES (?1, ?2)", params![id, post.bytes])?;
        self.change(
            "INSERT INTO handover (key, post_id, received) VALUES (?1, ?2, ?3)",
            params![&post.handover[..], id, post.received],
        )?;
        Ok(id)
    }

    fn count_bounce(&mut self, list: ListKey, key: &str, post: i64, now: i64) -> Result<()> {
        self.change(
            "INSERT INTO bounce (list_id, key, count, last, last_post) VALUES (?1, ?2, 1, ?3, ?4)
             ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last, last_post = excluded.last_post",
            params![list, key, now, post],
        )
        .map(drop)
    }

    fn posts(&self, query: &PostQuery) -> Result<Page<PostRow>> {
        let matching = matching(query);
        let total = self.count(&format!("SELECT count(*) FROM post WHERE {matching}"), params![query.list])?;
        let items = self
            .all(
                // The page is chosen by key first, or every post that matches would be read and sorted whole.
                &format!(
                    "SELECT {COLUMNS} FROM post JOIN list ON list.id = post.list_id WHERE post.id IN
                         (SELECT id FROM post WHERE {matching} AND id > ?2 ORDER BY id LIMIT ?3) ORDER BY post.id"
                ),
                params![query.list, query.after, i64::from(query.limit) + 1],
                read_post,
            )?
            .into_iter()
            .map(check)
            .collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |post| post.id.to_string());
        Ok(Page { total, items, next })
    }

    fn post(&self, id: i64) -> Result<Option<PostRow>> {
        self.maybe(
            &format!("SELECT {COLUMNS} FROM post JOIN list ON list.id = post.list_id WHERE post.id = ?1"),
            [id],
            read_post,
        )?
        .map(check)
        .transpose()
    }

    fn message(&self, id: i64) -> Result<Option<Vec<u8>>> {
        self.maybe("SELECT bytes FROM message WHERE post_id = ?1", [id], |row| row.get(0))
    }

    fn due(&self, now: i64, limit: u32) -> Result<Vec<i64>> {
        self.all(
            "SELECT id FROM post WHERE state <> 2 AND next_attempt <= ?1 ORDER BY next_attempt, id LIMIT ?2",
            params![now, limit],
            |row| row.get(0),
        )
    }

    fn next_due(&self, now: i64) -> Result<Option<i64>> {
        self.one("SELECT min(next_attempt) FROM post WHERE state <> 2", [], |row| row.get::<_, Option<i64>>(0))
            .map(|at| at.map(|at| at.max(now)))
    }

    fn targets(&self, list: ListKey, kind: PostKind, after: &str, limit: u32) -> Result<Vec<Target>> {
        let Some(everybody) = targets_of(kind) else { return Ok(Vec::new()) };
        self.all(
            &format!("SELECT key, address FROM ({everybody}) WHERE key > ?2 ORDER BY key LIMIT ?3"),
            params![list, after, limit],
            |row| Ok(Target { key: row.get(0)?, address: row.get(1)? }),
        )
    }

    fn target_count(&self, list: ListKey, kind: PostKind) -> Result<u64> {
        let Some(everybody) = targets_of(kind) else { return Ok(0) };
        self.count(&format!("SELECT count(*) FROM ({everybody})"), [list])
    }

    fn troubled(&self, post: i64, after: &str, limit: u32) -> Result<Vec<Troubled>> {
        self.all(
            "SELECT key, address, refused, attempts, first, next_attempt, reply FROM recipient
             WHERE post_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
            params![post, after, limit],
            read_troubled,
        )
    }

    fn due_recipients(&self, post: i64, now: i64, after: &str, limit: u32) -> Result<Vec<Troubled>> {
        self.all(
            "SELECT key, address, refused, attempts, first, next_attempt, reply FROM recipient
             WHERE post_id = ?1 AND key > ?2 AND refused = 0 AND next_attempt <= ?3 ORDER BY key LIMIT ?4",
            params![post, after, now, limit],
            read_troubled,
        )
    }

    fn record(&mut self, post: i64, progress: &Progress, now: i64) -> Result<()> {
        let refused = progress.troubled.iter().filter(|troubled| troubled.refused).count();
        let known = self.change(
            "UPDATE post SET cursor = coalesce(?2, cursor), delivered = delivered + ?3, refused = refused + ?4,
                 state = iif(state = 0 AND ?5, 1, state), attempts = 0, next_attempt = iif(state < 2, 0, NULL),
                 last_error = coalesce(?6, last_error)
             WHERE id = ?1",
            params![
                post,
                progress.cursor,
                signed(progress.delivered),
                signed(refused as u64),
                progress.expanded,
                progress.troubled.last().map(|troubled| &troubled.reply)
            ],
        )?;
        if known == 0 {
            return Ok(());
        }
        for key in &progress.settled {
            self.change("DELETE FROM recipient WHERE post_id = ?1 AND key = ?2", params![post, key])?;
        }
        for troubled in &progress.troubled {
            self.change(
                "INSERT OR REPLACE INTO recipient (post_id, key, address, refused, attempts, first, next_attempt, reply)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    post,
                    troubled.target.key,
                    troubled.target.address,
                    troubled.refused,
                    troubled.attempts,
                    troubled.first,
                    troubled.next_attempt,
                    troubled.reply
                ],
            )?;
        }
        self.settle(post, now)
    }

    fn postpone(&mut self, post: i64, attempts: u32, until: i64, error: &str) -> Result<()> {
        self.change(
            "UPDATE post SET attempts = ?2, next_attempt = ?3, last_error = ?4 WHERE id = ?1 AND state < 2",
            params![post, attempts, until, error],
        )
        .map(drop)
    }

    fn quarantine(&mut self, post: i64, error: &str) -> Result<()> {
        self.change(
            "UPDATE post SET state = 3, next_attempt = NULL, finished = NULL, last_error = ?2 WHERE id = ?1",
            params![post, error],
        )
        .map(drop)
    }

    fn retry(&mut self, selection: &Selection) -> Result<u64> {
        if let Selection::Post(id) = selection {
            self.recall(*id)?;
        }
        let (posts, recipients, value): (_, _, Box<dyn rusqlite::ToSql>) = match selection {
            Selection::Post(id) => ("id = ?1", "post_id = ?1", Box::new(*id)),
            Selection::List(list) => (
                "list_id = ?1 AND state <> 2 AND state < 2",
                "post_id IN (SELECT id FROM post WHERE list_id = ?1 AND state <> 2 AND state < 2)",
                Box::new(*list),
            ),
            Selection::Domain(domain) => (
                "state < 2 AND id IN (SELECT post_id FROM recipient WHERE refused = 0 AND key LIKE ?1 ESCAPE '\\')",
                "key LIKE ?1 ESCAPE '\\' AND post_id IN (SELECT id FROM post WHERE state <> 2 AND state < 2)",
                Box::new(format!("%@{}", literally(&domain.to_lowercase()))),
            ),
        };
        self.change(
            &format!("UPDATE post SET state = iif(state = 3, 0, state), next_attempt = 0 WHERE state <> 2 AND {posts}"),
            [&value],
        )?;
        self.change(&format!("UPDATE recipient SET next_attempt = 0 WHERE refused = 0 AND {recipients}"), [&value])
            .map(|rows| rows as u64)
    }

    fn drop_post(&mut self, id: i64) -> Result<bool> {
        self.change("DELETE FROM post WHERE id = ?1", [id]).map(|rows| rows > 0)
    }

    fn purge(&mut self, posts: i64, handovers: i64, limit: u32) -> Result<u64> {
        let handovers = self.change(
            "DELETE FROM handover WHERE key IN (SELECT key FROM handover WHERE received < ?1 LIMIT ?2)",
            params![handovers, limit],
        )?;
        let old: Vec<(i64, u64)> = self.all(
            "SELECT id, size FROM post WHERE state = 2 AND finished < ?1 ORDER BY finished LIMIT ?2",
            params![posts, limit],
            |row| Ok((row.get(0)?, unsigned(row.get(1)?))),
        )?;
        let (mut removed, mut octets) = (handovers as u64, 0);
        for (id, size) in old {
            octets += size;
            // At least one, however large.
            if octets > size && octets > PURGE_OCTETS {
                break;
            }
            removed += u64::from(self.drop_post(id)?);
        }
        Ok(removed)
    }
}
