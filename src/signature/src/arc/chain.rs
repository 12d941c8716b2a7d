//! The sets of a chain, as they stand in a header.

use std::collections::BTreeMap;

use mailjam_core::message::{Field, Message};

use super::{ChainStatus, MOST, RESULTS, SEAL, SIGNATURE};
use crate::dkim::Signature;
use crate::key::Algorithm;
use crate::tags::Tags;

/// A chain that was validated: what a seal for the copy needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub(super) status: ChainStatus,
    /// The highest instance.
    pub(super) instances: u32,
    /// Whether it says itself that it failed, so that nothing may be added (RFC 8617 5.1).
    pub(super) ended: bool,
    /// The fields of all sets in the order in which they are sealed, each in relaxed form; of a chain that fails none.
    pub(super) sealed: Vec<u8>,
}

impl Chain {
    /// A message without a chain.
    pub(super) fn none() -> Chain {
        Chain { status: ChainStatus::None, instances: 0, ended: false, sealed: Vec::new() }
    }

    /// What was found out.
    #[must_use]
    pub fn status(&self) -> ChainStatus {
        self.status
    }

    /// How many sets it has.
    #[must_use]
    pub fn instances(&self) -> u32 {
        self.instances
    }

    /// Whether a set can be added to it.
    #[must_use]
    pub fn can_be_sealed(&self) -> bool {
        !self.ended && self.instances < MOST
    }
}

/// The set of one instance.
#[derive(Debug)]
pub(super) struct Set<'m, 'a> {
    pub(super) results: &'m Field<'a>,
    pub(super) message: (&'m Field<'a>, Signature),
    pub(super) seal: (&'m Field<'a>, Seal),
}

/// An ARC-Seal (RFC 8617 4.1.3).
#[derive(Clone, Debug)]
pub(super) struct Seal {
    pub(super) domain: String,
    pub(super) selector: String,
    pub(super) algorithm: Algorithm,
    pub(super) status: ChainStatus,
    pub(super) signature: Vec<u8>,
}

/// The sets that a header has.
pub(super) struct Found<'m, 'a> {
    /// In order, the first instance first; `None` where they make no chain.
    pub(super) sets: Option<Vec<Set<'m, 'a>>>,
    /// The highest instance that is named.
    pub(super) highest: u32,
    /// What the highest seal says of the chain before it.
    pub(super) last_word: Option<ChainStatus>,
}

impl<'m, 'a> Found<'m, 'a> {
    /// Looks for sets; `None` when there is no field of a chain.
    pub(super) fn in_message(message: &'m Message<'a>) -> Option<Found<'m, 'a>> {
        let mut all = Some(BTreeMap::<u32, [Vec<&Field>; 3]>::new());
        let (mut highest, mut seen) = (0, false);
        let mut last_word = (0, None);
        for (kind, name) in [RESULTS, SIGNATURE, SEAL].into_iter().enumerate() {
            for field in message.field(name) {
                seen = true;
                match instance(name, &field.text()) {
                    Some(instance) => {
                        highest = highest.max(instance);
                        if name == SEAL && instance >= last_word.0 {
                            last_word = (instance, Tags::parse(&field.text()).as_ref().and_then(status));
                        }
                        if let Some(all) = &mut all {
                            all.entry(instance).or_default()[kind].push(field);
                        }
                    }
                    None => all = None,
                }
            }
        }
        let sets = all.and_then(|all| {
            let whole = all.keys().copied().eq(1..=highest);
            if whole { all.into_iter().map(|(instance, fields)| set(instance, fields)).collect() } else { None }
        });
        seen.then_some(Found { sets, highest, last_word: last_word.1 })
    }
}

/// A set of exactly one field of each kind (RFC 8617 4.2), whose signatures can be read.
fn set<'m, 'a>(instance: u32, fields: [Vec<&'m Field<'a>>; 3]) -> Option<Set<'m, 'a>> {
    let [results, message, seal] = fields;
    let ([results], [message], [seal]) = (&results[..], &message[..], &seal[..]) else { return None };
    let signature = Signature::of_tags(&Tags::parse(&message.text())?).ok()?;
    // A seal comes after what it seals. That signers should cover none of a chain's fields, nor results (RFC 8617 4.1.2), is
    // for them: some cover ARC-Authentication-Results, and the published vectors do.
    if signature.names().iter().any(|name| name.eq_ignore_ascii_case(SEAL)) {
        return None;
    }
    let tags = Tags::parse(&seal.text())?;
    let read = Seal {
        domain: crate::domain::normal(tags.get("d")?)?,
        selector: tags.get("s").filter(|selector| crate::domain::is_name(selector))?.to_owned(),
        algorithm: Algorithm::of_tag(tags.get("a")?)?,
        status: status(&tags)?,
        signature: tags.bytes("b")?,
    };
    // It signs what it has to, and cannot choose (RFC 8617 4.1.3).
    let fits = tags.get("h").is_none();
    let expected = if instance == 1 { ChainStatus::None } else { ChainStatus::Pass };
    (fits && (read.status == expected || read.status == ChainStatus::Fail)).then_some(Set {
        results,
        message: (message, signature),
        seal: (seal, read),
    })
}

/// The number of the set that a field belongs to. In ARC-Authentication-Results it comes first, and what follows is no list of
/// tags (RFC 8617 4.1.1).
fn instance(name: &str, text: &str) -> Option<u32> {
    let first = text.split(';').next().unwrap_or_default();
    let tags = Tags::parse(if name == RESULTS { first } else { text })?;
    let instance = u32::try_from(tags.number("i")?).ok()?;
    (1..=MOST).contains(&instance).then_some(instance)
}

fn status(tags: &Tags) -> Option<ChainStatus> {
    [ChainStatus::None, ChainStatus::Pass, ChainStatus::Fail]
        .into_iter()
        .find(|status| tags.get("cv").is_some_and(|cv| cv.eq_ignore_ascii_case(&status.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = "\
ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=example.org; s=s; b=YQ==
ARC-Message-Signature: i=1; a=rsa-sha256; d=example.org; s=s; h=From:To; bh=YQ==; b=YQ==
ARC-Authentication-Results: i=1; mx.example.org; spf=pass; dkim=pass header.i=@example.org
From: ann@example.com

";

    /// How many sets make a chain, and the highest instance.
    fn found(change: &str, to: &str) -> (Option<usize>, u32) {
        assert!(SET.contains(change), "{change}");
        let raw = SET.replace(change, to);
        let message = Message::parse(raw.as_bytes()).expect("a message");
        let found = Found::in_message(&message).expect("fields of a chain");
        (found.sets.map(|sets| sets.len()), found.highest)
    }

    #[test]
    fn a_set_is_three_fields_that_can_be_read() {
        for (change, to) in [
            ("i=1; a=rsa-sha256; t=1", "x=y; a=rsa-sha256; i=1"),
            ("t=1; cv=none", "cv=None"),
            ("h=From:To", "h=From:ARC-Authentication-Results:Authentication-Results"),
            ("h=From:To", "c=relaxed/relaxed; v=1; h=From"),
            ("mx.example.org; spf=pass; dkim=pass header.i=@example.org", "mx.example.org; none"),
        ] {
            assert_eq!(found(change, to), (Some(1), 1), "{to}");
        }
        for (change, to) in [
            ("i=1; mx.example.org;", "mx.example.org; i=1;"),
            ("i=1; mx.example.org;", "i=2; mx.example.org;"),
            ("i=1; mx.example.org;", "i=01x; mx.example.org;"),
            ("h=From:To", "h=From:arc-seal"),
            ("h=From:To", "h=To"),
            ("t=1; cv=none", "cv=none; h=From"),
            ("t=1; cv=none", "cv=pass"),
            ("t=1; cv=none", "cv=none; cv=none"),
            ("t=1; cv=none; ", ""),
            ("a=rsa-sha256; t=1", "a=rsa-sha1"),
            ("d=example.org; s=s; b=YQ==", "d=example.org; b=YQ=="),
            ("cv=none; d=example.org", "cv=none; d=example..org"),
            ("ARC-Seal", "X-Seal"),
        ] {
            assert_eq!(found(change, to).0, None, "{to}");
        }
    }
}
