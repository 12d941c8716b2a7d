//! Signatures made and verified, with a name server of the test's own.

#[path = "../../../../tests/support/dkimpy.rs"]
mod dkimpy;
#[path = "../../../../tests/support/name_server.rs"]
mod name_server;
#[path = "../../../../tests/support/skip.rs"]
mod skip;

mod arc;
mod dkim;
mod dmarc;
mod judges;
mod rewrite;
mod standard;

use std::time::Duration;

use mailjam_core::message::Message;
use mailjam_signature::{Decision, DnsRecord, Key, Prepared, Resolver, Signer, Timeouts, should_rewrite};
use name_server::NameServer;

/// Keys that were made for these tests and sign nothing else.
const RSA: &[u8] = include_bytes!("../keys/rsa-pkcs8.pem");
const ED25519: &[u8] = include_bytes!("../keys/ed25519.pem");

/// 15 July 2026.
const NOW: i64 = 1_784_073_600;

const POST: &str = "\
From: Ann Example <ann@example.com>
To: talk@lists.example.org
Subject: Dinner
Date: Wed, 15 Jul 2026 02:00:00 +0200
Message-ID: <1@example.com>

At eight?
";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// A resolver that asks this server, and waits no longer than a test can.
fn resolver(server: &NameServer) -> Resolver {
    let timeouts = Timeouts { query: Duration::from_secs(5), decision: Duration::from_secs(20) };
    Resolver::new(&[server.address()], timeouts).expect("a resolver")
}

/// The same for servers that say nothing: how long it waits is how long the test takes.
fn impatient(server: &NameServer) -> Resolver {
    let timeouts = Timeouts { query: Duration::from_millis(50), decision: Duration::from_millis(300) };
    Resolver::new(&[server.address()], timeouts).expect("a resolver")
}

fn key(pem: &[u8]) -> Key {
    Key::from_pem("test.pem", pem).expect("a key")
}

fn signer(domain: &str) -> Signer {
    let keys = vec![("r1".to_owned(), key(RSA)), ("e1".to_owned(), key(ED25519))];
    Signer::new(domain, keys).expect("a signer")
}

fn zone_line(record: &DnsRecord) -> String {
    let strings: String = record.strings.iter().map(|string| format!(" \"{string}\"")).collect();
    format!("{} TXT{strings}\n", record.name)
}

/// The keys of a domain, as lines of a zone.
fn keys_of(signer: &Signer) -> String {
    signer.dns_records().iter().map(zone_line).collect()
}

/// Header, with the empty line if there is one, and body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let parsed = Message::parse(message).expect("a message");
    message.split_at(message.len() - parsed.body().len())
}

/// The message with signatures before it.
fn signed(signer: &Signer, message: &[u8]) -> Vec<u8> {
    let (header, body) = split(message);
    let fields = Prepared::new(body).sign(signer, header, NOW).expect("signatures");
    [&fields, message].concat()
}

/// What is decided about a copy of ann@example.com's.
fn decide(resolver: &Resolver, copy: &[u8]) -> Decision {
    let copy = Message::parse(copy).expect("a copy");
    block_on(should_rewrite(resolver, "example.com", &copy, NOW))
}

/// The bytes as the relay sends them, but for doubled dots: by its own definition, each line ends in CRLF.
fn on_the_wire(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        wire.extend_from_slice(text);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}
