//! Rows of the queue, from and to the database.

use rusqlite::{Row, params};

use super::super::{Sql, signed, unsigned};
use crate::error::{Error, Result};
use crate::model::*;

/// Columns of a post joined with its list, for [`read_post`].
pub(super) const COLUMNS: &str = "post.id, post.list_id, list.address, post.kind, post.sender, post.message_id,
    post.size, post.received, post.state, post.cursor, post.delivered, post.refused,
    (SELECT count(*) FROM recipient WHERE recipient.post_id = post.id AND recipient.refused = 0),
    post.attempts, coalesce(post.next_attempt, 0), post.last_error";

/// A row and what its kind and state are called in the database.
pub(super) fn read_post(row: &Row<'_>) -> rusqlite::Result<(PostRow, String, usize)> {
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

/// The row, if this version knows its kind and state.
pub(super) fn check((post, kind, state): (PostRow, String, usize)) -> Result<PostRow> {
    match (PostKind::from_name(&kind), PostState::ALL.get(state)) {
        (Some(kind), Some(state)) => Ok(PostRow { kind, state: *state, ..post }),
        _ => Err(Error::Unreadable {
            what: format!("post {} of {}", post.id, post.list_address),
            detail: format!("its kind is {kind:?} and its state {state}"),
        }),
    }
}

/// Reads `key, address, refused, attempts, first, next_attempt, reply`.
pub(super) fn read_troubled(row: &Row<'_>) -> rusqlite::Result<Troubled> {
    Ok(Troubled {
        target: Target { key: row.get(0)?, address: row.get(1)? },
        refused: row.get(2)?,
        attempts: row.get(3)?,
        first: row.get(4)?,
        next_attempt: row.get(5)?,
        reply: row.get(6)?,
    })
}

/// How a post begins.
#[derive(Clone, Copy)]
pub(in super::super) enum Beginning {
    /// It is due, in this state.
    Due(PostState),
    /// There is nothing to do before somebody decides.
    Held,
    /// There is nothing to do.
    Done,
}

/// What is stored of any message.
pub(in super::super) struct Contents<'a> {
    pub list: ListKey,
    pub kind: PostKind,
    pub sender: &'a str,
    pub message_id: &'a str,
    pub received: i64,
    pub bytes: &'a [u8],
}

impl Sql<'_> {
    /// Stores a message with its expansion and its bytes; answers its id.
    pub(in super::super) fn insert_message(&mut self, message: &Contents<'_>, beginning: Beginning) -> Result<i64> {
        let (state, next, finished) = match beginning {
            Beginning::Due(state) => (state, Some(0), None),
            Beginning::Held => (PostState::Held, None, None),
            Beginning::Done => (PostState::Done, None, Some(message.received)),
        };
        self.change(
            "INSERT INTO post (list_id, kind, sender, message_id, size, received, state, next_attempt, finished)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                message.list,
                message.kind.name(),
                message.sender,
                message.message_id,
                signed(message.bytes.len() as u64),
                message.received,
                state as u8,
                next,
                finished
            ],
        )?;
        let id = self.connection.last_insert_rowid();
        self.change("INSERT INTO message (post_id, bytes) VALUES (?1, ?2)", params![id, message.bytes])?;
        Ok(id)
    }

    /// Stores what was handed over, and that it was; answers its id.
    pub(in super::super) fn insert_post(&mut self, post: &NewPost, beginning: Beginning) -> Result<i64> {
        let message = Contents {
            list: post.list,
            kind: post.kind,
            sender: &post.sender,
            message_id: &post.message_id,
            received: post.received,
            bytes: &post.bytes,
        };
        let id = self.insert_message(&message, beginning)?;
        self.change(
            "INSERT INTO handover (key, post_id, received) VALUES (?1, ?2, ?3)",
            params![&post.handover[..], id, post.received],
        )?;
        Ok(id)
    }
}
