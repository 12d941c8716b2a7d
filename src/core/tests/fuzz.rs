//! Fuzzing without a fuzzer: mail that is mutated at random goes through everything that reads what strangers write. Nothing
//! may panic. A second for each target in `make check`; `make fuzz` takes ten minutes for each.
//!
//! What makes a target panic is printed as a seed; `FUZZ_SEED=NUMBER` runs it again.

#[path = "../../../tests/support/mutation.rs"]
mod mutation;

use std::fs;
use std::path::Path;

use mailjam_core::address::Address;
use mailjam_core::command::{self, Mail};
use mailjam_core::compose::{Context, list_copy, owner_copy};
use mailjam_core::decide::{Content, Facts, Standing, decide};
use mailjam_core::digest::{Digest, Form, Issue};
use mailjam_core::footer::{self, Place};
use mailjam_core::list::{List, list_id};
use mailjam_core::message::Message;
use mailjam_core::recipient::{Extension, Kind, readings};
use mailjam_core::settings::Settings;
use mailjam_core::strip::strip;
use mailjam_core::{attachment, authentication, ban, bounce, network, return_path, token};

/// Words that mean something to one parser or another.
const WORDS: &[&[u8]] = &[
    b"\n\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"From: ",
    b"To: a@b, (c) <d@e>\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"--b\n",
    b"--b--\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Transfer-Encoding: 8bit\n",
    b"Content-Type: text/html; charset=iso-2022-jp\n",
    b"Content-Type: text/plain; charset=utf-8; format=flowed\n",
    b"Content-Type: application/zip; name=a.exe\n",
    b"Content-Type: multipart/alternative; boundary=b\n",
    b"\x1b$B",
    b"<body>",
    b"</body>",
    b"<!--",
    b"=?utf-8?b?",
    b"?=",
    b"Authentication-Results: mx.example.org; dmarc=",
    b"(((((",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"@",
    b"[IPv6:::1]",
    b"Received: from x ([",
    b"References: <a> <b>\n",
    b"In-Reply-To: <",
    b"Subject: confirm ",
    b"set vacation until ",
    b"subscribe\n",
    b"\xff\xfe",
    "ü\u{202e}".as_bytes(),
    b"List-Id: <",
    b"Auto-Submitted: ",
    b"Content-Type: message/delivery-status\n\n",
    b"Final-Recipient: utf-8; \\x{FC}@",
    b"550 5.1.1 <",
    b"could not be delivered to ",
    b"\x1b$B",
    b"=",
];

fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("cases") {
            let path = entry.expect("a case").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                found.push(fs::read(path).expect("a message"));
            }
        }
    }
    // The order of a folder is not the same everywhere.
    found.sort();
    found
}

/// Runs a target with mutated mail until its time is over.
fn fuzz(name: &str, target: impl Fn(&[u8])) {
    mutation::fuzz(name, &corpus(), WORDS, target);
}

fn list() -> List {
    let address = Address::parse("talk@lists.example.org").expect("an address");
    let settings = Settings { subject_prefix: Some("[tälk]".to_owned()), ..Settings::default() };
    List { list_id: list_id(&address), address, closed: false, settings }
}

#[test]
fn the_path_of_a_message() {
    let list = list();
    fuzz("the path of a message", |bytes| {
        let Ok(message) = Message::parse(bytes) else { return };
        let sender = Address::parse_foreign("ann@example.org").ok();
        let facts = Facts {
            list: &list,
            extension: Extension::NONE,
            null_sender: false,
            size: Some(bytes.len() as u64),
            content: Some(Content {
                authentication: authentication::evaluate(&message, "mx.example.org", sender.as_ref()),
                refused_type: attachment::find(bytes, &["application/zip".to_owned(), ".exe".to_owned()]),
                automatic: message.is_automatic(),
                ..Content::default()
            }),
            standing: Standing { member: true, ..Standing::default() },
            banned: message.from().into_iter().find_map(|from| {
                let key = from.address?.key();
                ban::holds("*@*.example", &key).then_some(key)
            }),
            posts_before: 0,
            thread_before: message.thread().len() as u64,
        };
        let _ = (decide(&facts), network::of(&message));
        let copy = list_copy(
            &message,
            &list,
            &Context { now: 1, post_id: 1, authserv_id: "mx.example.org", rewrite_from: true, one_click: false },
        )
        .to_vec();
        assert!(Message::parse(&copy).is_ok(), "a copy is a message");
        let _ = owner_copy(&message, &list).to_vec();
    });
}

#[test]
fn commands() {
    fuzz("commands", |bytes| {
        let Ok(message) = Message::parse(bytes) else { return };
        let subject = message.field("Subject").next().map(|field| field.decoded().into_owned()).unwrap_or_default();
        let text = command::text(bytes);
        let _ = command::own_words(&text);
        for kind in [Kind::Request, Kind::Subscribe, Kind::Unsubscribe, Kind::Confirm, Kind::Help] {
            let extension = Extension { kind, detail: subject.get(..20).unwrap_or_default() };
            let mail = Mail { extension, subject: &subject, text: &text, in_reply_to: None, now: 1_800_000_000 };
            assert!(!command::read(&mail).is_empty());
        }
    });
}

#[test]
fn bounces() {
    fuzz("bounces", |bytes| {
        let mail = bounce::read(bytes);
        if let bounce::Kind::Bounce(reports) | bounce::Kind::Delayed(reports) = &mail.kind {
            assert!(!reports.is_empty(), "a bounce says something");
            for report in reports {
                assert!(!report.diagnostic.contains(char::is_control), "a diagnostic is one line");
                assert!(report.diagnostic.chars().count() <= 301, "a diagnostic is short");
            }
        }
        let text = String::from_utf8_lossy(bytes);
        let _ = bounce::classify_reply(550, None, &text);
    });
}

#[test]
fn tokens_and_recipients() {
    fuzz("tokens and recipients", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = token::find(&text);
        for word in text.split_whitespace() {
            let _ = (token::read(word), return_path::read(word), readings(word).count(), ban::pattern(word));
            let _ = Address::parse_foreign(word).map(|address| address.key());
        }
    });
}

#[test]
fn edits_of_posts() {
    let types = ["application/zip".to_owned(), "image/*".to_owned(), ".exe".to_owned()];
    fuzz("edits of posts", |bytes| {
        if let Ok(stripped) = strip(bytes, &types, &|name| format!("[{name}]")) {
            assert_eq!(attachment::find(&stripped.bytes, &types), None, "what is stripped is gone");
            let message = Message::parse(bytes).map(|message| message.fields().len());
            assert!(message.is_err() || Message::parse(&stripped.bytes).is_ok(), "what was a message is one");
        }
        let footed = footer::add(bytes, "[tälk]", "____\nhttps://lists.example.org/talk\n");
        let changed = ![Place::Nowhere, Place::Sealed, Place::Unclear].contains(&footed.place);
        assert_eq!(changed, *footed.bytes != *bytes, "text is where it is said to be");
        assert!(Message::parse(bytes).is_err() || Message::parse(&footed.bytes).is_ok(), "what was a message is one");
    });
}

#[test]
fn digests() {
    let list = list();
    fuzz("digests", |bytes| {
        let other = &bytes[bytes.len() / 2..];
        for form in [Form::Mime, Form::Plain] {
            let issue = Issue {
                list: &list,
                volume: 2026,
                number: 1,
                now: 1,
                seed: 1,
                texts: &|_, _| None,
                language: "ja",
                left_out: &|what| format!("[{what}]"),
            };
            let mut digest = Digest::new(issue, form, 2, bytes.len());
            digest.add(bytes);
            digest.add(other);
            let written = digest.finish().expect("a text that comes with mailjam").bytes;
            assert!(Message::parse(&written).is_ok(), "a digest is a message");
            assert!(form == Form::Mime || written.is_ascii(), "text goes in seven bits");
            let whole = |post: &[u8]| written.windows(post.len().max(1)).any(|window| window == post);
            let mbox = bytes.starts_with(b"From ") || other.starts_with(b"From ");
            assert!(form == Form::Plain || mbox || other.is_empty() || whole(bytes) && whole(other), "a post is whole");
        }
    });
}
