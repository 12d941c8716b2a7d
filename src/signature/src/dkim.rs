//! Signatures of a domain over header and body (RFC 6376).

mod sign;
mod verify;

use std::collections::BTreeMap;

use mailjam_core::message::{Field, Message};

pub use sign::{Prepared, SignError, Signer, SignerError};
pub(crate) use sign::{canonical_header, push_names, signed_names};
pub use verify::Failure;
pub(crate) use verify::{Signature, Verdict, key_record, push_own, readable, verify};

/// The name of the field.
pub(crate) const FIELD: &str = "DKIM-Signature";

/// The fields of a message by name, to be signed from the bottom up (RFC 6376 5.4.2).
pub(crate) struct Selection<'m, 'a> {
    left: BTreeMap<String, Vec<&'m Field<'a>>>,
}

impl<'m, 'a> Selection<'m, 'a> {
    /// All fields of a message but one: a signature does not sign itself in this way.
    pub(crate) fn new(message: &'m Message<'a>, but: Option<&Field>) -> Selection<'m, 'a> {
        let mut left: BTreeMap<String, Vec<&Field>> = BTreeMap::new();
        for field in message.fields() {
            if !but.is_some_and(|but| std::ptr::eq(but.raw(), field.raw())) {
                left.entry(field.name().to_ascii_lowercase()).or_default().push(field);
            }
        }
        Selection { left }
    }

    /// The next field of this name; when there are no more, what is signed is that there are no more.
    pub(crate) fn next(&mut self, name: &str) -> Option<&'m Field<'a>> {
        self.left.get_mut(&name.to_ascii_lowercase())?.pop()
    }
}
