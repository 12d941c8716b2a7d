//! The audit in SQL, and the digests that chain it.

use rusqlite::types::ToSql;
use rusqlite::{Row, params};
use sha2::{Digest as _, Sha256};

use super::{Sql, cut, random};
use crate::error::Result;
use crate::model::*;
use crate::session::Audit;

/// Octets of the salt of a payload.
const SALT: usize = 16;

/// What stands in the place of a chain before the first entry.
const BEGINNING: [u8; 32] = [0; 32];

/// Entries that are read at once for a look at the chain.
const PAGE: u32 = 500;

/// Columns of a payload, for [`read_payload`]; the first is NULL where it was erased.
const PAYLOAD: &str = "audit_payload.salt, audit_payload.who, audit_payload.how, audit_payload.list_address,
    audit_payload.target, audit_payload.before, audit_payload.after";

/// Reads [`PAYLOAD`] from a row, beginning at a column.
fn read_payload(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<(Vec<u8>, AuditPayload)>> {
    let Some(salt) = row.get(first)? else { return Ok(None) };
    let payload = AuditPayload {
        who: row.get(first + 1)?,
        how: row.get(first + 2)?,
        list_address: row.get(first + 3)?,
        target: row.get(first + 4)?,
        before: row.get(first + 5)?,
        after: row.get(first + 6)?,
    };
    Ok(Some((salt, payload)))
}

/// Adds a text with its length before it, so that no octet can be moved to the text beside it.
fn add_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

/// The digest of a payload. Without the salt, an address that was erased could be guessed.
fn digest(salt: &[u8], payload: &AuditPayload) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    let AuditPayload { who, how, list_address, target, before, after } = payload;
    for text in [who, how, list_address, target, before, after] {
        add_text(&mut hash, text);
    }
    hash.finalize().into()
}

/// A row of `audit` without its chain.
struct Link<'a> {
    id: i64,
    at: i64,
    action: &'a str,
    list: ListKey,
    payload: &'a [u8],
}

impl Link<'_> {
    /// The chain at this entry, behind one with the chain `previous`.
    fn chain(&self, previous: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.id.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        add_text(&mut hash, self.action);
        hash.update(self.list.to_be_bytes());
        hash.update(self.payload);
        hash.finalize().into()
    }
}

/// An entry as it stands in the database.
struct Stored {
    id: i64,
    at: i64,
    action: String,
    list: ListKey,
    digest: Vec<u8>,
    chain: Vec<u8>,
    payload: Option<(Vec<u8>, AuditPayload)>,
}

impl Stored {
    /// Whether it is as it was written, behind one with the chain `previous`.
    fn is_whole(&self, previous: &[u8]) -> bool {
        let link = Link { id: self.id, at: self.at, action: &self.action, list: self.list, payload: &self.digest };
        let said = self.payload.as_ref().is_none_or(|(salt, payload)| digest(salt, payload)[..] == self.digest);
        said && link.chain(previous)[..] == self.chain
    }
}

impl Sql<'_> {
    /// The last number that was given to an entry, though it may have been cut off since.
    fn last_audit_id(&self) -> Result<i64> {
        let seq = self.maybe("SELECT seq FROM sqlite_sequence WHERE name = 'audit'", [], |row| row.get(0))?;
        Ok(seq.unwrap_or_default())
    }
}

impl Audit for Sql<'_> {
    fn audit(&mut self, entry: &NewAudit) -> Result<()> {
        let last = self.maybe("SELECT id, chain FROM audit ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let (last, previous) = last.unwrap_or_else(|| (0, BEGINNING.to_vec()));
        // Of entries that somebody cut off the end, the gap is to stay.
        let id = self.last_audit_id()?.max(last) + 1;
        let salt = random::<SALT>()?;
        let payload = digest(&salt, &entry.payload);
        let link = Link { id, at: entry.at, action: &entry.action, list: entry.list, payload: &payload };
        self.change(
            "INSERT INTO audit (id, at, action, list_id, payload, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, entry.at, entry.action, entry.list, &payload[..], &link.chain(&previous)[..]],
        )?;
        let AuditPayload { who, how, list_address, target, before, after } = &entry.payload;
        self.change(
            "INSERT INTO audit_payload (audit_id, salt, who, how, list_address, target, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![id, &salt[..], who, how, list_address, target, before, after],
        )
        .map(drop)
    }

    fn audit_entries(&self, query: &AuditQuery) -> Result<Page<AuditRow>> {
        let of_list = if query.list.is_some() { "audit.list_id = ?1" } else { "?1 IS NULL" };
        let about = match query.address {
            Some(_) => {
                "audit.id IN (SELECT audit_id FROM audit_payload WHERE who = ?2
                     UNION SELECT audit_id FROM audit_payload WHERE target = ?2)"
            }
            None => "?2 IS NULL",
        };
        let matching = format!("{of_list} AND {about}");
        let total =
            self.count(&format!("SELECT count(*) FROM audit WHERE {matching}"), params![query.list, query.address])?;
        let before = if query.before == 0 { i64::MAX } else { query.before };
        let limit: &dyn ToSql = &(i64::from(query.limit) + 1);
        let items = self.all(
            &format!(
                "SELECT audit.id, audit.at, audit.action, audit.list_id, {PAYLOAD}
                 FROM audit LEFT JOIN audit_payload ON audit_payload.audit_id = audit.id
                 WHERE {matching} AND audit.id < ?3 ORDER BY audit.id DESC LIMIT ?4"
            ),
            params![query.list, query.address, before, limit],
            |row| {
                let payload = read_payload(row, 4)?.map(|(_, payload)| payload);
                Ok(AuditRow { id: row.get(0)?, at: row.get(1)?, action: row.get(2)?, list: row.get(3)?, payload })
            },
        )?;
        let (items, next) = cut(items, query.limit, |row| row.id.to_string());
        Ok(Page { total, items, next })
    }

    fn verify_audit(&self) -> Result<AuditCheck> {
        let mut check = AuditCheck::default();
        let (mut last, mut previous) = (None, BEGINNING.to_vec());
        loop {
            let page = self.all(
                &format!(
                    "SELECT audit.id, audit.at, audit.action, audit.list_id, audit.payload, audit.chain, {PAYLOAD}
                     FROM audit LEFT JOIN audit_payload ON audit_payload.audit_id = audit.id
                     WHERE audit.id > ?1 ORDER BY audit.id LIMIT ?2"
                ),
                params![last.unwrap_or(i64::MIN), PAGE],
                |row| {
                    Ok(Stored {
                        id: row.get(0)?,
                        at: row.get(1)?,
                        action: row.get(2)?,
                        list: row.get(3)?,
                        digest: row.get(4)?,
                        chain: row.get(5)?,
                        payload: read_payload(row, 6)?,
                    })
                },
            )?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                let expected = last.unwrap_or_default() + 1;
                check.entries += 1;
                check.erased += u64::from(entry.payload.is_none());
                if entry.id != expected || !entry.is_whole(&previous) {
                    // Of a gap, the first that is missing.
                    check.first_bad.get_or_insert(expected.min(entry.id));
                }
                last = Some(entry.id);
                previous = entry.chain;
            }
        }
        // Entries may have been cut off the end, or numbers been made to be forgotten.
        let (last, given) = (last.unwrap_or_default(), self.last_audit_id()?);
        if last != given {
            check.first_bad.get_or_insert(last.min(given) + 1);
        }
        Ok(check)
    }
}
