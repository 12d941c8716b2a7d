//! Chains that are validated and extended.

use mailjam_core::message::Message;
use mailjam_signature::{Chain, ChainStatus, Prepared, Resolver, Signer, authentication_results};

use super::{ED25519, NOW, POST, RSA, block_on, key, keys_of, on_the_wire, resolver, signed, signer, split};
use crate::name_server::NameServer;

fn validated(resolver: &Resolver, message: &[u8]) -> Chain {
    let message = Message::parse(message).expect("a message");
    block_on(Chain::validate(resolver, &message, NOW)).expect("answers")
}

/// The message with a set that says of it what its own chain is worth.
fn sealed(signer: &Signer, server: &NameServer, message: &[u8]) -> Vec<u8> {
    let chain = validated(&resolver(server), message);
    let (header, body) = split(message);
    let set = Prepared::new(body).seal(signer, header, &chain, "mx.example.org; spf=pass", NOW).expect("a set");
    [&set, message].concat()
}

/// A post that went through so many lists, and the server that has their keys.
fn chain_of(lists: usize) -> (Vec<u8>, NameServer) {
    let signers: Vec<Signer> = (1..=lists).map(|number| signer(&format!("list{number}.example"))).collect();
    let server = NameServer::start(&signers.iter().map(keys_of).collect::<String>());
    let message =
        signers.iter().fold(POST.as_bytes().to_vec(), |message, list| sealed(list, &server, &signed(list, &message)));
    (message, server)
}

#[test]
fn a_chain_grows_from_list_to_list() {
    for lists in [0, 1, 3] {
        let (message, server) = chain_of(lists);
        let status = if lists == 0 { ChainStatus::None } else { ChainStatus::Pass };
        for message in [&message, &on_the_wire(&message)] {
            let chain = validated(&resolver(&server), message);
            assert_eq!((chain.status(), chain.instances() as usize), (status, lists));
        }
    }
    let (message, _) = chain_of(2);
    let text = String::from_utf8(message).expect("ASCII");
    assert!(text.starts_with("ARC-Seal: i=2; a=rsa-sha256; t=1784073600; cv=pass; d=list2.example; s=r1;"), "{text}");
    assert!(text.contains("cv=none") && text.contains("ARC-Authentication-Results: i=2; mx.example.org; spf=pass\r\n"));
}

#[test]
fn a_key_of_either_kind_seals() {
    for (selector, pem) in [("r", RSA), ("e", ED25519)] {
        let list = Signer::new("list.example", vec![(selector.to_owned(), key(pem))]).expect("a signer");
        let server = NameServer::start(&keys_of(&list));
        let message = sealed(&list, &server, POST.as_bytes());
        assert_eq!(validated(&resolver(&server), &message).status(), ChainStatus::Pass);
    }
}

#[test]
fn what_was_changed_on_the_way_breaks_a_chain() {
    let (message, server) = chain_of(3);
    let text = String::from_utf8(message).expect("ASCII");
    let field = |start: &str| {
        let from = text.find(start).expect("a field");
        let rest = &text[from..];
        let end = rest.match_indices("\r\n").find(|(at, _)| !rest[at + 2..].starts_with(' ')).expect("its end").0;
        rest[..end + 2].to_owned()
    };
    for changed in [
        text.replace("At eight?", "At nine?"),
        text.replace("Subject: Dinner", "Subject: Lunch"),
        text.replace("i=1; mx.example.org; spf=pass", "i=1; mx.example.org; spf=fail"),
        text.replace(&field("ARC-Seal: i=2"), ""),
        text.replace(&field("ARC-Message-Signature: i=1"), ""),
        text.replace(&field("ARC-Authentication-Results: i=3"), ""),
        text.replace(&field("ARC-Seal: i=1"), &field("ARC-Seal: i=1").repeat(2)),
        text.replace(&field("ARC-Seal: i=1"), &field("ARC-Seal: i=1").replace("cv=none", "cv=pass")),
        text.replace(&field("ARC-Seal: i=2"), &field("ARC-Seal: i=2").replace("cv=pass", "cv=none")),
        text.replace(&field("ARC-Seal: i=2"), &field("ARC-Seal: i=2").replace("i=2", "i=x")),
        text.replace(&field("ARC-Seal: i=3"), &field("ARC-Seal: i=3").replace("s=r1", "s=gone")),
        text.replace("i=3;", "i=51;"),
        text.replace("i=3; mx.example.org;", "mx.example.org; i=3;"),
        format!("ARC-Seal: i=0; cv=none\r\n{text}"),
        format!("From: eve@example.com\r\n{text}"),
        format!("ARC-Authentication-Results: i=4; mx.example.org; none\r\n{text}"),
    ] {
        assert_ne!(changed, text, "nothing was changed");
        let chain = validated(&resolver(&server), changed.as_bytes());
        assert_eq!(chain.status(), ChainStatus::Fail, "{changed}");
    }
}

#[test]
fn a_broken_chain_is_said_to_be_broken_once() {
    let (message, server) = chain_of(1);
    let list = signer("list1.example");
    let broken = String::from_utf8(message).expect("ASCII").replace("At eight?", "At nine?");
    let once = sealed(&list, &server, broken.as_bytes());
    let text = String::from_utf8_lossy(&once);
    assert!(text.starts_with("ARC-Seal: i=2; a=rsa-sha256; t=1784073600; cv=fail;"), "{text}");
    let chain = validated(&resolver(&server), &once);
    assert!(chain.status() == ChainStatus::Fail && !chain.can_be_sealed());
    assert_eq!(sealed(&list, &server, &once), once, "nothing is added to a chain that says that it failed");
}

#[test]
fn the_longest_chain_is_not_extended() {
    let list = signer("list.example");
    let server = NameServer::start(&keys_of(&list));
    let mut message = POST.as_bytes().to_vec();
    for _ in 0..50 {
        message = sealed(&list, &server, &message);
    }
    let chain = validated(&resolver(&server), &message);
    assert_eq!((chain.status(), chain.instances(), chain.can_be_sealed()), (ChainStatus::Pass, 50, false));
    assert_eq!(sealed(&list, &server, &message), message);
}

#[test]
fn a_key_that_cannot_be_had_makes_no_verdict() {
    let (message, server) = chain_of(1);
    server.change("r1._domainkey.list1.example SERVFAIL\n");
    let message = Message::parse(&message).expect("a message");
    let unknown = block_on(Chain::validate(&resolver(&server), &message, NOW)).expect_err("no answer");
    assert_eq!(unknown.name, "r1._domainkey.list1.example");
}

#[test]
fn results_of_our_own_mail_server_are_kept() {
    let results = |fields: &str| {
        let raw = format!("{fields}From: ann@example.com\n\n");
        authentication_results(&Message::parse(raw.as_bytes()).expect("a message"), "mx.example.org")
    };
    assert_eq!(results(""), "mx.example.org; none");
    assert_eq!(results("Authentication-Results: mx.example.org; none\n"), "mx.example.org; none");
    assert_eq!(
        results(
            "Authentication-Results: (a;\n b) MX.example.org 1; spf=pass\n smtp.mailfrom=\"a;b\"@example.com;\n\
             Authentication-Results: evil.example; dmarc=pass\n\
             Authentication-Results: mx.example.org; dmarc=fail (p=reject)\n"
        ),
        "mx.example.org; spf=pass smtp.mailfrom=\"a;b\"@example.com; dmarc=fail (p=reject)"
    );
}
