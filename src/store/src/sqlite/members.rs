//! Memberships in SQL.

use mailjam_core::decide::{Posting, Standing};
use rusqlite::{Row, ToSql, params};

use super::lists::{LIST_COLUMNS, read_list};
use super::{Sql, containing, cut, number, signed, unsigned};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::{Members, Moderation};

/// What a filter looks at; parameter 2 is the pattern. The address is in it because its key has the domain in A-labels.
const MATCHING: &str = "(key LIKE ?2 ESCAPE '\\' OR address LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\')";

/// Columns of a member, for [`read_member`].
const COLUMNS: &str = "member.key, member.address, member.name, member.mode, member.since, member.language,
    member.away_until, member.own_posts, member.posting, member.approved, member.disabled";

/// Reads [`COLUMNS`] from a row, beginning at a column, and what the exception is called in the database.
fn read_member(row: &Row<'_>, first: usize) -> rusqlite::Result<(MemberRow, String)> {
    let mode: String = row.get(first + 3)?;
    let member = MemberRow {
        key: row.get(first)?,
        address: row.get(first + 1)?,
        name: row.get(first + 2)?,
        // A mode of a later version: the safe reading is that the person wants mail.
        mode: Mode::from_name(&mode).unwrap_or_default(),
        since: row.get(first + 4)?,
        language: row.get(first + 5)?,
        away_until: row.get(first + 6)?,
        own_posts: row.get(first + 7)?,
        posting: Posting::Default,
        approved: row.get(first + 9)?,
        disabled: row.get(first + 10)?,
    };
    Ok((member, row.get(first + 8)?))
}

fn check((member, word): (MemberRow, String)) -> Result<MemberRow> {
    let posting = posting(&member.key, &word)?;
    Ok(MemberRow { posting, ..member })
}

/// What an exception is called in the database; of one that this version does not know there is no safe reading.
fn posting(key: &str, word: &str) -> Result<Posting> {
    Posting::from_name(word).ok_or_else(|| Error::Unreadable {
        what: format!("what becomes of posts by the member {key}"),
        detail: format!("no exception is called {word:?}"),
    })
}

/// The stricter an exception is, the more it weighs.
const fn strictness(posting: Posting) -> u8 {
    match posting {
        Posting::Default => 0,
        Posting::Accept => 1,
        Posting::Hold => 2,
        Posting::Refuse => 3,
        Posting::Discard => 4,
    }
}

impl Members for Sql<'_> {
    fn members(&self, list: ListKey, query: &PageQuery) -> Result<Page<MemberRow>> {
        let limit = i64::from(query.limit) + 1;
        let (total, items) = if let Some(filter) = query.filter.as_deref().map(containing) {
            let total = self.count(
                &format!("SELECT count(*) FROM member WHERE list_id = ?1 AND {MATCHING}"),
                params![list, filter],
            )?;
            let items = self.all(
                &format!(
                    "SELECT {COLUMNS} FROM member WHERE list_id = ?1 AND {MATCHING} AND key > ?3 ORDER BY key LIMIT ?4"
                ),
                params![list, filter, query.after, limit],
                |row| read_member(row, 0),
            )?;
            (total, items)
        } else {
            let total =
                self.maybe("SELECT members FROM list WHERE id = ?1", [list], |row| row.get(0))?.map_or(0, unsigned);
            let items = self.all(
                &format!("SELECT {COLUMNS} FROM member WHERE list_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3"),
                params![list, query.after, limit],
                |row| read_member(row, 0),
            )?;
            (total, items)
        };
        let items = items.into_iter().map(check).collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |row| row.key.clone());
        Ok(Page { total, items, next })
    }

    fn members_by(&self, list: ListKey, query: &PageQuery, order: MemberOrder) -> Result<Page<MemberRow>> {
        // What decides, and whether what stands behind the last row of a page is larger or smaller.
        let (column, behind, direction) = match order {
            MemberOrder::Address => return self.members(list, query),
            MemberOrder::Name => ("coalesce(nullif(name, ''), char(1114111)) COLLATE NOCASE", ">", ""),
            MemberOrder::Since => ("since", ">", ""),
            MemberOrder::Newest => ("since", "<", "DESC"),
        };
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = self
            .count(&format!("SELECT count(*) FROM member WHERE list_id = ?1 AND {MATCHING}"), params![list, filter])?;
        let (value, key) = query.after.split_once('\n').unwrap_or_default();
        // A number is compared with a number.
        let value: Box<dyn ToSql> =
            if order == MemberOrder::Name { Box::new(value.to_owned()) } else { Box::new(number(value)) };
        let items = self.all(
            &format!(
                "SELECT {COLUMNS} FROM member
                 WHERE list_id = ?1 AND {MATCHING} AND (?4 = '' OR {column} {behind} ?3 OR ({column} = ?3 AND key > ?4))
                 ORDER BY {column} {direction}, key LIMIT ?5"
            ),
            params![list, filter, value, key, i64::from(query.limit) + 1],
            |row| read_member(row, 0),
        )?;
        let items = items.into_iter().map(check).collect::<Result<Vec<_>>>()?;
        let (items, next) = cut(items, query.limit, |row| {
            let value = match order {
                MemberOrder::Name if row.name.is_empty() => char::MAX.to_string(),
                MemberOrder::Name => row.name.clone(),
                _ => row.since.to_string(),
            };
            format!("{value}\n{}", row.key)
        });
        Ok(Page { total, items, next })
    }

    fn member(&self, list: ListKey, key: &str) -> Result<Option<MemberRow>> {
        self.maybe(
            &format!("SELECT {COLUMNS} FROM member WHERE list_id = ?1 AND key = ?2"),
            params![list, key],
            |row| read_member(row, 0),
        )?
        .map(check)
        .transpose()
    }

    fn memberships(&self, key: &str) -> Result<Vec<(ListRow, MemberRow)>> {
        self.all(
            &format!(
                "SELECT {LIST_COLUMNS}, {COLUMNS} FROM member JOIN list ON list.id = member.list_id
                 WHERE member.key = ?1 ORDER BY list.key"
            ),
            [key],
            |row| Ok((read_list(row)?, read_member(row, 8)?)),
        )?
        .into_iter()
        .map(|(list, member)| Ok((list.check()?, check(member)?)))
        .collect()
    }

    fn standing(&self, list: ListKey, keys: &[String]) -> Result<Standing> {
        let mut standing = Standing::default();
        for key in keys {
            standing.moderator |= self.one(
                "SELECT EXISTS (SELECT 1 FROM role WHERE list_id = ?1 AND role IN ('owner', 'moderator') AND key = ?2)",
                params![list, key],
                |row| row.get::<_, bool>(0),
            )?;
            let member = self.maybe(
                "SELECT posting, approved FROM member WHERE list_id = ?1 AND key = ?2",
                params![list, key],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
            )?;
            let Some((word, approved)) = member else { continue };
            standing.member = true;
            standing.approved = standing.approved.max(approved);
            let posting = posting(key, &word)?;
            if strictness(posting) > strictness(standing.posting) {
                standing.posting = posting;
            }
        }
        Ok(standing)
    }

    fn add_members(&mut self, list: ListKey, members: &[MemberRow]) -> Result<Vec<bool>> {
        let mut added = Vec::with_capacity(members.len());
        for member in members {
            let rows = self.change(
                "INSERT INTO member (list_id, key, address, name, mode, since, language, away_until, own_posts, posting,
                     approved, disabled)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
                params![
                    list,
                    member.key,
                    member.address,
                    member.name,
                    member.mode.name(),
                    member.since,
                    member.language,
                    member.away_until,
                    member.own_posts,
                    member.posting.name(),
                    member.approved,
                    member.disabled
                ],
            )?;
            added.push(rows > 0);
        }
        if let Some(first) = members.iter().find(|member| member.mode.is_digest()) {
            self.begin_digests(list, first.since)?;
        }
        let new = added.iter().filter(|new| **new).count();
        self.change("UPDATE list SET members = members + ?2 WHERE id = ?1", params![list, signed(new as u64)])?;
        Ok(added)
    }

    fn update_member(&mut self, list: ListKey, member: &MemberRow, now: i64) -> Result<bool> {
        // Who is away comes back, and still gets what was deferred.
        if member.mode == Mode::NoMail {
            self.let_go(list, std::slice::from_ref(&member.key), now)?;
        }
        if member.mode.is_digest() {
            self.begin_digests(list, now)?;
        }
        self.change(
            "UPDATE member SET name = ?3, mode = ?4, language = ?5, away_until = ?6, own_posts = ?7, posting = ?8,
                 approved = ?9
             WHERE list_id = ?1 AND key = ?2",
            params![
                list,
                member.key,
                member.name,
                member.mode.name(),
                member.language,
                member.away_until,
                member.own_posts,
                member.posting.name(),
                member.approved
            ],
        )
        .map(|rows| rows > 0)
    }

    fn remove_members(&mut self, list: ListKey, keys: &[String], now: i64) -> Result<u64> {
        self.let_go(list, keys, now)?;
        let mut removed = 0;
        for key in keys {
            removed += self.change("DELETE FROM member WHERE list_id = ?1 AND key = ?2", params![list, key])?;
        }
        self.change("UPDATE list SET members = members - ?2 WHERE id = ?1", params![list, signed(removed as u64)])?;
        Ok(removed as u64)
    }

    fn respell(&mut self, list: ListKey, key: &str, address: &str) -> Result<bool> {
        self.change("UPDATE member SET address = ?3 WHERE list_id = ?1 AND key = ?2", params![list, key, address])
            .map(|rows| rows > 0)
    }

    fn carry_over(&mut self, list: ListKey, from: &str, to: &MemberRow) -> Result<()> {
        self.change(
            "INSERT OR IGNORE INTO recipient (post_id, key, address, refused, attempts, first, next_attempt, reply)
             SELECT id, ?3, ?4, 0, 0, received, 0, '' FROM post
             WHERE state <> 2 AND state = 0 AND list_id = ?1 AND kind IN ('post', 'digest', 'plain-digest')
                 AND cursor >= ?3 AND cursor < ?2",
            params![list, from, to.key, to.address],
        )?;
        self.change("UPDATE OR IGNORE mute SET key = ?3 WHERE list_id = ?1 AND key = ?2", params![list, from, to.key])?;
        self.change(
            "UPDATE OR IGNORE recipient SET key = ?3, address = ?4 WHERE key = ?2 AND refused = 0 AND post_id IN
                 (SELECT id FROM post WHERE state <> 2 AND list_id = ?1 AND kind IN ('post', 'digest', 'plain-digest'))",
            params![list, from, to.key, to.address],
        )
        .map(drop)
    }

    fn mute(&mut self, list: ListKey, key: &str, thread: &str, muted: bool, now: i64) -> Result<()> {
        let sql = if muted {
            // Of somebody who has left meanwhile nothing is kept.
            "INSERT INTO mute (list_id, thread, key, since)
             SELECT list_id, ?3, key, ?4 FROM member WHERE list_id = ?1 AND key = ?2 ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM mute WHERE list_id = ?1 AND key = ?2 AND thread = ?3 AND ?4 IS NOT NULL"
        };
        self.change(sql, params![list, key, thread, now]).map(drop)
    }

    fn muted(&self, list: ListKey, key: &str) -> Result<Vec<String>> {
        self.all("SELECT thread FROM mute WHERE key = ?2 AND list_id = ?1", params![list, key], |row| row.get(0))
    }

    fn list_counts(&self, list: ListKey, since: i64, now: i64) -> Result<ListCounts> {
        let (modes, away, joined) = self.one(
            "SELECT count(*) FILTER (WHERE mode NOT IN ('digest', 'plain-digest', 'nomail')),
                    count(*) FILTER (WHERE mode IN ('digest', 'plain-digest')),
                    count(*) FILTER (WHERE mode = 'nomail'), count(*) FILTER (WHERE away_until > ?3),
                    count(*) FILTER (WHERE since >= ?2)
             FROM member WHERE list_id = ?1",
            params![list, since, now],
            |row| {
                let modes = [unsigned(row.get(0)?), unsigned(row.get(1)?), unsigned(row.get(2)?)];
                Ok((modes, unsigned(row.get(3)?), unsigned(row.get(4)?)))
            },
        )?;
        let left = self.count(
            "SELECT count(*) FROM audit
             WHERE list_id = ?1 AND at >= ?2 AND action IN ('member.remove', 'subscription.leave')",
            params![list, since],
        )?;
        let posts = self.posts_since(list, since)?;
        let held = self.held_count(list)?;
        let pending =
            self.count("SELECT count(*) FROM request WHERE list_id = ?1 AND waits_for = 'approval'", [list])?;
        let bounces = self.all(
            "SELECT at FROM bounce WHERE list_id = ?1 AND at >= ?2 AND key <> ''",
            params![list, since],
            |row| row.get(0),
        )?;
        Ok(ListCounts { modes, away, joined, left, posts, held, pending, bounces })
    }
}
