//! What was done to a message, in words.

use std::fmt;

use crate::footer::Place;

/// One difference between a message and its copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A field was put before the header.
    Added(&'static str),
    /// A field was left out.
    Removed {
        /// Its name as it was written.
        name: String,
        /// Of a List-Id: which list it named.
        of: Option<String>,
    },
    /// The subject begins with the list's prefix now.
    Prefixed(String),
    /// Replies go to this address too, besides where the author wanted them.
    ReplyToAmended(String),
    /// Replies go to this address.
    ReplyToSet(String),
    /// Replies go to this address instead of the author's Reply-To, which no program could read.
    ReplyToReplaced {
        /// Where they go.
        address: String,
        /// What was there.
        unreadable: String,
    },
    /// From names the list, with this name.
    FromRewritten(String),
    /// A leading mbox `From ` line was left out.
    MboxLine,
    /// The empty line that should end a header was missing.
    Separated,
    /// An attachment was removed, in words for people.
    Stripped(String),
    /// The list's text was added, or could not be.
    Footed(Place),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Added(name) => write!(f, "added {name}"),
            Change::Removed { name, of: None } => write!(f, "removed {name}"),
            Change::Removed { name, of: Some(id) } => write!(f, "removed {name} of {id}"),
            Change::Prefixed(prefix) => write!(f, "put {prefix} before the subject"),
            Change::ReplyToAmended(address) => write!(f, "added {address} to Reply-To"),
            Change::ReplyToSet(address) => write!(f, "set Reply-To to {address}"),
            Change::ReplyToReplaced { address, unreadable } => {
                write!(f, "set Reply-To to {address} instead of the unreadable {unreadable:?}")
            }
            Change::FromRewritten(name) => write!(f, "put {name:?} with the list's address into From"),
            Change::MboxLine => write!(f, "removed the mbox From line"),
            Change::Separated => write!(f, "added the empty line between header and body"),
            Change::Stripped(name) => write!(f, "removed the attachment {name}"),
            Change::Footed(place) => f.write_str(match place {
                Place::Nowhere => "added no text",
                Place::Inside => "added the list's text to the text of the post",
                Place::Apart => "added the list's text in parts beside those of the post",
                Place::Around => "added the list's text in parts around the post",
                Place::Sealed => "left the list's text out, since the post is signed or encrypted",
                Place::Unclear => "left the list's text out, since the form of the post is not clear",
            }),
        }
    }
}
