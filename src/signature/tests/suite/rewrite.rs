//! Whether From can stay.

use mailjam_signature::{Assessment, Failure, Why};

use super::{POST, block_on, decide, impatient, keys_of, resolver, signed, signer};
use crate::name_server::NameServer;

const REJECT: &str = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";

/// What is decided about a post that these domains signed.
fn decided(zone: &str, domains: &[&str]) -> (bool, Why) {
    let signers: Vec<_> = domains.iter().map(|domain| signer(domain)).collect();
    let zone: String = zone.to_owned() + &signers.iter().map(keys_of).collect::<String>();
    let server = NameServer::start(&zone);
    let copy = signers.iter().fold(POST.as_bytes().to_vec(), |copy, signer| signed(signer, &copy));
    let decision = block_on(async {
        let copy = mailjam_core::message::Message::parse(&copy).expect("a copy");
        mailjam_signature::should_rewrite(&resolver(&server), "example.com", &copy, super::NOW).await
    });
    (decision.rewrite, decision.why)
}

#[test]
fn from_stays_where_nothing_is_enforced() {
    assert_eq!(decided("", &[]), (false, Why::NoPolicy));
    assert_eq!(decided("_dmarc.example.com TXT \"v=DMARC1; p=none\"\n", &[]), (false, Why::NotEnforced));
}

#[test]
fn from_stays_where_the_author_signed_the_copy() {
    assert_eq!(decided(REJECT, &["example.com"]), (false, Why::Signed("example.com".to_owned())));
    assert_eq!(
        decided(REJECT, &["mail.example.com", "other.example"]),
        (false, Why::Signed("mail.example.com".into()))
    );
}

#[test]
fn from_is_rewritten_where_the_author_never_signed() {
    for domains in [&[][..], &["other.example"], &["com"], &["notexample.com"]] {
        let (rewrite, why) = decided(REJECT, domains);
        assert!(
            rewrite && matches!(&why, Why::NotSigned(policy) if policy.assessment == Assessment::Reject),
            "{why:?}"
        );
    }
    let (_, why) = decided(REJECT, &[]);
    assert_eq!(why.to_string(), "example.com asks for p=reject, and the author's domain did not sign");
}

#[test]
fn strict_alignment_is_for_the_very_domain() {
    let strict = "_dmarc.example.com TXT \"v=DMARC1; p=quarantine; adkim=s\"\n";
    assert!(decided(strict, &["mail.example.com"]).0);
    assert!(!decided(strict, &["example.com"]).0);
}

#[test]
fn another_organization_below_is_not_aligned() {
    let zone = format!("{REJECT}_dmarc.lab.example.com TXT \"v=DMARC1; p=none; psd=n\"\n");
    assert!(decided(&zone, &["lab.example.com"]).0);
    assert!(!decided(&zone, &["mail.example.com"]).0);
}

#[test]
fn a_domain_above_the_author_is_aligned_if_it_is_of_the_organization() {
    let organization = signer("example.com");
    let copy = signed(&organization, POST.as_bytes());
    let copy = mailjam_core::message::Message::parse(&copy).expect("a copy");
    for (own, aligned) in [("", true), ("_dmarc.lab.example.com TXT \"v=DMARC1; p=reject; psd=n\"\n", false)] {
        let server = NameServer::start(&(REJECT.to_owned() + own + &keys_of(&organization)));
        let decision = block_on(async {
            mailjam_signature::should_rewrite(&resolver(&server), "ann.lab.example.com", &copy, super::NOW).await
        });
        assert_eq!(decision.rewrite, !aligned, "{decision:?}");
    }
}

#[test]
fn the_authors_very_domain_is_aligned_whatever_the_dns_says_of_those_above() {
    let author = signer("example.com");
    let server = NameServer::start(&(REJECT.to_owned() + "_dmarc.com SERVFAIL\n" + &keys_of(&author)));
    let copy = signed(&signer("other.example"), &signed(&author, POST.as_bytes()));
    assert_eq!(decide(&resolver(&server), &copy).why, Why::Signed("example.com".to_owned()));
}

#[test]
fn a_trial_is_rewritten_for() {
    assert!(decided("_dmarc.example.com TXT \"v=DMARC1; p=quarantine; t=y\"\n", &[]).0);
}

#[test]
fn a_signature_that_broke_does_not_count() {
    let author = signer("example.com");
    let server = NameServer::start(&(REJECT.to_owned() + &keys_of(&author)));
    let copy = String::from_utf8(signed(&author, POST.as_bytes())).expect("ASCII");
    for (changed, failure) in [
        (copy.replace("At eight?", "At nine?"), Failure::Body),
        (copy.replace("Subject: Dinner", "Subject: [talk] Dinner"), Failure::Header),
    ] {
        let decision = block_on(async { decide_in(&server, changed.as_bytes()).await });
        let Why::Broken(_, reason) = &decision.why else { panic!("{decision:?}") };
        assert!(decision.rewrite && *reason == failure, "{decision:?}");
    }
}

async fn decide_in(server: &NameServer, copy: &[u8]) -> mailjam_signature::Decision {
    let copy = mailjam_core::message::Message::parse(copy).expect("a copy");
    mailjam_signature::should_rewrite(&resolver(server), "example.com", &copy, super::NOW).await
}

#[test]
fn what_cannot_be_known_is_rewritten_to_be_safe() {
    let author = signer("example.com");
    let copy = signed(&author, POST.as_bytes());
    for zone in [
        "_dmarc.example.com SILENT\n".to_owned(),
        "_dmarc.example.com SERVFAIL\n".to_owned(),
        format!("{REJECT}r1._domainkey.example.com SERVFAIL\ne1._domainkey.example.com SILENT\n"),
    ] {
        let server = NameServer::start(&zone);
        let decision = decide(&impatient(&server), &copy);
        assert!(decision.rewrite && decision.why.is_temporary(), "{decision:?}");
    }
}

#[test]
fn one_key_that_cannot_be_had_does_not_matter_where_the_other_can() {
    let author = signer("example.com");
    let ed25519 = keys_of(&author).lines().filter(|line| line.starts_with("e1.")).collect::<String>();
    let server = NameServer::start(&format!("{REJECT}r1._domainkey.example.com SERVFAIL\n{ed25519}\n"));
    let decision = decide(&resolver(&server), &signed(&author, POST.as_bytes()));
    assert_eq!(decision.why, Why::Signed("example.com".to_owned()));
}
