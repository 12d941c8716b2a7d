//! Personal data in SQL: what there is about an address, and how it goes.

use rusqlite::types::ValueRef;
use rusqlite::{Row, params};

use super::Sql;
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::{Members, Privacy};

/// For each table what it has about an address, which is parameter 1 in the form for comparison. The sender of a post is
/// kept as it was handed over.
const ABOUT: &[(&str, &str)] = &[
    (
        "member",
        "SELECT list.address AS list, member.* FROM member JOIN list ON list.id = member.list_id WHERE member.key = ?1",
    ),
    (
        "role",
        "SELECT coalesce(list.address, '') AS list, role.* FROM role LEFT JOIN list ON list.id = role.list_id
         WHERE role.key = ?1",
    ),
    // Without the hashes: they tell a person nothing, and whoever finds them in an export could try passwords on them.
    (
        "account",
        "SELECT key, address, password <> '' AS has_password, locked, created, last_login FROM account WHERE key = ?1",
    ),
    ("login", "SELECT key, address, by_link, opened, used, network, agent FROM login WHERE key = ?1"),
    ("login_link", "SELECT key, address, expires FROM login_link WHERE key = ?1"),
    (
        "request",
        "SELECT list.address AS list, request.* FROM request JOIN list ON list.id = request.list_id
         WHERE request.key = ?1",
    ),
    (
        "held",
        "SELECT list.address AS list, held.* FROM held JOIN list ON list.id = held.list_id
         WHERE held.poster = ?1",
    ),
    (
        "ban",
        "SELECT coalesce(list.address, '') AS list, ban.* FROM ban LEFT JOIN list ON list.id = ban.list_id
         WHERE ban.pattern = ?1",
    ),
    ("mute", "SELECT list.address AS list, mute.* FROM mute JOIN list ON list.id = mute.list_id WHERE mute.key = ?1"),
    (
        "post",
        "SELECT list.address AS list, post.* FROM post JOIN list ON list.id = post.list_id
         WHERE post.sender = ?1 COLLATE NOCASE",
    ),
    ("recipient", "SELECT * FROM recipient WHERE key = ?1"),
    (
        "bounce",
        "SELECT list.address AS list, bounce.* FROM bounce JOIN list ON list.id = bounce.list_id
         WHERE bounce.key = ?1 OR lower(bounce.address) = ?1",
    ),
    (
        "bouncing",
        "SELECT list.address AS list, bouncing.* FROM bouncing JOIN list ON list.id = bouncing.list_id
         WHERE bouncing.key = ?1",
    ),
    ("counter", "SELECT * FROM counter WHERE key = ?1 OR substr(key, -length(' ' || ?1)) = ' ' || ?1"),
    (
        "audit",
        "SELECT audit.id, audit.at, audit.action, who, how, list_address, target, before, after
         FROM audit_payload JOIN audit ON audit.id = audit_id WHERE who = ?1 OR target = ?1",
    ),
];

/// A row as columns and values in text.
fn pairs(row: &Row<'_>) -> rusqlite::Result<PersonRow> {
    let names = row.as_ref().column_names();
    let text = |(column, name): (usize, &str)| {
        let value = match row.get_ref(column)? {
            ValueRef::Null => String::new(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(bytes) => format!("{} octets", bytes.len()),
        };
        Ok((name.to_owned(), value))
    };
    names.into_iter().enumerate().map(text).collect()
}

impl Sql<'_> {
    /// Executes statements about an address, which is parameter 1; answers how many rows they changed in all.
    fn change_all(&mut self, key: &str, statements: &[&str]) -> Result<u64> {
        let mut changed = 0;
        for sql in statements {
            changed += self.change(sql, [key])? as u64;
        }
        Ok(changed)
    }
}

impl Privacy for Sql<'_> {
    fn secret(&self, name: &str) -> Result<[u8; 32]> {
        let value: Option<Vec<u8>> =
            self.maybe("SELECT value FROM secret WHERE name = ?1", [name], |row| row.get(0))?;
        let unreadable =
            |detail: &str| Error::Unreadable { what: format!("the secret {name}"), detail: detail.to_owned() };
        let value = value.ok_or_else(|| unreadable("there is none"))?;
        value.try_into().map_err(|_| unreadable("it has not 32 octets"))
    }

    fn person(&self, key: &str) -> Result<Vec<(String, Vec<PersonRow>)>> {
        let mut found = Vec::new();
        // Where there is no address the rows of everybody have none.
        let about = if key.is_empty() { &[] } else { ABOUT };
        for (table, sql) in about {
            let rows = self.all(sql, [key], pairs)?;
            if !rows.is_empty() {
                found.push(((*table).to_owned(), rows));
            }
        }
        Ok(found)
    }

    fn erase_person(&mut self, key: &str, now: i64) -> Result<ErasedCounts> {
        if key.is_empty() {
            return Ok(ErasedCounts::default());
        }
        let mut other = self.change_all(
            key,
            &[
                "DELETE FROM mute WHERE key = ?1",
                "DELETE FROM account WHERE key = ?1",
                "DELETE FROM login WHERE key = ?1",
                "DELETE FROM login_link WHERE key = ?1",
            ],
        )?;
        let lists: Vec<ListKey> = self.all("SELECT list_id FROM member WHERE key = ?1", [key], |row| row.get(0))?;
        let mut memberships = 0;
        for list in lists {
            memberships += self.remove_members(list, &[key.to_owned()], now)?;
        }
        let roles = self.change_all(key, &["DELETE FROM role WHERE key = ?1"])?;
        let posts = self.change_all(
            key,
            &[
                "DELETE FROM request WHERE key = ?1",
                "DELETE FROM post WHERE id IN (SELECT post_id FROM held WHERE poster = ?1 AND action = '')",
                "DELETE FROM post WHERE state = 2 AND sender = ?1 COLLATE NOCASE",
                // What a list wrote to the person; one that waits is not sent any more. Its header is ours, so that the
                // beginning of the line is known.
                "DELETE FROM post WHERE kind = 'notice' AND EXISTS (SELECT 1 FROM message WHERE post_id = post.id
                     AND instr(lower(CAST(substr(bytes, 1, 2000) AS TEXT)), char(10) || 'to: <' || ?1 || '>') > 0)",
            ],
        )?;
        // Their posts are counted already.
        self.change_all(key, &["DELETE FROM held WHERE poster = ?1 AND action = ''"])?;
        other += self.change_all(
            key,
            &[
                // What the rule saw may name the address, too.
                "UPDATE held SET poster = '', address = '', subject = '',
                     reason = iif(instr(lower(reason), ?1) > 0, '', reason) WHERE poster = ?1",
                // Reports about the person, with what they quote.
                "DELETE FROM post WHERE kind = 'bounce' AND id IN
                     (SELECT report_id FROM bounce WHERE key = ?1 OR lower(address) = ?1)",
                // A post that is done has only recipients that it was refused for.
                "DELETE FROM recipient WHERE key = ?1
                     AND EXISTS (SELECT 1 FROM post WHERE post.id = recipient.post_id AND post.state = 2)",
                "DELETE FROM bounce WHERE key = ?1 OR lower(address) = ?1",
                // What is counted for a list or an act has those before the address.
                "DELETE FROM counter WHERE key = ?1 OR substr(key, -length(' ' || ?1)) = ' ' || ?1",
            ],
        )?;
        // Decisions and bans stay, without the name of who decided.
        self.change_all(
            key,
            &[
                "UPDATE held SET decided_by = '' WHERE decided_by = ?1",
                "UPDATE ban SET added_by = '' WHERE added_by = ?1",
            ],
        )?;
        let audit = self.change_all(key, &["DELETE FROM audit_payload WHERE who = ?1 OR target = ?1"])?;
        Ok(ErasedCounts { memberships, roles, posts, audit, other })
    }

    fn is_suppressed(&self, hash: &[u8; 32]) -> Result<bool> {
        self.one("SELECT EXISTS (SELECT 1 FROM tombstone WHERE hash = ?1)", [&hash[..]], |row| row.get(0))
    }

    fn suppress(&mut self, hash: &[u8; 32], suppressed: bool, now: i64) -> Result<()> {
        let sql = if suppressed {
            "INSERT INTO tombstone (hash, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM tombstone WHERE hash = ?1 AND ?2 IS NOT NULL"
        };
        self.change(sql, params![&hash[..], now]).map(drop)
    }
}
