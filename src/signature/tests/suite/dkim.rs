//! DKIM signatures of ours.

use mailjam_core::message::Message;
use mailjam_signature::{Prepared, Signer, SignerError, Why};
use proptest::prelude::*;

use super::{ED25519, NOW, POST, RSA, decide, key, keys_of, on_the_wire, resolver, signed, signer, split};
use crate::name_server::NameServer;

const REJECT: &str = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";

/// A name server that has the policy and the keys of an author who signs with `signer`.
fn server_of(signer: &Signer) -> NameServer {
    NameServer::start(&(REJECT.to_owned() + &keys_of(signer)))
}

fn one_key(selector: &str, pem: &[u8]) -> Signer {
    Signer::new("example.com", vec![(selector.to_owned(), key(pem))]).expect("a signer")
}

fn is_signed(server: &NameServer, copy: &[u8]) -> bool {
    matches!(decide(&resolver(server), copy).why, Why::Signed(_))
}

#[test]
fn each_key_signs() {
    for (selector, pem) in [("r1", RSA), ("e1", ED25519)] {
        let signer = one_key(selector, pem);
        let server = server_of(&signer);
        let copy = signed(&signer, POST.as_bytes());
        assert!(is_signed(&server, &copy) && is_signed(&server, &on_the_wire(&copy)), "{selector}");
    }
    let copy = String::from_utf8(signed(&signer("example.com"), POST.as_bytes())).expect("ASCII");
    assert_eq!(copy.matches("DKIM-Signature: v=1; a=").count(), 2);
    assert!(copy.contains("a=rsa-sha256") && copy.contains("a=ed25519-sha256"));
}

#[test]
fn the_field_says_what_it_should_and_has_short_lines() {
    let fields = Prepared::new(b"x\n").sign(&one_key("r1", RSA), POST.as_bytes(), NOW).expect("a signature");
    let text = String::from_utf8(fields).expect("ASCII");
    assert!(text.lines().all(|line| line.len() <= 78) && text.ends_with("\r\n"), "{text}");
    let dense: String = text.split_ascii_whitespace().collect();
    let start = "DKIM-Signature:v=1;a=rsa-sha256;c=relaxed/relaxed;d=example.com;s=r1;t=1784073600;bh=";
    assert!(dense.starts_with(start), "{dense}");
    let names = dense.split("h=From:From:").nth(1).and_then(|rest| rest.split(';').next()).expect("names");
    assert_eq!(
        names,
        "List-Id:List-Help:List-Subscribe:List-Unsubscribe:List-Unsubscribe-Post:List-Post:List-Owner:List-Archive:\
         Subject:Date:Message-ID:To"
    );
    assert!(!dense.contains("l=") && !dense.contains("x="), "{dense}");
}

#[test]
fn what_is_covered_cannot_be_changed_or_added() {
    let signer = signer("example.com");
    let server = server_of(&signer);
    let post =
        format!("List-Unsubscribe: <https://lists.example.org/u/1>\nMIME-Version: 1.0\nSender: s@example.com\n{POST}");
    let copy = String::from_utf8(signed(&signer, post.as_bytes())).expect("ASCII");
    assert!(is_signed(&server, copy.as_bytes()));
    for changed in [
        copy.replace("At eight?", "At eighT?"),
        copy.replace("ann@example.com>\n", "eve@example.com>\n"),
        copy.replace("Subject: Dinner", "Subject: Lunch"),
        copy.replace("u/1>", "u/2>"),
        copy.replace("MIME-Version: 1.0\n", ""),
        copy.replace("Sender: s@", "Sender: t@"),
        copy.replace("From: Ann", "From: eve@example.com\nFrom: Ann"),
        format!("From: eve@example.com\n{copy}"),
        format!("List-Unsubscribe: <https://evil.example/>\n{copy}"),
        format!("List-Unsubscribe-Post: List-Unsubscribe=One-Click\n{copy}"),
        format!("List-Archive: <https://evil.example/>\n{copy}"),
        copy.replace("h=From:From:", "h=From:"),
        copy.replace("t=1784073600", "t=1784073601"),
        format!("{copy}more\n"),
    ] {
        assert_ne!(changed, copy, "nothing was changed");
        assert!(!is_signed(&server, changed.as_bytes()), "{changed}");
    }
    // What mail systems on the way may do.
    for changed in [
        format!("Received: from a by b; Wed, 15 Jul 2026 02:00:00 +0200\n{copy}"),
        copy.replace("Subject: Dinner", "subject:\n  Dinner  "),
        format!("{copy}\n\n"),
    ] {
        assert!(is_signed(&server, changed.as_bytes()), "{changed}");
    }
}

#[test]
fn copies_of_a_post_share_its_body_hash() {
    let signer = signer("example.com");
    let server = server_of(&signer);
    let (header, body) = split(POST.as_bytes());
    let prepared = Prepared::new(body);
    for member in ["1", "2"] {
        let header =
            [format!("List-Unsubscribe: <https://lists.example.org/u/{member}>\n").as_bytes(), header].concat();
        let fields = prepared.sign(&signer, &header, NOW).expect("signatures");
        assert!(is_signed(&server, &[&fields[..], &header, body].concat()));
    }
}

#[test]
fn a_revoked_key_signs_nothing() {
    let signer = one_key("r1", RSA);
    for record in
        ["v=DKIM1; k=rsa; p=", "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "nothing"]
    {
        let server = NameServer::start(&format!("{REJECT}r1._domainkey.example.com TXT \"{record}\"\n"));
        assert!(!is_signed(&server, &signed(&signer, POST.as_bytes())), "{record}");
    }
}

#[test]
fn a_domain_needs_one_key_of_a_kind() {
    let new = |domain: &str, keys: &[(&str, &[u8])]| {
        let keys = keys.iter().map(|(selector, pem)| ((*selector).to_owned(), key(pem))).collect();
        Signer::new(domain, keys).map(|signer| signer.domain().to_owned())
    };
    assert_eq!(new("Lists.Example.org", &[("a", RSA), ("b", ED25519)]), Ok("lists.example.org".to_owned()));
    assert!(matches!(new("a b", &[("a", RSA)]), Err(SignerError::Domain(_))));
    assert!(matches!(new("example.org", &[("a;b", RSA)]), Err(SignerError::Selector(_))));
    assert!(matches!(new("example.org", &[]), Err(SignerError::Keys { .. })));
    let error = new("example.org", &[("a", RSA), ("b", RSA)]).expect_err("two of a kind").to_string();
    assert!(error.starts_with("example.org has 2 RSA keys to sign with"), "{error}");
    assert!(!format!("{:?}", signer("example.org")).contains("MII"), "a key is in the output");
}

/// Lines as mail programs write them and as they should not.
fn lines(ends: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b" ".to_vec()),
        Just(b"\t".to_vec()),
        Just(b"\r".to_vec()),
        Just(b".".to_vec()),
        Just(b"b=".to_vec()),
        Just(b";".to_vec()),
        Just("ü".as_bytes().to_vec()),
        Just(vec![0xff]),
        Just(vec![b'x'; 1200]),
        "[!-~]{1,8}".prop_map(String::into_bytes),
    ];
    let line = (proptest::collection::vec(piece, 0..6), proptest::sample::select(ends));
    proptest::collection::vec(line, 0..6).prop_map(|lines| {
        lines.into_iter().flat_map(|(text, end)| [text.concat(), end.as_bytes().to_vec()].concat()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_signed_is_verified_as_stored_and_as_sent(
        odd in lines(&["\n ", "\r\n\t", ""]),
        body in lines(&["\n", "\r\n", ""]),
        crlf in any::<bool>(),
        times in 0_usize..3,
    ) {
        let odd = odd.repeat(times);
        let end = if crlf { "\r\n" } else { "\n" };
        let parts: [&[u8]; 4] = [b"X-Odd:x", end.as_bytes(), b"From: ann@example.com", end.as_bytes()];
        let message = [&parts.concat()[..], b"Subject:", &odd, b"x", end.as_bytes(), end.as_bytes(), &body].concat();
        prop_assume!(Message::parse(&message).is_ok_and(|parsed| parsed.body() == body));
        let signer = one_key("e1", ED25519);
        let server = server_of(&signer);
        let copy = signed(&signer, &message);
        let parsed = Message::parse(&copy);
        prop_assert!(parsed.is_ok());
        prop_assert!(is_signed(&server, &copy));
        prop_assert!(is_signed(&server, &on_the_wire(&copy)));
    }
}
