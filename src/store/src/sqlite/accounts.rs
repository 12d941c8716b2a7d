//! Accounts, sessions and mailed links in SQL; of what lets somebody in only hashes are kept.

use rusqlite::{Row, params};

use super::{Sql, containing, cut};
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Accounts;

const ACCOUNT: &str = "key, address, password, locked, created, last_login";

fn read_account(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        key: row.get(0)?,
        address: row.get(1)?,
        password: row.get(2)?,
        locked: row.get(3)?,
        created: row.get(4)?,
        last_login: row.get(5)?,
    })
}

fn read_login(row: &Row<'_>) -> rusqlite::Result<LoginRow> {
    Ok(LoginRow {
        key: row.get(0)?,
        address: row.get(1)?,
        by_link: row.get(2)?,
        opened: row.get(3)?,
        used: row.get(4)?,
        network: row.get(5)?,
        agent: row.get(6)?,
    })
}

impl Accounts for Sql<'_> {
    fn accounts(&self, query: &PageQuery) -> Result<Page<AccountRow>> {
        // The address is looked at beside its key because the key has the domain in A-labels.
        let matching = "(key LIKE ?1 ESCAPE '\\' OR address LIKE ?1 ESCAPE '\\')";
        let filter = query.filter.as_deref().map_or_else(|| "%".to_owned(), containing);
        let total = self.count(&format!("SELECT count(*) FROM account WHERE {matching}"), [&filter])?;
        let items = self.all(
            &format!("SELECT {ACCOUNT} FROM account WHERE {matching} AND key > ?2 ORDER BY key LIMIT ?3"),
            params![filter, query.after, i64::from(query.limit) + 1],
            read_account,
        )?;
        let (items, next) = cut(items, query.limit, |row| row.key.clone());
        Ok(Page { total, items, next })
    }

    fn account(&self, key: &str) -> Result<Option<AccountRow>> {
        self.maybe(&format!("SELECT {ACCOUNT} FROM account WHERE key = ?1"), [key], read_account)
    }

    fn put_account(&mut self, account: &AccountRow) -> Result<()> {
        self.change(
            "INSERT INTO account (key, address, password, locked, created, last_login) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET address = excluded.address, password = excluded.password,
                 locked = excluded.locked, last_login = excluded.last_login",
            params![
                account.key,
                account.address,
                account.password,
                account.locked,
                account.created,
                account.last_login
            ],
        )
        .map(drop)
    }

    fn delete_account(&mut self, key: &str) -> Result<bool> {
        self.close_logins(key, None)?;
        self.change("DELETE FROM account WHERE key = ?1", [key]).map(|rows| rows > 0)
    }

    fn login(&self, hash: &[u8; 32]) -> Result<Option<LoginRow>> {
        let sql = "SELECT key, address, by_link, opened, used, network, agent FROM login WHERE hash = ?1";
        self.maybe(sql, [&hash[..]], read_login)
    }

    fn add_login(&mut self, login: &LoginRow, hash: &[u8; 32]) -> Result<()> {
        self.change(
            "INSERT INTO login (hash, key, address, by_link, opened, used, network, agent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                &hash[..],
                login.key,
                login.address,
                login.by_link,
                login.opened,
                login.used,
                login.network,
                login.agent
            ],
        )?;
        self.change("UPDATE account SET last_login = ?2 WHERE key = ?1", params![login.key, login.opened]).map(drop)
    }

    fn use_login(&mut self, hash: &[u8; 32], now: i64) -> Result<()> {
        self.change("UPDATE login SET used = max(used, ?2) WHERE hash = ?1", params![&hash[..], now]).map(drop)
    }

    fn close_login(&mut self, hash: &[u8; 32]) -> Result<bool> {
        self.change("DELETE FROM login WHERE hash = ?1", [&hash[..]]).map(|rows| rows > 0)
    }

    fn close_logins(&mut self, key: &str, but: Option<&[u8; 32]>) -> Result<u64> {
        self.change("DELETE FROM login_link WHERE key = ?1", [key])?;
        let but = but.map(|hash| &hash[..]);
        self.change("DELETE FROM login WHERE key = ?1 AND hash IS NOT ?2", params![key, but]).map(|rows| rows as u64)
    }

    fn forget_logins(&mut self, opened: i64, used: i64, now: i64) -> Result<u64> {
        let links = self.change("DELETE FROM login_link WHERE expires <= ?1", [now])?;
        let logins = self.change("DELETE FROM login WHERE opened <= ?1 OR used <= ?2", [opened, used])?;
        Ok((links + logins) as u64)
    }

    fn add_link(&mut self, link: &LinkRow, hash: &[u8; 32]) -> Result<()> {
        self.change(
            "INSERT INTO login_link (hash, key, address, expires) VALUES (?1, ?2, ?3, ?4)",
            params![&hash[..], link.key, link.address, link.expires],
        )
        .map(drop)
    }

    fn take_link(&mut self, hash: &[u8; 32]) -> Result<Option<LinkRow>> {
        let sql = "SELECT key, address, expires FROM login_link WHERE hash = ?1";
        let read = |row: &Row<'_>| Ok(LinkRow { key: row.get(0)?, address: row.get(1)?, expires: row.get(2)? });
        let link = self.maybe(sql, [&hash[..]], read)?;
        if let Some(link) = &link {
            self.change("DELETE FROM login_link WHERE key = ?1", [&link.key])?;
        }
        Ok(link)
    }

    fn roles_of(&self, key: &str) -> Result<Vec<HeldRole>> {
        // Site first, then by list, and of each list the owner before the moderator.
        self.all(
            "SELECT role.list_id, coalesce(list.list_id, ''), role.role, role.address
             FROM role LEFT JOIN list ON list.id = role.list_id
             WHERE role.key = ?1 ORDER BY list.key, role.role DESC",
            [key],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?)),
        )?
        .into_iter()
        .map(|(list, list_id, role, address)| match Role::from_name(&role) {
            Some(role) => Ok(HeldRole { list, list_id, role, address }),
            None => Err(Error::Unreadable {
                what: format!("a role of {address} on list number {list}"),
                detail: format!("no role is called {role:?}"),
            }),
        })
        .collect()
    }
}
