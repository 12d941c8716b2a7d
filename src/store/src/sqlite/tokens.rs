//! Tokens in SQL; of a secret only the hash is kept.

use rusqlite::{Row, params};

use super::Sql;
use crate::error::Result;
use crate::model::TokenRow;
use crate::session::Tokens;

const COLUMNS: &str = "id, label, scopes, created, expires, revoked";

fn read_token(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    let scopes: String = row.get(2)?;
    Ok(TokenRow {
        id: row.get(0)?,
        label: row.get(1)?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        created: row.get(3)?,
        expires: row.get(4)?,
        revoked: row.get(5)?,
    })
}

impl Tokens for Sql<'_> {
    fn tokens(&self) -> Result<Vec<TokenRow>> {
        self.all(&format!("SELECT {COLUMNS} FROM token ORDER BY created, id"), [], read_token)
    }

    fn token(&self, hash: &[u8; 32]) -> Result<Option<TokenRow>> {
        self.maybe(&format!("SELECT {COLUMNS} FROM token WHERE hash = ?1"), [&hash[..]], read_token)
    }

    fn add_token(&mut self, token: &TokenRow, hash: &[u8; 32]) -> Result<()> {
        self.change(
            "INSERT INTO token (id, hash, label, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![token.id, &hash[..], token.label, token.scopes.join(" "), token.created, token.expires],
        )
        .map(drop)
    }

    fn revoke_token(&mut self, id: &str) -> Result<bool> {
        self.change("UPDATE token SET revoked = 1 WHERE id = ?1", [id]).map(|rows| rows > 0)
    }
}
