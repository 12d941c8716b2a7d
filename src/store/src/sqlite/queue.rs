//! The queue in SQL: posts with their cursors, and the recipients that were deferred or refused.

mod purge;
mod rows;
mod targets;

use rusqlite::params;

pub(super) use self::rows::{Beginning, Contents};
use self::rows::{COLUMNS, check, read_post, read_troubled};
use self::targets::targets_of;
use super::{Sql, cut, json, literally, signed, unsigned};
use crate::error::Result;
use crate::model::*;
use crate::session::Queue;

/// The condition for the posts that a query asks for; parameter 1 is the list.
fn matching(query: &PostQuery) -> String {
    // Without a list its parameter is NULL, and the planner is not confused by an OR.
    let list = if query.list.is_some() { "list_id = ?1" } else { "?1 IS NULL" };
    match query.state {
        // What waits for a moderator is his business.
        None => format!("{list} AND state <> 2 AND state <> 4"),
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
            "SELECT id FROM post WHERE state <> 2 AND list_id = ?1 AND kind IN ('post', 'digest', 'plain-digest')
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

    /// For each post to the members of a list that came in since, the oldest first.
    pub(super) fn posts_since(&self, list: ListKey, since: i64) -> Result<Vec<CountedPost>> {
        // Reads the whole table, as a report is written seldom and an index would be written by every hand-over.
        self.all(
            "SELECT received, size, sender, delivered, refused FROM post
             WHERE list_id = ?1 AND kind = 'post' AND state <> 4 AND received >= ?2 ORDER BY id",
            params![list, since],
            |row| {
                let (size, delivered, refused) = (row.get(1)?, row.get(3)?, row.get(4)?);
                Ok((row.get(0)?, unsigned(size), row.get(2)?, unsigned(delivered), unsigned(refused)))
            },
        )
    }

    /// The last posts to the members of a list for which a condition holds, the newest first.
    fn last_posts(&self, list: ListKey, limit: u32, condition: &str) -> Result<Vec<PostRow>> {
        // Reads the table backwards until there are enough: an index would be written by every hand-over, and this is asked
        // by a person now and then.
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM post JOIN list ON list.id = post.list_id WHERE post.id IN
                     (SELECT id FROM post WHERE list_id = ?1 AND kind = 'post' {condition} ORDER BY id DESC LIMIT ?2)
                 ORDER BY post.id DESC"
            ),
            params![list, limit],
            read_post,
        )?
        .into_iter()
        .map(check)
        .collect()
    }

    /// Makes deferred recipients of those that a post was refused for, if they are still to get it.
    fn recall(&mut self, id: i64) -> Result<()> {
        let Some(post) = self.post(id)? else { return Ok(()) };
        let recalled = if post.kind == PostKind::Notice {
            self.change("UPDATE recipient SET refused = 0 WHERE post_id = ?1 AND refused = 1", [id])?
        } else {
            // At the end of time nobody is away: who is now was there when it was refused.
            let audience = Audience::of(post.list, post.kind, i64::MAX);
            let Some(everybody) = targets_of(&audience) else { return Ok(()) };
            self.change(
                &format!(
                    "UPDATE recipient SET refused = 0 WHERE post_id = ?3 AND refused = 1
                         AND EXISTS (SELECT 1 FROM ({everybody}) AS target WHERE target.key = recipient.key)"
                ),
                params![audience.list, audience.now, id],
            )?
        };
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
        // Reports are for nobody, and commands are answered by others: they are done as soon as they are stored.
        let beginning = match targets_of(&Audience::of(post.list, post.kind, post.received)) {
            Some(_) => Beginning::Due(PostState::Sending),
            None => Beginning::Done,
        };
        self.insert_post(post, beginning)
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

    fn newest_post(&self) -> Result<Option<i64>> {
        self.maybe("SELECT received FROM post ORDER BY id DESC LIMIT 1", [], |row| row.get(0))
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

    fn add_notice(&mut self, notice: &NewNotice) -> Result<i64> {
        let message = Contents {
            list: notice.list,
            kind: PostKind::Notice,
            sender: &notice.return_path,
            message_id: &notice.message_id,
            received: notice.at,
            bytes: &notice.bytes,
        };
        // Its recipients are named, so there is nobody for a cursor to walk through: they begin where those of posts come
        // to when the next hop puts them off.
        let id = self.insert_message(&message, Beginning::Due(PostState::Waiting))?;
        for target in &notice.recipients {
            self.change(
                "INSERT INTO recipient (post_id, key, address, refused, attempts, first, next_attempt, reply)
                 VALUES (?1, ?2, ?3, 0, 0, ?4, 0, '') ON CONFLICT DO NOTHING",
                params![id, target.key, target.address, notice.at],
            )?;
        }
        Ok(id)
    }

    fn message_start(&self, post: i64, octets: usize) -> Result<Option<Vec<u8>>> {
        self.maybe(
            "SELECT substr(bytes, 1, ?2) FROM message WHERE post_id = ?1",
            params![post, signed(octets as u64)],
            |row| row.get(0),
        )
    }

    fn sent_posts(&self, list: ListKey, limit: u32) -> Result<Vec<PostRow>> {
        self.last_posts(list, limit, "AND state IN (0, 1, 2)")
    }

    fn latest_posts(&self, list: ListKey, limit: u32) -> Result<Vec<PostRow>> {
        self.last_posts(list, limit, "")
    }

    fn post_by_message_id(&self, list: ListKey, message_id: &str) -> Result<Option<i64>> {
        // Backwards through the table, as above. Without an id, a post is found by none.
        self.maybe(
            "SELECT id FROM post WHERE list_id = ?1 AND message_id = ?2 AND ?2 <> '' ORDER BY id DESC LIMIT 1",
            params![list, message_id],
            |row| row.get(0),
        )
    }

    fn targets(&self, audience: &Audience, after: &str, limit: u32) -> Result<Vec<Target>> {
        let Some(everybody) = targets_of(audience) else { return Ok(Vec::new()) };
        let (authors, thread) = (json(&audience.authors), json(&audience.thread));
        self.all(
            &format!("SELECT key, address FROM ({everybody}) WHERE key > ?5 ORDER BY key LIMIT ?6"),
            params![audience.list, audience.now, authors, thread, after, limit],
            |row| Ok(Target { key: row.get(0)?, address: row.get(1)? }),
        )
    }

    fn target_count(&self, audience: &Audience) -> Result<u64> {
        let Some(everybody) = targets_of(audience) else { return Ok(0) };
        let (authors, thread) = (json(&audience.authors), json(&audience.thread));
        // The last condition is always true: so every query has the same parameters.
        self.count(
            &format!("SELECT count(*) FROM ({everybody}) WHERE ?4 IS NOT NULL"),
            params![audience.list, audience.now, authors, thread],
        )
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
             WHERE id = ?1 AND state <> 4",
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
            "UPDATE post SET state = 3, next_attempt = NULL, finished = NULL, last_error = ?2
             WHERE id = ?1 AND state <> 4",
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
            &format!(
                "UPDATE post SET state = iif(state = 3, iif(kind = 'notice', 1, 0), state), next_attempt = 0
                 WHERE state <> 2 AND state <> 4 AND {posts}"
            ),
            [&value],
        )?;
        self.change(&format!("UPDATE recipient SET next_attempt = 0 WHERE refused = 0 AND {recipients}"), [&value])
            .map(|rows| rows as u64)
    }

    fn drop_post(&mut self, id: i64, now: i64) -> Result<bool> {
        // Nobody is to decide about what has gone.
        self.change(
            "UPDATE held SET action = 'drop', decided_at = ?2 WHERE post_id = ?1 AND action = ''",
            params![id, now],
        )?;
        self.change("DELETE FROM post WHERE id = ?1", [id]).map(|rows| rows > 0)
    }

    fn purge(&mut self, posts: i64, now: i64, handovers: i64, limit: u32) -> Result<u64> {
        let handovers = self.change(
            "DELETE FROM handover WHERE key IN (SELECT key FROM handover WHERE received < ?1 LIMIT ?2)",
            params![handovers, limit],
        )?;
        Ok(handovers as u64 + self.purge_posts(posts, now, limit)?)
    }
}
