//! The key by which a hand-over is known again, when an MTA that lost the answer hands the same message over once more.

use sha2::{Digest, Sha256};

use crate::message::{Field, leading_field, mbox_line};

/// What an MTA may put before a message as it delivers, in one attempt and not, or differently, in the next: the time of
/// Delivery-date alone makes every attempt new.
const ADDED_ON_DELIVERY: [&str; 5] = ["Return-Path", "Delivered-To", "X-Original-To", "Envelope-to", "Delivery-date"];

/// The SHA-256 of envelope sender, recipient and message, each with its length before it, so that no two different
/// hand-overs are written alike.
///
/// `sender` is empty for a null return path. Of the message, a leading mbox `From ` line and the leading fields that an MTA
/// adds on delivery are left out. Queue ids have no part in it: MTAs use them again.
pub fn key(sender: &str, recipient: &str, message: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [sender.as_bytes(), recipient.as_bytes(), without_delivery_fields(message)] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn without_delivery_fields(message: &[u8]) -> &[u8] {
    let mut rest = &message[mbox_line(message).len()..];
    let is_added = |field: &Field| ADDED_ON_DELIVERY.iter().any(|name| field.is(name));
    while let Some(field) = leading_field(rest).filter(is_added) {
        rest = &rest[field.raw().len()..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &[u8] = b"From: ann@example.org\nDelivered-To: other@example.org\n\nbody\n";

    fn with(prefix: &str) -> [u8; 32] {
        key("ann@example.org", "talk@lists.example.org", &[prefix.as_bytes(), POST].concat())
    }

    #[test]
    fn what_an_mta_adds_on_delivery_does_not_count() {
        for prefix in [
            "Return-Path: <ann@example.org>\n",
            "return-path: <>\r\n",
            "From ann@example.org Mon Jan  1 10:00:00 2024\n",
            "From ann@example.org Mon Jan  1\nReturn-path: <a>\nEnvelope-to: t@x\nDelivery-date: Mon,\n\t1 Jan 2024\n",
            "X-Original-To: all@example.org\nDelivered-To: talk@lists.example.org\nReturn-Path: <a>\n",
        ] {
            assert_eq!(with(prefix), with(""), "{prefix:?}");
        }
    }

    #[test]
    fn everything_else_counts() {
        let recipient = "talk@lists.example.org";
        let keys = [
            with(""),
            with("Received: by mx\n"),
            with("Received: by mx\nDelivered-To: talk@lists.example.org\n"),
            key("", recipient, POST),
            key("ann@example.org", "dev@lists.example.org", POST),
            key("ann@example.orgt", "alk@lists.example.org", POST),
            key("ann@example.org", recipient, &POST[..POST.len() - 1]),
            key("ann@example.org", recipient, b"From: ann@example.org\n\nbody\n"),
            key("ann@example.org", recipient, b""),
        ];
        for (i, one) in keys.iter().enumerate() {
            assert!(keys[i + 1..].iter().all(|other| one != other), "key {i} occurs twice");
        }
    }

    #[test]
    fn the_key_stays_the_same_across_versions() {
        let hex: String = key("", "a@x", b"A: 1\n\n").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ca3734f7cf098867d1376f6887d4c4469dea40343599044a27915be02522f8e9");
    }
}
