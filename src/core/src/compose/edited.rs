//! What is done to a post as a whole before its header becomes that of a copy: attachments that the list does not let
//! through, and the list's text above and below.

use std::borrow::Cow;

use minijinja::{Value, context};

use super::{Change, Context, list_copy};
use crate::footer::{self, Place};
use crate::list::List;
use crate::message::{Message, MessageError};
use crate::phrases;
use crate::strip::{Unstripped, strip};
use crate::template::{one_line, render_text};

/// The copy of a post for the members of `list`, from the bytes that were handed over: without attachments that the list
/// takes out, with its text if `with_text`, and with the header of [`list_copy`].
///
/// What cannot be taken out stays: such a post was held, and a moderator has approved it.
///
/// # Errors
/// The bytes are no message.
pub fn post_copy(
    raw: &[u8],
    list: &List,
    context: &Context<'_>,
    with_text: bool,
) -> Result<(Vec<u8>, Vec<Change>), MessageError> {
    let mut changes = Vec::new();
    let raw = stripped(raw, list, &mut changes).unwrap_or(Cow::Borrowed(raw));
    let raw = if with_text { footed(&raw, list, &mut changes) } else { raw };
    let message = Message::parse(&raw)?;
    let mut copy = list_copy(&message, list, context);
    changes.append(&mut copy.changes);
    Ok((copy.to_vec(), changes))
}

/// A post without what the list's `strip_types` names.
///
/// # Errors
/// Something is in a part that is signed or encrypted, or that programs differ about.
pub fn stripped<'a>(raw: &'a [u8], list: &List, changes: &mut Vec<Change>) -> Result<Cow<'a, [u8]>, Unstripped> {
    let settings = &list.settings;
    let stripped = strip(raw, &settings.strip_types, &|name| phrases::removed_attachment(&settings.language, name))?;
    changes.extend(stripped.removed.into_iter().map(Change::Stripped));
    Ok(stripped.bytes)
}

/// A post with the list's `header` and `footer`. Their texts were tried when they were set; one that fails all the same is
/// left out, as it must not keep a post from anybody.
fn footed<'a>(raw: &'a [u8], list: &List, changes: &mut Vec<Change>) -> Cow<'a, [u8]> {
    let settings = &list.settings;
    if settings.header.is_empty() && settings.footer.is_empty() {
        return Cow::Borrowed(raw);
    }
    let values = values(list);
    let text = |text: &str| render_text(text, &values).unwrap_or_default();
    let footed = footer::add(raw, &text(&settings.header), &text(&settings.footer));
    if footed.place != Place::Nowhere {
        changes.push(Change::Footed(footed.place));
    }
    footed.bytes
}

/// Whether a text can be rendered.
pub(crate) fn check_text(text: &str) -> Result<(), minijinja::Error> {
    let values = context! { list => "", name => "", description => "", owner => "", unsubscribe => "", help => "" };
    render_text(text, &values).map(drop)
}

/// What the texts may name.
fn values(list: &List) -> Value {
    let suffixed = |suffix| list.address.with_suffix(suffix).to_string();
    context! {
        list => list.address.to_string(),
        name => list.address.local(),
        description => one_line(&list.settings.description),
        owner => suffixed("-owner"),
        unsubscribe => suffixed("-unsubscribe"),
        help => suffixed("-help"),
    }
}
