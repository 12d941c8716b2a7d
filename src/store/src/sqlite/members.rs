//! Memberships in SQL.

use mailjam_core::decide::Standing;
use rusqlite::{Row, params};

use super::lists::{LIST_COLUMNS, read_list};
use super::{Sql, containing, cut, signed, unsigned};
use crate::error::Result;
use crate::model::*;
use crate::session::Members;

/// What a filter looks at; parameter 2 is the pattern. The address is in it because its key has the domain in A-labels.
const MATCHING: &str = "(key LIKE ?2 ESCAPE '\\' OR address LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\')";

/// Reads `key, address, name, mode, since` from a row, beginning at a column.
fn read_member(row: &Row<'_>, first: usize) -> rusqlite::Result<MemberRow> {
    let mode: String = row.get(first + 3)?;
    Ok(MemberRow {
        key: row.get(first)?,
        address: row.get(first + 1)?,
        name: row.get(first + 2)?,
        // A mode of a later version: the safe reading is that the person wants mail.
        mode: Mode::from_name(&mode).unwrap_or_default(),
        since: row.get(first + 4)?,
    })
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
                    "SELECT key, address, name, mode, since FROM member
                     WHERE list_id = ?1 AND {MATCHING} AND key > ?3 ORDER BY key LIMIT ?4"
                ),
                params![list, filter, query.after, limit],
                |row| read_member(row, 0),
            )?;
            (total, items)
        } else {
            let total =
                self.maybe("SELECT members FROM list WHERE id = ?1", [list], |row| row.get(0))?.map_or(0, unsigned);
            let items = self.all(
                "SELECT key, address, name, mode, since FROM member
                 WHERE list_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
                params![list, query.after, limit],
                |row| read_member(row, 0),
            )?;
            (total, items)
        };
        let (items, next) = cut(items, query.limit, |row| row.key.clone());
        Ok(Page { total, items, next })
    }

    fn member(&self, list: ListKey, key: &str) -> Result<Option<MemberRow>> {
        self.maybe(
            "SELECT key, address, name, mode, since FROM member WHERE list_id = ?1 AND key = ?2",
            params![list, key],
            |row| read_member(row, 0),
        )
    }

    fn memberships(&self, key: &str) -> Result<Vec<(ListRow, MemberRow)>> {
        self.all(
            &format!(
                "SELECT {LIST_COLUMNS}, member.key, member.address, member.name, member.mode, member.since
                 FROM member JOIN list ON list.id = member.list_id WHERE member.key = ?1 ORDER BY list.key"
            ),
            [key],
            |row| Ok((read_list(row)?, read_member(row, 8)?)),
        )?
        .into_iter()
        .map(|(list, member)| Ok((list.check()?, member)))
        .collect()
    }

    fn standing(&self, list: ListKey, keys: &[String]) -> Result<Standing> {
        let mut standing = Standing::default();
        for key in keys {
            let (member, moderator): (bool, bool) = self.one(
                "SELECT EXISTS (SELECT 1 FROM member WHERE list_id = ?1 AND key = ?2),
                        EXISTS (SELECT 1 FROM role WHERE list_id = ?1 AND role IN ('owner', 'moderator') AND key = ?2)",
                params![list, key],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            standing.member |= member;
            standing.moderator |= moderator;
        }
        Ok(standing)
    }

    fn add_members(&mut self, list: ListKey, members: &[MemberRow]) -> Result<Vec<bool>> {
        let mut added = Vec::with_capacity(members.len());
        for member in members {
            let rows = self.change(
                "INSERT INTO member (list_id, key, address, name, mode, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
                params![list, member.key, member.address, member.name, member.mode.name(), member.since],
            )?;
            added.push(rows > 0);
        }
        let new = added.iter().filter(|new| **new).count();
        self.change("UPDATE list SET members = members + ?2 WHERE id = ?1", params![list, signed(new as u64)])?;
        Ok(added)
    }

    fn update_member(&mut self, list: ListKey, member: &MemberRow, now: i64) -> Result<bool> {
        if member.mode == Mode::NoMail {
            self.let_go(list, std::slice::from_ref(&member.key), now)?;
        }
        self.change(
            "UPDATE member SET name = ?3, mode = ?4 WHERE list_id = ?1 AND key = ?2",
            params![list, member.key, member.name, member.mode.name()],
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
}
