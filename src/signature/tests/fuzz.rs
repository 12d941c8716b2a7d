//! What strangers write, mutated at random: signatures, chains, results, and what the DNS says. Nothing may panic. A second
//! for each target in `make check`; `make fuzz` takes ten minutes for each.
//!
//! What makes a target panic is printed as a seed; `FUZZ_SEED=NUMBER` runs it again.

#[path = "../../../tests/support/mutation.rs"]
mod mutation;
#[path = "../../../tests/support/name_server.rs"]
mod name_server;

use std::time::Duration;

use mailjam_core::message::Message;
use mailjam_signature::{
    Chain, Key, Prepared, Resolver, Signer, Timeouts, authentication_results, policy, should_rewrite,
};
use name_server::NameServer;

const RSA: &[u8] = include_bytes!("keys/rsa-pkcs8.pem");
const ED25519: &[u8] = include_bytes!("keys/ed25519.pem");

const NOW: i64 = 1_784_073_600;

const WORDS: &[&[u8]] = &[
    b"DKIM-Signature: ",
    b"ARC-Seal: i=",
    b"ARC-Message-Signature: i=2;",
    b"ARC-Authentication-Results: i=50; ",
    b"Authentication-Results: mx.example.org; dkim=pass (",
    b"From: ann@example.com\n",
    b"v=DMARC1; p=reject; ",
    b"psd=y",
    b"cv=fail",
    b"h=From:",
    b"l=0;",
    b"x=999999999999999999;",
    b"i=@example.com;",
    b"d=.;",
    b"b=",
    b"=",
    b";",
    b":",
    b"@",
    b"\r",
    b"\n ",
    b"\\",
    b"\"",
    b"\0",
    b"\xff",
    "ü".as_bytes(),
];

fn signer() -> Signer {
    let key = |pem| Key::from_pem("test.pem", pem).expect("a key");
    Signer::new("example.com", vec![("r".to_owned(), key(RSA)), ("e".to_owned(), key(ED25519))]).expect("a signer")
}

fn resolver(server: &NameServer) -> Resolver {
    let timeouts = Timeouts { query: Duration::from_secs(5), decision: Duration::from_secs(20) };
    Resolver::new(&[server.address()], timeouts).expect("a resolver")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// A post that was signed and sealed, twice.
fn sealed(server: &NameServer) -> Vec<u8> {
    let mut message =
        b"Authentication-Results: mx.example.org; dmarc=pass\nFrom: ann@example.com\nSubject: x\n\nBody\n".to_vec();
    for _ in 0..2 {
        let body = b"Body\n";
        let header = message[..message.len() - body.len()].to_vec();
        let prepared = Prepared::new(body);
        let parsed = Message::parse(&message).expect("a message");
        let chain = block_on(Chain::validate(&resolver(server), &parsed, NOW)).expect("answers");
        let fields = prepared.sign(&signer(), &header, NOW).expect("signatures");
        let header = [fields, header].concat();
        let set = prepared.seal(&signer(), &header, &chain, "mx.example.org; none", NOW).expect("a set");
        message = [&set[..], &header, body].concat();
    }
    message
}

fn zone(policy: &str) -> String {
    let keys = signer().dns_records();
    let keys = keys.iter().map(|key| format!("{} TXT \"{}\"\n", key.name, key.strings.join("\" \"")));
    keys.collect::<String>() + policy
}

#[test]
fn signatures_and_chains() {
    let server = NameServer::start(&zone("_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"));
    let corpus = [sealed(&server)];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let resolver = resolver(&server);
    mutation::fuzz("signatures and chains", &corpus, WORDS, |bytes| {
        let Ok(message) = Message::parse(bytes) else { return };
        runtime.block_on(async {
            let _ = should_rewrite(&resolver, "example.com", &message, NOW).await;
            let chain = Chain::validate(&resolver, &message, NOW).await;
            let results = authentication_results(&message, "mx.example.org");
            let prepared = Prepared::new(message.body());
            let header = &bytes[..bytes.len() - message.body().len()];
            let ed25519 =
                Signer::new("example.com", vec![("e".to_owned(), Key::from_pem("", ED25519).expect("a key"))]);
            let ed25519 = ed25519.expect("a signer");
            if let Ok(chain) = chain {
                let set = prepared.seal(&ed25519, header, &chain, &results, NOW).expect("a header that can be parsed");
                assert!(set.is_empty() || Message::parse(&set).is_ok_and(|set| set.fields().len() == 3));
            }
            let fields = prepared.sign(&ed25519, header, NOW).expect("a header that can be parsed");
            assert!(Message::parse(&fields).is_ok_and(|fields| fields.fields().len() == 1));
        });
    });
}

#[test]
fn records_in_the_dns() {
    let server = NameServer::start(&zone(""));
    let message = sealed(&server);
    let corpus: Vec<Vec<u8>> = signer()
        .dns_records()
        .iter()
        .map(|key| key.strings.concat().into_bytes())
        .chain([b"v=DMARC1; p=none; sp=reject; np=quarantine; t=y; psd=n; adkim=s; rua=mailto:a@example.com".to_vec()])
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    mutation::fuzz("records in the DNS", &corpus, WORDS, |bytes| {
        // A zone is text in lines; strings have 255 octets.
        let text = String::from_utf8_lossy(bytes).replace(['"', '\n', '\r'], " ");
        let strings: Vec<String> =
            text.chars().collect::<Vec<_>>().chunks(80).map(|some| some.iter().collect()).collect();
        let text = format!("TXT \"{}\"\n", strings.join("\" \""));
        let names = ["r._domainkey.example.com", "e._domainkey.example.com", "_dmarc.example.com", "_dmarc.com"];
        server.change(&names.map(|name| format!("{name} {text}")).concat());
        let message = Message::parse(&message).expect("a message");
        runtime.block_on(async {
            // A new one, which knows nothing of the zone before.
            let resolver = resolver(&server);
            let _ = policy(&resolver, "a.example.com").await.expect("an answer");
            let _ = should_rewrite(&resolver, "example.com", &message, NOW).await;
            let _ = Chain::validate(&resolver, &message, NOW).await.expect("an answer");
        });
    });
}

#[test]
fn keys() {
    mutation::fuzz("keys", &[RSA.to_vec(), ED25519.to_vec()], WORDS, |bytes| {
        if let Err(error) = Key::from_pem("test.pem", bytes) {
            assert!(error.to_string().contains("test.pem"), "{error}");
        }
    });
}
