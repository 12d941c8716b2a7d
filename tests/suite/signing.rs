//! Lists that sign, before another judge: DKIM, ARC, and who stands in From, with a name server of the test's own.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use mailjam_rpc::Value;
use mailjam_rpc::records::{DkimRecord, Explanation};

use crate::calls::{Door, members, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, run};
use crate::dkimpy::{self, Folder};
use crate::name_server::NameServer;
use crate::site::said;
use crate::smtp_sink::{Behaviour, Delivery, Sink};

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";

/// Keys that were made for tests and sign nothing else.
const RSA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/signature/tests/keys/rsa-pkcs8.pem");
const ED25519: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/signature/tests/keys/ed25519.pem");

/// A daemon that asks this name server, with `more` in its configuration.
fn daemon(sink: &Sink, names: &NameServer, more: &str) -> Daemon {
    Daemon::start_with(&sink.server(), &config(names, 20, more))
}

fn config(names: &NameServer, patience: u32, more: &str) -> String {
    format!("[dns]\nservers = [\"{}\"]\npatience = {patience}\n{more}", names.address())
}

/// A post that needs no field added.
fn post(author: &str, subject: &str) -> Vec<u8> {
    format!(
        "From: Ann Example <{author}>\r\nTo: {TALK}\r\nSubject: {subject}\r\nDate: Wed, 15 Jul 2026 02:00:00 +0200\r\n\
         Message-ID: <{subject}@example.org>\r\n\r\nAt eight?\r\n"
    )
    .into_bytes()
}

/// Makes a key by the command line, as administrators do; answers what it says to publish.
fn create(daemon: &Daemon, domain: &str, selector: &str, algorithm: &str) -> (String, String) {
    let line = daemon.cli_prints(&["dkim", "create", domain, "--selector", selector, "--algorithm", algorithm]);
    let (name, rest) = line.split_once(". IN TXT (").unwrap_or_else(|| panic!("{line}"));
    let strings: String = rest.split('"').skip(1).step_by(2).collect();
    (name.to_owned(), strings)
}

/// The records as the zone of the name server has them.
fn zone(records: &[(String, String)]) -> String {
    let strings = |text: &str| {
        let pieces = text.as_bytes().chunks(255).map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece)));
        pieces.collect::<Vec<_>>().join(" ")
    };
    records.iter().map(|(name, text)| format!("{name} TXT {}\n", strings(text))).collect()
}

/// All keys that the daemon signs with.
fn keys(daemon: &Daemon) -> Vec<(String, String)> {
    let found: Vec<DkimRecord> = Door::control(daemon).call("dkim.list", vec![]);
    found.into_iter().filter(|key| key.active).map(|key| (key.name, key.strings.concat())).collect()
}

/// Hands a message over and waits for the copies of it.
fn copies(daemon: &Daemon, sink: &Sink, list: &str, message: &[u8]) -> Vec<Delivery> {
    let before = sink.state().deliveries.len();
    let verdict = Door::control(daemon).submit(ANN, list, message);
    let id = verdict.post_id.unwrap_or_else(|| panic!("{}", verdict.text));
    wait_for_item(daemon, &id, |detail| detail.item.state == "done");
    sink.state().deliveries.split_off(before)
}

/// The value of the topmost field with this name, unfolded; empty if there is none.
fn field(message: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(message);
    let (header, _) = text.split_once("\r\n\r\n").expect("a header");
    let header = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut fields = header.lines().filter_map(|line| line.split_once(':'));
    let found = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

/// A message with something in it replaced.
fn changed(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let message = String::from_utf8_lossy(message);
    assert!(message.contains(from), "{from} is not in {message}");
    message.replace(from, to).into_bytes()
}

fn explain(daemon: &Daemon, list: &str, message: &[u8]) -> Explanation {
    let request = members([("list", text(list)), ("sender", text(ANN)), ("message", Value::Base64(message.to_vec()))]);
    Door::control(daemon).call("message.explain", vec![request])
}

#[test]
fn what_is_sent_verifies_against_the_record_that_was_printed() {
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(""));
    let daemon = daemon(&sink, &names, "");
    daemon.create_list(TALK, &[ANN, "bob@example.org"]);
    daemon.cli_prints(&["member", "add", TALK, "reader@example.org", "--mode", "digest"]);
    daemon.cli_prints(&["list", "set", TALK, "footer=The end", "subject_prefix=[talk]"]);
    let records = [create(&daemon, "lists.example.org", "r1", "rsa"), create(&daemon, "example.org", "e1", "ed25519")];
    let unsigned = copies(&daemon, &sink, TALK, &post(ANN, "before"));
    assert_eq!(field(&unsigned[0].message, "DKIM-Signature"), "", "the key is not used yet");
    names.change(&zone(&records));
    daemon.cli_prints(&["dkim", "activate", "lists.example.org", "r1"]);
    let second = create(&daemon, "lists.example.org", "e2", "ed25519");
    daemon.cli_prints(&["dkim", "activate", "lists.example.org", "e2"]);
    let records = [&records[..], &[second]].concat();

    let copy = copies(&daemon, &sink, TALK, &post(ANN, "after")).remove(0);
    let shown = explain(&daemon, TALK, &post(ANN, "shown")).output.expect("a copy");
    let shown = field(&shown, "DKIM-Signature");
    assert!(shown.contains("s=") && shown.ends_with("b="), "nobody can send what is shown: {shown}");
    assert_eq!(copy.recipients.len(), 2, "members share a copy");
    let help = format!("From: {ANN}\r\nSubject: help\r\nMessage-ID: <help@x>\r\n\r\n");
    let before = sink.state().messages;
    Door::control(&daemon).submit(ANN, "talk-request@lists.example.org", help.as_bytes());
    sink.wait_for(|state| state.messages > before, PATIENCE);
    Door::control(&daemon).call::<i32>("digest.send", vec![text(TALK)]);
    let state = sink.wait_for(|state| state.messages > before + 1, PATIENCE);
    let [.., help, digest] = &state.deliveries[..] else { panic!("{state:?}") };
    assert!(String::from_utf8_lossy(&digest.message).contains("multipart/digest"));

    if !dkimpy::is_there() {
        return;
    }
    let folder = Folder::new("signing");
    let opinions = |message: Vec<u8>| dkimpy::opinions(&folder, &records, &[message]).remove(0);
    assert_eq!(opinions(copy.message.clone()), "pass pass pass", "{}", String::from_utf8_lossy(&copy.message));
    for mail in [help, digest] {
        assert_eq!(opinions(mail.message.clone()), "pass pass none");
    }
    // It covers the list's fields, and all of the body with the text of the list.
    for (from, to) in [
        ("talk-unsubscribe@", "talk-unsubscribf@"),
        ("List-Id: <talk.", "List-Id: <tall."),
        ("[talk] after", "[talk] later"),
        ("At eight?", "At seven?"),
        ("The end", "The bend"),
        ("From: Ann", "From: Eve"),
    ] {
        let said = opinions(changed(&copy.message, from, to));
        assert!(said.starts_with("fail fail"), "{from}: {said}");
    }
    assert!(
        opinions([b"List-Unsubscribe: <https://evil.example>\r\n", &copy.message[..]].concat())
            .starts_with("fail fail")
    );
    // Without the record nobody believes it.
    assert_eq!(dkimpy::opinions(&folder, &[], &[copy.message]), ["fail fail fail"]);

    daemon.cli_prints(&["dkim", "remove", "lists.example.org", "r1"]);
    daemon.cli_prints(&["dkim", "remove", "lists.example.org", "e2"]);
    let unsigned = copies(&daemon, &sink, TALK, &post(ANN, "removed"));
    assert_eq!(field(&unsigned[0].message, "DKIM-Signature"), "", "{}", String::from_utf8_lossy(&unsigned[0].message));
    // A domain above signs for those below that have no key.
    daemon.cli_prints(&["dkim", "activate", "example.org", "e1"]);
    let copy = copies(&daemon, &sink, TALK, &post(ANN, "above")).remove(0);
    assert!(field(&copy.message, "DKIM-Signature").contains("d=example.org"));
    assert_eq!(opinions(copy.message), "pass fail", "dkimpy seals and checks chains by RSA alone");
}

#[test]
fn a_second_list_extends_the_chain_of_the_first() {
    const NEWS: &str = "news@other.example.net";
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(""));
    let more = "[authentication]\nauthserv_id = \"mx.example.org\"\n";
    let daemon = daemon(&sink, &names, more);
    daemon.create_list(TALK, &[NEWS]);
    daemon.create_list(NEWS, &["bob@example.org"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=open"]);
    daemon.cli_prints(&["list", "set", NEWS, "post_policy=open", "subject_prefix=[news]", "footer=News"]);
    let records = ["lists.example.org", "other.example.net"].map(|domain| create(&daemon, domain, "r1", "rsa"));
    names.change(&zone(&records));
    for domain in ["lists.example.org", "other.example.net"] {
        daemon.cli_prints(&["dkim", "activate", domain, "r1"]);
    }
    let results = b"Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n";
    let first = copies(&daemon, &sink, TALK, &[results, &post(ANN, "x")[..]].concat()).remove(0);
    let seal = field(&first.message, "ARC-Seal");
    assert!(seal.contains("i=1;") && seal.contains("cv=none"), "{seal}");
    let recorded = field(&first.message, "ARC-Authentication-Results");
    assert_eq!(recorded, "i=1; mx.example.org; dmarc=pass header.from=example.org");
    assert_eq!(field(&first.message, "Authentication-Results"), "");

    let second = copies(&daemon, &sink, NEWS, &first.message).remove(0);
    let seal = field(&second.message, "ARC-Seal");
    assert!(seal.contains("i=2;") && seal.contains("cv=pass"), "{}", String::from_utf8_lossy(&second.message));
    let changes = explain(&daemon, NEWS, &first.message).changes.join("\n");
    assert!(changes.contains("sealed by other.example.net (ARC 2, pass)"), "{changes}");
    // Somebody in between who changed the first copy broke the chain, and the second list says so.
    let broken = copies(&daemon, &sink, NEWS, &changed(&first.message, "At eight?", "At seven?")).remove(0);
    let seal = field(&broken.message, "ARC-Seal");
    assert!(seal.contains("i=2;") && seal.contains("cv=fail"), "{seal}");

    if dkimpy::is_there() {
        let folder = Folder::new("chain");
        let messages = [first.message, second.message, broken.message];
        let said = dkimpy::opinions(&folder, &records, &messages);
        // The first list's signature does not outlive the second, but its seal does.
        assert_eq!(said, ["pass pass", "pass fail pass", "pass fail fail"]);
    }
}

#[test]
fn each_members_own_copy_has_a_signature_of_its_own() {
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(""));
    let daemon = daemon(&sink, &names, "[web]\npublic_url = \"https://lists.example.org\"\n");
    daemon.create_list(TALK, &[ANN, "bob@example.org", "carl@example.org"]);
    let records = [create(&daemon, "lists.example.org", "r1", "rsa")];
    names.change(&zone(&records));
    daemon.cli_prints(&["dkim", "activate", "lists.example.org", "r1"]);
    let copies = copies(&daemon, &sink, TALK, &post(ANN, "x"));
    assert_eq!(copies.len(), 3);
    let links: Vec<String> = copies.iter().map(|copy| field(&copy.message, "List-Unsubscribe")).collect();
    assert!(links[0] != links[1] && links[1] != links[2], "{links:?}");
    for copy in &copies {
        // RFC 8058 4: both fields are covered.
        let signature = field(&copy.message, "DKIM-Signature").to_lowercase().replace(' ', "");
        let covered = signature.split(";h=").nth(1).and_then(|rest| rest.split(';').next()).expect("h=").to_owned();
        for name in ["list-unsubscribe", "list-unsubscribe-post"] {
            assert!(covered.split(':').any(|one| one == name), "{covered}");
        }
    }
    if !dkimpy::is_there() {
        return;
    }
    let folder = Folder::new("one-click");
    let messages: Vec<Vec<u8>> = copies.iter().map(|copy| copy.message.clone()).collect();
    assert_eq!(dkimpy::opinions(&folder, &records, &messages), ["pass pass"; 3]);
    let flipped = |message: &Vec<u8>| {
        let at = message.windows(13).position(|found| found == b"/unsubscribe/").expect("a link") + 20;
        let mut message = message.clone();
        message[at] = if message[at] == b'a' { b'b' } else { b'a' };
        message
    };
    let flipped: Vec<Vec<u8>> = messages.iter().map(flipped).collect();
    for said in dkimpy::opinions(&folder, &records, &flipped) {
        assert!(said.starts_with("fail"), "{said}");
    }
}

#[test]
fn keys_in_files_are_taken_at_a_reload_and_broken_ones_change_nothing() {
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(""));
    let section = |selector: &str, path: &str| {
        format!("[[dkim]]\ndomain = \"lists.example.org\"\nselector = \"{selector}\"\nkey = \"{path}\"\n")
    };
    let daemon = daemon(&sink, &names, &section("file1", RSA));
    daemon.create_list(TALK, &[ANN]);
    let copy = copies(&daemon, &sink, TALK, &post(ANN, "one")).remove(0);
    assert!(field(&copy.message, "DKIM-Signature").contains("s=file1"));
    let shown = daemon.cli_prints(&["dkim", "list"]);
    assert!(shown.contains("file1") && shown.contains("mailjam.toml"), "{shown}");
    let refused = daemon.cli(&["dkim", "remove", "lists.example.org", "file1"]);
    assert!(!refused.status.success() && said(&refused).contains("mailjam.toml"), "{}", said(&refused));

    let broken = daemon.folder().join("broken.pem");
    fs::write(&broken, "-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----\n").expect("a file");
    let broken = broken.display().to_string();
    for (sections, wanted) in [
        (section("file2", &broken), vec![broken.as_str(), "RSA"]),
        (section("file2", "/nonexistent/key.pem"), vec!["/nonexistent/key.pem", "No such file"]),
        (section("file2", "credential:key"), vec!["credential:key", "LoadCredential="]),
        (section("a", RSA) + &section("b", RSA), vec!["lists.example.org has 2 RSA keys to sign with"]),
    ] {
        daemon.configure(&sink.server(), &config(&names, 20, &sections));
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_mailjamd"));
        let checked = run(check.arg("--check-config").arg("--config").arg(daemon.config()), b"");
        assert!(!checked.status.success(), "{sections} is good");
        let reloaded = daemon.cli(&["server", "reload"]);
        assert!(!reloaded.status.success(), "{sections} is taken");
        for wanted in wanted {
            assert!(said(&checked).contains(wanted), "{wanted}: {}", said(&checked));
            assert!(said(&reloaded).contains(wanted), "{wanted}: {}", said(&reloaded));
        }
        let copy = copies(&daemon, &sink, TALK, &post(ANN, &format!("still{}", sink.state().messages))).remove(0);
        assert!(field(&copy.message, "DKIM-Signature").contains("s=file1"), "the old key stays");
    }

    // One of the daemon's own cannot stand beside it: with two of a kind the next start would fail.
    create(&daemon, "lists.example.org", "own", "rsa");
    let refused = daemon.cli(&["dkim", "activate", "lists.example.org", "own"]);
    assert!(!refused.status.success() && said(&refused).contains("file1 of mailjam.toml"), "{}", said(&refused));

    daemon.configure(&sink.server(), &config(&names, 20, &(section("file2", RSA) + &section("file3", ED25519))));
    daemon.cli_prints(&["server", "reload"]);
    let copy = copies(&daemon, &sink, TALK, &post(ANN, "two")).remove(0);
    let records = keys(&daemon);
    assert_eq!(records.len(), 2);
    let text = String::from_utf8_lossy(&copy.message).into_owned();
    assert!(text.contains("s=file2") && text.contains("s=file3") && !text.contains("s=file1"), "{text}");
    if dkimpy::is_there() {
        let folder = Folder::new("files");
        assert_eq!(dkimpy::opinions(&folder, &records, &[copy.message]), ["pass pass pass"]);
    }
}

/// An author's domain, what it says in the DNS, and what must become of From.
struct Author {
    domain: &'static str,
    zone: &'static str,
    rewrite: &'static str,
    stands: bool,
    why: &'static str,
}

const AUTHORS: [Author; 8] = [
    Author {
        domain: "reject.example",
        zone: "_dmarc.reject.example TXT \"v=DMARC1; p=reject\"\n",
        rewrite: "auto",
        stands: false,
        why: "reject.example asks for p=reject, and the author's domain did not sign",
    },
    Author {
        domain: "quarantine.example",
        zone: "_dmarc.quarantine.example TXT \"v=DMARC1; p=quarantine\"\n",
        rewrite: "auto",
        stands: false,
        why: "p=quarantine",
    },
    Author {
        domain: "none.example",
        zone: "_dmarc.none.example TXT \"v=DMARC1; p=none\"\n",
        rewrite: "auto",
        stands: true,
        why: "From stays: the author's domain asks for p=none",
    },
    Author { domain: "nothing.example", zone: "", rewrite: "auto", stands: true, why: "has no DMARC policy" },
    Author {
        domain: "broken.example",
        zone: "_dmarc.broken.example SERVFAIL\n",
        rewrite: "auto",
        stands: false,
        why: "the list stands in From: ",
    },
    Author {
        domain: "silent.example",
        zone: "_dmarc.silent.example SILENT\n",
        rewrite: "auto",
        stands: false,
        why: "the list stands in From: ",
    },
    Author {
        domain: "always.example",
        zone: "_dmarc.always.example TXT \"v=DMARC1; p=none\"\n",
        rewrite: "always",
        stands: false,
        why: "the list stands in From: dmarc_rewrite=always",
    },
    Author {
        domain: "never.example",
        zone: "_dmarc.never.example TXT \"v=DMARC1; p=reject\"\n",
        rewrite: "never",
        stands: true,
        why: "From stays: dmarc_rewrite=never",
    },
];

#[test]
fn the_list_stands_in_from_where_the_authors_domain_would_have_it_so_and_nothing_is_lost() {
    let zone: String = AUTHORS.iter().map(|author| author.zone).collect();
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(&zone));
    let daemon = Daemon::start_with(&sink.server(), &config(&names, 2, ""));
    daemon.create_list(TALK, &["bob@example.org"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=open"]);
    for Author { domain, rewrite, stands, why, .. } in AUTHORS {
        daemon.cli_prints(&["list", "set", TALK, &format!("dmarc_rewrite={rewrite}")]);
        let message = post(&format!("ann@{domain}"), domain);
        let started = Instant::now();
        let explained = explain(&daemon, TALK, &message);
        // It waits for the DNS, but no longer than it was told to.
        assert!(started.elapsed() < Duration::from_secs(12), "{domain}: {:?}", started.elapsed());
        let changes = explained.changes.join("\n");
        assert!(changes.contains(why), "{domain}: {changes}");
        let copy = copies(&daemon, &sink, TALK, &message).remove(0).message;
        let author = format!("Ann Example <ann@{domain}>");
        if stands {
            assert_eq!(field(&copy, "From"), author);
            assert_eq!((field(&copy, "Author"), field(&copy, "Reply-To")), (String::new(), String::new()));
        } else {
            assert!(changes.contains("with the list's address into From"), "{domain}: {changes}");
            assert_eq!(field(&copy, "From"), "\"Ann Example via talk\" <talk@lists.example.org>");
            assert_eq!((field(&copy, "Author"), field(&copy, "Reply-To")), (author.clone(), author));
        }
        let output = explained.output.expect("a copy");
        for name in ["From", "Author", "Reply-To"] {
            assert_eq!(field(&output, name), field(&copy, name), "{domain}: explain tells what is sent");
        }
    }
    assert_eq!(sink.state().messages, AUTHORS.len());
}

#[test]
fn an_author_whose_signature_holds_for_the_copy_stays_in_from() {
    if !dkimpy::is_there() {
        return;
    }
    let (sink, names) = (Sink::start(Behaviour::default()), NameServer::start(""));
    let key = format!("[[dkim]]\ndomain = \"lists.example.org\"\nselector = \"judge\"\nkey = \"{RSA}\"\n");
    let daemon = daemon(&sink, &names, &key);
    daemon.create_list(TALK, &["bob@example.org"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=open"]);
    // The author's domain has the same key.
    let (_, record) = keys(&daemon).remove(0);
    let of_author = zone(&[("judge._domainkey.example.com".to_owned(), record.clone())]);
    let of_list = zone(&[("judge._domainkey.lists.example.org".to_owned(), record)]);
    names.change(&format!("{of_author}{of_list}_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"));
    let folder = Folder::new("author");
    let sign = |message: Vec<u8>| dkimpy::judge(&folder, &["sign", RSA], &[message]).1.remove(0);

    let signed = sign(post("ann@example.com", "kept"));
    let changes = explain(&daemon, TALK, &signed).changes.join("\n");
    assert!(changes.contains("From stays: the copy carries a valid signature of example.com"), "{changes}");
    let copy = copies(&daemon, &sink, TALK, &signed).remove(0).message;
    assert_eq!(field(&copy, "From"), "Ann Example <ann@example.com>");
    let records: BTreeMap<String, String> = ["example.com", "lists.example.org"]
        .map(|domain| (format!("judge._domainkey.{domain}"), keys(&daemon).remove(0).1))
        .into();
    let records: Vec<(String, String)> = records.into_iter().collect();
    // The list's own signature, the author's, and the chain.
    assert_eq!(dkimpy::opinions(&folder, &records, &[copy]), ["pass pass pass"]);

    // What the list adds breaks it, and the list stands there instead.
    daemon.cli_prints(&["list", "set", TALK, "footer=The end"]);
    let signed = sign(post("ann@example.com", "broken"));
    let changes = explain(&daemon, TALK, &signed).changes.join("\n");
    assert!(changes.contains("asks for p=reject, but the author's signature does not hold"), "{changes}");
    let copy = copies(&daemon, &sink, TALK, &signed).remove(0).message;
    assert_eq!(field(&copy, "From"), "\"Ann Example via talk\" <talk@lists.example.org>");
    assert_eq!(dkimpy::opinions(&folder, &records, &[copy]), ["pass fail pass"]);
}
