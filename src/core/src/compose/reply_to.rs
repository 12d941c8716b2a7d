//! The Reply-To of a list that wants replies somewhere else than the author does.

use super::change::Change;
use super::list_fields::WIDTH;
use crate::address::Address;
use crate::message::{Message, mailboxes};

const START: &str = "Reply-To: ";

/// The field that stands in the place of all Reply-To fields so that they name `address`, and what that changes; `None` when
/// they name it already.
///
/// Where the author asked for replies at some address of his own, that address stays, before the list's: it may be the only
/// one that reaches him, and nobody would notice that it was lost. What no program can read is replaced.
pub(super) fn amend(message: &Message, address: &Address) -> Option<(Vec<u8>, Change)> {
    let line_end = message.line_end().as_str();
    let added = address.envelope();
    let fields = || message.field("Reply-To").filter(|field| !field.value().trim_ascii().is_empty());
    let text = fields().map(|field| field.text()).collect::<Vec<_>>().join(", ");
    let mut field = START.as_bytes().to_vec();
    let change = if text.is_empty() {
        Change::ReplyToSet(added.clone())
    } else if !can_be_followed(&text, &added) {
        Change::ReplyToReplaced { address: added.clone(), unreadable: text }
    } else if mailboxes(&text).iter().any(|mailbox| mailbox.address.as_ref() == Some(address)) {
        return None;
    } else {
        let values: Vec<&[u8]> = fields().map(|field| field.value().trim_ascii()).collect();
        field.extend_from_slice(&values.join(format!(",{line_end} ").as_bytes()));
        let column = field.len() - field.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        field.push(b',');
        if column + ", ".len() + added.len() > WIDTH {
            field.extend_from_slice(line_end.as_bytes());
        }
        field.push(b' ');
        Change::ReplyToAmended(added.clone())
    };
    field.extend_from_slice(added.as_bytes());
    field.extend_from_slice(line_end.as_bytes());
    Some((field, change))
}

/// Whether every mailbox can be read, and one more behind them too: an unclosed quote or comment would swallow it.
fn can_be_followed(text: &str, added: &str) -> bool {
    let before = mailboxes(text).len();
    let together = mailboxes(&format!("{text}, {added}"));
    before > 0 && together.len() == before + 1 && together.iter().all(|mailbox| mailbox.address.is_some())
}
