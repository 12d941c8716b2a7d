//! B9: what signatures cost: one, and a copy with one of its own for each of ten thousand members.

use std::time::Instant;

use mailjam_core::message::Message;
use mailjam_signature::{Algorithm, Key, Prepared, Signer, generate};

use crate::daemon::say;
use crate::fanout::{LIST, RUNS, large_list, post};
use crate::machine;
use crate::report::{Report, Target, median, seconds};
use crate::smtp_sink::{Behaviour, Sink};

const SIGNATURES: u32 = 200;

/// Members have links of their own, so that no two copies are the same.
const WEB: &str = "[web]\npublic_url = \"https://lists.example.org\"\n";

pub fn measure(report: &mut Report) {
    say("B9: signatures");
    for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
        one(report, algorithm);
    }
    for algorithm in ["none", "rsa", "ed25519"] {
        for_each_member(report, algorithm);
    }
}

/// A signature on a post of 5 KB whose body is hashed already, and that hash.
fn one(report: &mut Report, algorithm: Algorithm) {
    let pem = generate(algorithm).expect("a key");
    let key = Key::from_pem("bench", pem.as_str().as_bytes()).expect("a key");
    let signer = Signer::new("lists.example.org", vec![("b".to_owned(), key)]).expect("a signer");
    let message = machine::message();
    let message = Message::parse(&message).expect("a message");
    let prepared = Prepared::new(message.body());
    let times = (0..9).map(|_| {
        let started = Instant::now();
        for _ in 0..SIGNATURES {
            std::hint::black_box(prepared.sign(&signer, message.header(), 0).expect("a signature"));
        }
        seconds(started.elapsed()) * 1e6 / f64::from(SIGNATURES)
    });
    report.row(&format!("B9 a signature, {algorithm}"), median(times.collect()), "µs", Target::None);
    if algorithm == Algorithm::Rsa {
        let started = Instant::now();
        for _ in 0..SIGNATURES {
            std::hint::black_box(Prepared::new(message.body()));
        }
        let hashed = seconds(started.elapsed()) * 1e6 / f64::from(SIGNATURES);
        report.row("… the hash of 5 KB of body, once for a post", hashed, "µs", Target::None);
    }
}

fn for_each_member(report: &mut Report, algorithm: &str) {
    let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    let daemon = large_list(&sink, WEB);
    if algorithm != "none" {
        daemon.cli_prints(&["dkim", "create", "lists.example.org", "--selector", "b", "--algorithm", algorithm]);
        daemon.cli_prints(&["dkim", "activate", "lists.example.org", "b"]);
    }
    assert!(LIST.ends_with("@lists.example.org"), "the key is for the list");
    let mut posts = 0;
    let mut costs = Vec::new();
    let peak = machine::peak_memory(daemon.pid(), || {
        costs = (0..RUNS).map(|_| post(&daemon, &sink, &mut posts)).collect();
    });
    let elapsed = median(costs.iter().map(|cost| seconds(cost.elapsed)).collect());
    let processor = median(costs.iter().map(|cost| seconds(cost.processor)).collect());
    report.row(&format!("B9 a copy for each of 10,000 members, signed: {algorithm}"), elapsed, "s", Target::None);
    report.row("… processor time of mailjamd", processor, "s", Target::None);
    report.row("… peak memory", peak, "MiB", Target::None);
}
