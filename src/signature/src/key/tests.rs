use super::*;

/// Keys that were made for this test and sign nothing else.
const RSA_PKCS1: &[u8] = include_bytes!("../../tests/keys/rsa-pkcs1.pem");
const RSA_PKCS8: &[u8] = include_bytes!("../../tests/keys/rsa-pkcs8.pem");
const ED25519: &[u8] = include_bytes!("../../tests/keys/ed25519.pem");

fn read(pem: &[u8]) -> Result<Key, KeyError> {
    Key::from_pem("test.pem", pem)
}

#[test]
fn both_forms_of_a_key_are_the_same_key() {
    let (pkcs1, pkcs8) = (read(RSA_PKCS1).expect("PKCS#1"), read(RSA_PKCS8).expect("PKCS#8"));
    assert_eq!(pkcs1.public(), pkcs8.public());
    assert_eq!(read(ED25519).expect("PKCS#8").algorithm(), Algorithm::Ed25519);
}

#[test]
fn what_is_signed_is_verified_and_nothing_else() {
    for pem in [RSA_PKCS1, ED25519] {
        let key = read(pem).expect("a key");
        let public = PublicKey::of_record(key.algorithm(), &key.public().to_record()).expect("a public key");
        assert_eq!(public, key.public());
        let signature = key.sign(b"text").expect("a signature");
        assert!(public.verifies(b"text", &signature) && !public.verifies(b"Text", &signature));
    }
}

#[test]
fn new_keys_sign() {
    for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
        let pem = generate(algorithm).expect("a key");
        assert_eq!(format!("{pem:?}"), "Pem(…)");
        let key = read(pem.as_str().as_bytes()).expect("what was made can be read");
        let signature = key.sign(b"text").expect("a signature");
        assert!(key.public().verifies(b"text", &signature));
        assert_eq!(format!("{key:?}"), format!("Key({algorithm} …)"));
    }
}

#[test]
fn what_is_no_key_is_told_by_the_file_and_what_to_do() {
    let text = |pem: &str| read(pem.as_bytes()).expect_err("no key").to_string();
    assert!(text("nothing").starts_with("test.pem has no private key in PEM format"));
    assert!(text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n").contains("has no private key"));
    let block = |label: &str, inside: &str| format!("-----BEGIN {label}-----\n{inside}\n-----END {label}-----\n");
    assert!(text(&block("ENCRYPTED PRIVATE KEY", "AA==")).contains("openssl pkey -in test.pem"));
    let old = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAA==";
    assert!(text(&block("RSA PRIVATE KEY", old)).contains("encrypted"));
    assert!(text(&block("EC PRIVATE KEY", "AA==")).contains("mailjam-cli dkim create"));
    assert!(text(&block("PRIVATE KEY", "AA==")).contains("no RSA or Ed25519 key"));
    assert!(text(include_str!("../../tests/keys/rsa-1024.pem")).contains("2048 to 4096 bits"));
}
