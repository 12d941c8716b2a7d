//! Roles in SQL.

use rusqlite::params;

use super::Sql;
use crate::error::{Error, Result};
use crate::model::*;
use crate::session::Roles;

impl Roles for Sql<'_> {
    fn roles(&self, list: ListKey) -> Result<Vec<RoleRow>> {
        self.all("SELECT address, role FROM role WHERE list_id = ?1 ORDER BY role DESC, key", [list], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?))
        })?
        .into_iter()
        .map(|(address, role)| match Role::from_name(&role) {
            Some(role) => Ok(RoleRow { address, role }),
            None => Err(Error::Unreadable {
                what: format!("the role of {address} on list number {list}"),
                detail: format!("no role is called {role:?}"),
            }),
        })
        .collect()
    }

    fn grant(&mut self, list: ListKey, key: &str, address: &str, role: Role) -> Result<bool> {
        self.change(
            "INSERT INTO role (list_id, key, role, address) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![list, key, role.name(), address],
        )
        .map(|rows| rows > 0)
    }

    fn revoke(&mut self, list: ListKey, key: &str, role: Role) -> Result<bool> {
        self.change("DELETE FROM role WHERE list_id = ?1 AND key = ?2 AND role = ?3", params![list, key, role.name()])
            .map(|rows| rows > 0)
    }
}
