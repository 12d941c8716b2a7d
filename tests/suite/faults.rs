//! Every fault of the catalogue that a caller can provoke, and nothing half done behind one.

use std::collections::BTreeSet;

use mailjam_rpc::{Code, Value};

use crate::calls::{Door, members, text, texts};
use crate::daemon::{Daemon, eventually};

const TALK: &str = "talk@lists.example.org";

/// Codes that other tests provoke (tokens are refused by HTTP, the storage has tests of its own), that are verdicts of
/// `mta.submit` instead, or that speak of XML, which `rude requests` are about.
const ELSEWHERE: [Code; 13] = [
    Code::NotWellFormed,
    Code::UnsupportedEncoding,
    Code::InvalidCharacter,
    Code::InvalidRequest,
    Code::TooMany,
    Code::NotAuthenticated,
    Code::Expired,
    Code::NotAllowed,
    Code::ListClosed,
    Code::BadMessage,
    Code::MessageTooLarge,
    Code::Internal,
    Code::StorageBusy,
];

#[test]
fn each_fault_has_its_cause() {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &["ann@example.org"]);
    daemon.create_list("other@lists.example.org", &[]);
    daemon.cli_prints(&["role", "grant", TALK, "ann@example.org", "owner"]);
    let control = Door::control(&daemon);
    let setting = |key: &str, value: &str| vec![text(TALK), members([(key, text(value))])];
    let long = "x".repeat(60);
    let provoked = [
        (Code::NoSuchMethod, "list.nonsense", texts(&[])),
        (Code::InvalidParameters, "list.get", texts(&[])),
        (Code::InvalidParameters, "list.get", texts(&[TALK, TALK])),
        (Code::InvalidParameters, "list.get", Value::Array(vec![Value::Integer(1)])),
        (Code::InvalidParameters, "list.list", Value::Array(vec![members([("limt", Value::Integer(1))])])),
        (Code::InvalidParameters, "list.list", Value::Array(vec![members([("limit", Value::Integer(0))])])),
        (Code::InvalidParameters, "list.list", Value::Array(vec![members([("limit", Value::Integer(10_001))])])),
        (Code::InvalidParameters, "queue.list", Value::Array(vec![members([("cursor", text("x"))])])),
        (Code::InvalidParameters, "queue.list", Value::Array(vec![members([("state", text("x"))])])),
        (Code::InvalidParameters, "queue.retry", Value::Array(vec![members([])])),
        (Code::InvalidParameters, "mta.maps", texts(&["qmail"])),
        (Code::InvalidParameters, "list.update", Value::Array(setting("post_polcy", "open"))),
        (Code::InvalidParameters, "list.update", Value::Array(setting("post_policy", "everybody"))),
        (Code::InvalidParameters, "list.update", Value::Array(setting("max_size", "-1"))),
        (Code::InvalidParameters, "list.update", Value::Array(setting("description", "a\nb"))),
        (Code::InvalidParameters, "list.update", Value::Array(setting("reply_to", "nowhere"))),
        (Code::TooLarge, "member.import", Value::Array(vec![text(TALK), many()])),
        (Code::NoList, "list.get", texts(&["nothing@lists.example.org"])),
        (Code::NoList, "member.list", texts(&["talk-request@lists.example.org"])),
        (Code::NoList, "list.delete", texts(&[""])),
        (Code::ListExists, "list.create", texts(&["Talk@Lists.Example.Org"])),
        (Code::ListExists, "list.rename", texts(&[TALK, "other@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["x-request@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["talk-bounces@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["x+owner@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["postmaster@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["-x@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["\"a b\"@lists.example.org"])),
        (Code::BadListName, "list.create", texts(&["talk@[127.0.0.1]"])),
        (Code::BadListName, "list.create", texts(&[&format!("{long}@lists.example.org")])),
        (Code::BadListName, "list.rename", texts(&[TALK, "talk-owner@lists.example.org"])),
        (Code::BadAddress, "list.create", texts(&["talk"])),
        (Code::NoDomain, "domain.get", texts(&["nowhere.example"])),
        (Code::NoDomain, "domain.create", texts(&["no domain"])),
        (Code::DomainInUse, "domain.create", texts(&["LISTS.example.org"])),
        (Code::DomainInUse, "domain.delete", texts(&["lists.example.org"])),
        (Code::NoMember, "member.get", texts(&[TALK, "eve@example.org"])),
        (Code::NoMember, "member.change_address", texts(&["eve@example.org", "eva@example.org"])),
        (Code::AlreadyMember, "member.add", texts(&[TALK, "Ann@EXAMPLE.org"])),
        (Code::BadAddress, "member.add", texts(&[TALK, "eve"])),
        (Code::BadAddress, "member.add", texts(&[TALK, "eve@example.org\r\nRCPT TO:<x@y>"])),
        (Code::BadAddress, "member.add", texts(&[TALK, &format!("{}@example.org", "x".repeat(320))])),
        (Code::BadAddress, "member.add", texts(&[TALK, TALK])),
        (Code::NoRole, "role.grant", texts(&[TALK, "eve@example.org", "admin"])),
        (Code::NoRole, "role.grant", texts(&["", "eve@example.org", "owner"])),
        (Code::NoRole, "role.revoke", texts(&[TALK, "eve@example.org", "moderator"])),
        (Code::LastOwner, "role.revoke", texts(&[TALK, "ann@example.org", "owner"])),
        (Code::NoItem, "queue.get", texts(&["4711"])),
        (Code::NoItem, "queue.drop", texts(&["one"])),
        (Code::BadToken, "token.revoke", texts(&["4711"])),
        (
            Code::RevisionConflict,
            "list.update",
            Value::Array([setting("language", "de"), vec![members([("if_revision", Value::Integer(99))])]].concat()),
        ),
    ];
    let before = state(&control);
    let mut seen = BTreeSet::new();
    for (code, method, params) in provoked {
        let Value::Array(params) = params else { panic!("{method}: parameters are an array") };
        let fault = control.ask(method, params).expect_err(method);
        assert_eq!(fault.number, code as i32, "{method}: {fault}");
        assert!(fault.string.starts_with(&format!("{}: ", code.name())), "{fault}");
        assert!(!fault.text().contains('\n'), "{fault:?}");
        seen.insert(code as i32);
    }
    assert_eq!(state(&control), before, "a refused call changed something");
    let expected: BTreeSet<i32> = Code::ALL
        .iter()
        .filter(|code| !ELSEWHERE.contains(code) && !matches!(code, Code::StorageFull | Code::SchemaMismatch))
        .map(|&code| code as i32)
        .collect();
    assert_eq!(seen, expected);
}

fn many() -> Value {
    Value::Array((0..10_001).map(|number| members([("address", text(&format!("m{number}@example.org")))])).collect())
}

/// All that a refused call could have changed.
fn state(control: &Door) -> String {
    ["list.list", "domain.list", "token.list", "queue.list"]
        .map(|method| format!("{:?}", control.ask(method, vec![])))
        .into_iter()
        .chain([format!("{:?}", control.ask("role.list", vec![text(TALK)]))])
        .chain([format!("{:?}", control.ask("member.list", vec![text(TALK)]))])
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_xml_cannot_carry_is_not_written() {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &[]);
    let control = Door::control(&daemon);
    // Backspace and escape can come in by a message, which is base64, and must not go out as they are.
    let message = b"From: eve@example.org\nMessage-ID: <a\x1b[31m\x08b@x>\nSubject: x\n\nbody\n".to_vec();
    control.call::<Vec<Value>>("list.update", vec![text(TALK), members([("post_policy", text("open"))])]);
    let verdict = control.submit("e\u{1b}ve@example.org", TALK, &message);
    assert_eq!(verdict.action, "accept");
    let reply = control.post("queue.list", vec![]);
    let bad = reply.body.iter().filter(|byte| matches!(byte, 0..=8 | 11 | 12 | 14..=31)).count();
    assert_eq!(bad, 0, "{}", String::from_utf8_lossy(&reply.body));
    assert!(!daemon.log().contains('\u{1b}'), "{}", daemon.log());
}

#[test]
fn strangers_do_not_write_log_lines_of_their_own() {
    let daemon = Daemon::start("127.0.0.1:9");
    let mta = Door::named(&daemon, "mta");
    let recipient = "x@y\n2026-01-01T00:00:00Z ERROR the disk is on fire";
    let verdict = mta.submit("a\n2026-01-01T00:00:00Z ERROR fire", recipient, b"Subject: x\n\nbody\n");
    assert_eq!(verdict.action, "no-list");
    let log = eventually("the log line", || Some(daemon.log()).filter(|log| log.contains("the disk is on fire")));
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z ERROR")), "{log}");
}
