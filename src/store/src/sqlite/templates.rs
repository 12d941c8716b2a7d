//! Templates that people wrote, in SQL.

use rusqlite::params;

use super::Sql;
use crate::error::Result;
use crate::model::*;
use crate::session::Templates;

/// A scope as two columns of the key.
fn columns(scope: &TemplateScope) -> (ListKey, &str) {
    match scope {
        TemplateScope::Site => (SITE, ""),
        TemplateScope::Domain(domain) => (SITE, domain),
        TemplateScope::List(list) => (*list, ""),
    }
}

impl Templates for Sql<'_> {
    fn templates(&self, scope: &TemplateScope) -> Result<Vec<TemplateRow>> {
        let (list, domain) = columns(scope);
        self.all(
            "SELECT name, language, text FROM template WHERE list_id = ?1 AND domain = ?2 ORDER BY name, language",
            params![list, domain],
            |row| Ok(TemplateRow { name: row.get(0)?, language: row.get(1)?, text: row.get(2)? }),
        )
    }

    fn template(&self, scope: &TemplateScope, name: &str, language: &str) -> Result<Option<String>> {
        let (list, domain) = columns(scope);
        self.maybe(
            "SELECT text FROM template WHERE list_id = ?1 AND domain = ?2 AND name = ?3 AND language = ?4",
            params![list, domain, name, language],
            |row| row.get(0),
        )
    }

    fn set_template(&mut self, scope: &TemplateScope, template: &TemplateRow, now: i64) -> Result<()> {
        let (list, domain) = columns(scope);
        self.change(
            "INSERT INTO template (list_id, domain, name, language, text, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET text = excluded.text, changed = excluded.changed",
            params![list, domain, template.name, template.language, template.text, now],
        )
        .map(drop)
    }

    fn reset_template(&mut self, scope: &TemplateScope, name: &str, language: &str) -> Result<bool> {
        let (list, domain) = columns(scope);
        self.change(
            "DELETE FROM template WHERE list_id = ?1 AND domain = ?2 AND name = ?3 AND language = ?4",
            params![list, domain, name, language],
        )
        .map(|rows| rows > 0)
    }
}
