//! What may go wrong with the storage, in words for the person who must mend it.

use std::path::PathBuf;

/// A failure of the storage. Cloned to every writer whose transaction it took down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Somebody else holds a lock for longer than we wait.
    #[error("the database is locked by another program; close it (an open sqlite3 shell?) and try again")]
    Busy,
    /// No room on the disk.
    #[error("the disk with the database is full; free some space, nothing else needs to be done")]
    Full,
    /// The system does not let it be written, or read.
    #[error(
        "the database cannot be used ({detail}); check the rights of its file and directory, and whether its file system is read-only, over its quota or failing (see the log of the kernel)"
    )]
    ReadOnly {
        /// SQLite's words.
        detail: String,
    },
    /// Its contents make no sense.
    #[error("the database is damaged ({detail}); stop mailjamd and restore a backup, or try `sqlite3 FILE .recover`")]
    Damaged {
        /// SQLite's words.
        detail: String,
    },
    /// SQLite took a whole transaction back by itself.
    #[error(
        "the database took a transaction back, as it does when the disk is full or fails; see the log of the kernel"
    )]
    Lost,
    /// Another mailjamd has it open.
    #[error("{path} is in use by another mailjamd; stop that one, or give this one a [storage] path of its own")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// It cannot be opened at all.
    #[error("cannot open {path}: {detail}")]
    Open {
        /// The database.
        path: PathBuf,
        /// The reason.
        detail: String,
    },
    /// The file is something else.
    #[error("{path} is not a mailjam database; move it away, or set another [storage] path")]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// A later version of mailjam wrote it.
    #[error(
        "{path} has schema {found}, and this version of mailjam knows {known}; install the later version again, or restore a backup"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The daemon is stopping, or the code that was writing panicked.
    #[error("the storage was stopped before this was written")]
    Stopped,
    /// A row that this version cannot make sense of.
    #[error("{what} cannot be read from the database: {detail}; if a later mailjamd wrote it, install that one again")]
    Unreadable {
        /// Which one it is, such as `list talk@example.org` or `post 12`.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Anything else, in SQLite's words.
    #[error("database error: {0}")]
    Sqlite(String),
}

/// A result of the storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;
