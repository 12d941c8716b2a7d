//! Signatures and keys before other judges: dkimpy, which knows Ed25519 and ARC, OpenDKIM and OpenSSL. Where they are not
//! installed, that is said.

use std::path::Path;
use std::process::Command;

use mailjam_core::message::Message;
use mailjam_signature::{Algorithm, Chain, ChainStatus, Prepared, Signer, Why, generate};

use super::{NOW, POST, RSA, block_on, decide, key, keys_of, on_the_wire, resolver, signed, signer, split};
use crate::dkimpy::{self, Folder, judge};
use crate::name_server::NameServer;
use crate::skip::skipped;

/// What dkimpy thinks of messages that these signed.
fn opinions(folder: &Folder, signers: &[&Signer], messages: &[Vec<u8>]) -> Vec<String> {
    let records = signers.iter().flat_map(|signer| signer.dns_records());
    let records: Vec<_> = records.map(|record| (record.name.clone(), record.strings.concat())).collect();
    dkimpy::opinions(folder, &records, messages)
}

/// Messages that are awkward in one way or another.
fn messages() -> Vec<Vec<u8>> {
    let header = "From: Ann <ann@example.com>\nSubject: x\nTo: talk@lists.example.org\n";
    let with = |body: &str| format!("{header}\n{body}").into_bytes();
    vec![
        POST.as_bytes().to_vec(),
        with(""),
        with("\n\n\n"),
        with("no end"),
        with("trailing   \t\n spaces \n\n\n"),
        with(".dots\n..\n.\n"),
        with("a bare\rCR\r\n"),
        with(&format!("{}\n", "long ".repeat(400))),
        with("8-bit: Grüße\n"),
        format!("{header}X-Odd:\n\t folded \n  twice\nList-Id: <a.b>\nList-Id: <a.c>\n\nx\n").into_bytes(),
        format!("{header}Subject: again\nFROM: eve@example.com\n\nx\n").into_bytes(),
    ]
}

#[test]
fn dkimpy_verifies_both_signatures_and_the_set() {
    if !dkimpy::is_there() {
        return;
    }
    let (folder, list) = (Folder::new("dkimpy"), signer("lists.example.org"));
    let server = NameServer::start("");
    let sent = |message: Vec<u8>| {
        let copy = signed(&list, &message);
        let (header, body) = split(&copy);
        let incoming = Message::parse(&message).expect("a message");
        let chain = block_on(Chain::validate(&resolver(&server), &incoming, NOW)).expect("no chain");
        let set = Prepared::new(body).seal(&list, header, &chain, "mx.example.org; none", NOW).expect("a set");
        on_the_wire(&[&set, &copy[..]].concat())
    };
    let sent: Vec<Vec<u8>> = messages().into_iter().map(sent).collect();
    assert_eq!(opinions(&folder, &[&list], &sent), vec!["pass pass pass"; sent.len()]);
    // It is no judge that lets everything pass.
    let changed: Vec<Vec<u8>> = sent.iter().map(|message| [&message[..], b"more\r\n"].concat()).collect();
    assert_eq!(opinions(&folder, &[&list], &changed), vec!["fail fail fail"; sent.len()]);
}

#[test]
fn what_dkimpy_signs_is_verified() {
    if !dkimpy::is_there() {
        return;
    }
    let folder = Folder::new("dkimpy-signs");
    let rsa = folder.write("rsa.pem", RSA);
    let author = Signer::new("example.com", vec![("judge".to_owned(), key(RSA))]).expect("a signer");
    let policy = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";
    let server = NameServer::start(&(policy.to_owned() + &keys_of(&author)));
    let messages: Vec<Vec<u8>> = messages().iter().map(|message| on_the_wire(message)).collect();
    for copy in judge(&folder, &["sign", &rsa], &messages).1 {
        let decision = decide(&resolver(&server), &copy);
        let text = String::from_utf8_lossy(&copy);
        assert_eq!(decision.why, Why::Signed("example.com".to_owned()), "{text}");
    }
}

#[test]
fn chains_go_through_dkimpy_and_ours_in_turn() {
    if !dkimpy::is_there() {
        return;
    }
    let folder = Folder::new("dkimpy-seals");
    let rsa = folder.write("rsa.pem", RSA);
    let ours = signer("lists.example.org");
    let theirs = Signer::new("other.example", vec![("judge".to_owned(), key(RSA))]).expect("a signer");
    let server = NameServer::start(&(keys_of(&ours) + &keys_of(&theirs)));
    let mut message = on_the_wire(POST.as_bytes());
    for instance in [1, 3] {
        let cv = if instance == 1 { "none" } else { "pass" };
        let results = format!("Authentication-Results: mx.example.org; arc={cv}\r\n");
        let message_with = [results.as_bytes(), &message].concat();
        let sealed = judge(&folder, &["seal", &rsa, "other.example"], &[message_with]).1.remove(0);
        // dkimpy copies all results of the server into its set; the next time there must be none of this one.
        message = String::from_utf8(sealed).expect("ASCII").replacen(&format!("\n{results}"), "\n", 1).into_bytes();
        let parsed = Message::parse(&message).expect("a message");
        let chain = block_on(Chain::validate(&resolver(&server), &parsed, NOW)).expect("answers");
        let text = String::from_utf8_lossy(&message);
        assert_eq!((chain.status(), chain.instances()), (ChainStatus::Pass, instance), "{text}");
        let (header, body) = split(&message);
        let set = Prepared::new(body).seal(&ours, header, &chain, "mx.example.org; arc=pass", NOW).expect("a set");
        message = [&set, &message[..]].concat();
        let said = opinions(&folder, &[&ours, &theirs], std::slice::from_ref(&message));
        assert_eq!(said, ["pass"], "{}", String::from_utf8_lossy(&message));
    }
}

#[test]
fn opendkim_verifies_the_signature() {
    const OPENDKIM: &str = "/usr/sbin/opendkim";
    if !Path::new(OPENDKIM).exists() {
        return skipped("signatures before OpenDKIM: opendkim is not installed");
    }
    let folder = Folder::new("opendkim");
    // It knows no Ed25519.
    let list = Signer::new("example.com", vec![("r1".to_owned(), key(RSA))]).expect("a signer");
    let keys: String =
        list.dns_records().iter().map(|one| format!("{} {}\n", one.name, one.strings.concat())).collect();
    let keys = folder.write("keys", keys.as_bytes());
    let config =
        folder.write("opendkim.conf", format!("TestPublicKeys {keys}\nMode v\nOn-BadSignature reject\n").as_bytes());
    let verify = |message: &[u8]| {
        let file = folder.write("message", message);
        let output = Command::new(OPENDKIM).args(["-x", &config, "-t", &file]).output().expect("opendkim runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    // It reads files, and takes a lone CR in one for the end of a line.
    for message in
        messages().into_iter().filter(|message| !message.windows(2).any(|two| two[0] == b'\r' && two[1] != b'\n'))
    {
        // As it is sent, since it reads no last line without an end; and with the line ends of a file.
        let copy = String::from_utf8(on_the_wire(&signed(&list, &message))).expect("UTF-8").replace("\r\n", "\n");
        let said = verify(copy.as_bytes());
        assert!(said.contains("verification (s=r1, d=example.com, 2048-bit key) succeeded"), "{said}\n{copy}");
        assert!(!verify(format!("{copy}more\n").as_bytes()).contains("succeeded"));
    }
}

/// The other program that administrators make keys with.
#[test]
fn openssl_reads_new_keys() {
    let folder = Folder::new("openssl");
    let pem = generate(Algorithm::Rsa).expect("a key");
    let file = folder.write("rsa.pem", pem.as_str().as_bytes());
    match Command::new("openssl").args(["rsa", "-check", "-noout", "-in", &file]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => skipped("new keys before OpenSSL: openssl is not installed"),
    }
}
