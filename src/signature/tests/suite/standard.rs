//! Examples of the standards themselves.

use mailjam_core::message::Message;
use mailjam_signature::{Key, Why, dns_record, should_rewrite};

use super::{block_on, resolver};
use crate::name_server::NameServer;

/// RFC 8463 appendix A.2.
const RFC_8463_KEYS: &str = r#"
brisbane._domainkey.football.example.com TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
test._domainkey.football.example.com TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC" "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
_dmarc.football.example.com TXT "v=DMARC1; p=reject"
"#;

/// RFC 8463 appendix A.3.
const RFC_8463: &str = "\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.

";

#[test]
fn rfc_8463_is_verified_by_either_key() {
    let server = NameServer::start(RFC_8463_KEYS);
    for algorithm in ["a=ed25519-sha256", "a=rsa-sha256"] {
        // Without the other signature.
        let other = if algorithm.contains("rsa") { "a=ed25519-sha256" } else { "a=rsa-sha256" };
        let copy = RFC_8463.replace(other, "a=other-sha256");
        let copy = Message::parse(copy.as_bytes()).expect("a message");
        let decision = block_on(should_rewrite(&resolver(&server), "football.example.com", &copy, super::NOW));
        assert_eq!(decision.why, Why::Signed("football.example.com".to_owned()), "{algorithm}");
    }
}

/// RFC 8463 appendix A.1 and A.2: the private key, wrapped as RFC 8410 has it, and its record.
#[test]
fn rfc_8463_has_the_record_of_its_key() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
               -----END PRIVATE KEY-----\n";
    let key = Key::from_pem("rfc8463.pem", pem.as_bytes()).expect("a key");
    let record = dns_record("football.example.com", "brisbane", &key.public());
    assert_eq!(
        record.to_string(),
        "brisbane._domainkey.football.example.com. IN TXT \
         ( \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\" )"
    );
}
