//! Policies as domains publish them: the cases in tests/cases/dmarc. To add one, add a file.

use std::fs;
use std::path::Path;

use mailjam_signature::policy;
use serde::Deserialize;

use super::{block_on, impatient, resolver};
use crate::name_server::NameServer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case is there for.
    shows: String,
    /// The author's domain.
    author: String,
    /// What is asked for, `absent` without a policy, `unknown` where the DNS says nothing.
    policy: String,
    found_at: Option<String>,
    /// The texts that are asked for, if it matters.
    asked: Option<Vec<String>>,
    zone: String,
}

#[test]
fn each_case_has_its_policy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/dmarc");
    let mut files: Vec<_> = fs::read_dir(folder).expect("cases").map(|entry| entry.expect("a case").path()).collect();
    files.sort();
    assert!(files.len() >= 30, "only {} cases", files.len());
    let failed: Vec<String> = files.iter().filter_map(|file| check(file).err()).collect();
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

fn check(file: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).expect("a case");
    let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let server = NameServer::start(&case.zone);
    let resolver = if case.zone.contains("SILENT") { impatient(&server) } else { resolver(&server) };
    let found = block_on(policy(&resolver, &case.author));
    let (policy, found_at) = match found {
        Ok(Some(policy)) => (policy.assessment.to_string(), Some(policy.found_at)),
        Ok(None) => ("absent".to_owned(), None),
        Err(_) => ("unknown".to_owned(), None),
    };
    let texts = server.asked().into_iter().filter_map(|asked| asked.strip_suffix(" 16").map(str::to_owned));
    let texts: Vec<String> = texts.collect();
    let wrong = if (&policy, &found_at) != (&case.policy, &case.found_at) {
        format!("{policy} of {found_at:?}")
    } else if case.asked.as_ref().is_some_and(|asked| *asked != texts) {
        format!("asked for {texts:?}")
    } else {
        return Ok(());
    };
    Err(format!("{}: {}: {wrong}", file.display(), case.shows))
}

#[test]
fn a_trial_and_strict_alignment_are_told() {
    let server = NameServer::start("_dmarc.example.com TXT \"v=DMARC1; p=reject; t=y; adkim=s\"");
    let policy = block_on(async { policy(&resolver(&server), "example.com").await });
    let policy = policy.expect("an answer").expect("a policy");
    assert!(policy.testing && policy.strict && policy.is_enforced());
}

#[test]
fn answers_are_kept() {
    let server = NameServer::start("_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
    block_on(async {
        let resolver = resolver(&server);
        for _ in 0..3 {
            policy(&resolver, "example.com").await.expect("an answer");
            policy(&resolver.clone(), "other.example").await.expect("an answer");
        }
    });
    let mut asked = server.asked();
    asked.sort();
    assert_eq!(asked, ["_dmarc.example 16", "_dmarc.example.com 16", "_dmarc.other.example 16"]);
}

#[test]
fn what_could_not_be_known_is_asked_again() {
    let server = NameServer::start("_dmarc.example.com SERVFAIL");
    block_on(async {
        let resolver = resolver(&server);
        let error = policy(&resolver, "example.com").await.expect_err("no answer");
        assert!(error.to_string().starts_with("the DNS says nothing about _dmarc.example.com: "), "{error}");
        server.change("_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
        assert!(policy(&resolver, "example.com").await.expect("an answer").is_some());
    });
}
