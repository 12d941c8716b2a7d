//! Every fault of the catalogue that a caller can provoke, and nothing half done behind one.

use std::collections::BTreeSet;

use mailjam_rpc::{Code, Value};

use crate::calls::{Door, members, post, text, texts};
use crate::daemon::{Daemon, PATIENCE, eventually, run};
use crate::skip::skipped;
use crate::smtp_sink::{Behaviour, Sink};

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

/// Codes that need something to have happened before; see `what_happened_before_has_its_fault`.
const AFTERWARDS: [Code; 5] =
    [Code::Banned, Code::Suppressed, Code::AlreadyHandled, Code::ItemExpired, Code::ConfirmationExpired];

#[test]
fn each_fault_has_its_cause() {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &["ann@example.org"]);
    daemon.create_list("other@lists.example.org", &[]);
    daemon.cli_prints(&["role", "grant", TALK, "ann@example.org", "owner"]);
    let control = Door::control(&daemon);
    let setting = |key: &str, value: &str| vec![text(TALK), members([(key, text(value))])];
    control.call::<Value>("account.create", vec![text("acc@example.org")]);
    let long = "x".repeat(60);
    let provoked = [
        (Code::NoSuchMethod, "list.nonsense", texts(&[])),
        (Code::NoAccount, "account.get", texts(&["nobody@example.org"])),
        (Code::AccountExists, "account.create", texts(&["acc@example.org"])),
        (
            Code::BadPassword,
            "account.create",
            Value::Array(vec![text("new@example.org"), members([("password", text("short"))])]),
        ),
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
        (Code::InvalidParameters, "ban.add", texts(&[TALK, "*@*"])),
        (Code::InvalidParameters, "ban.add", texts(&[TALK, "eve"])),
        (Code::InvalidParameters, "moderation.bulk", Value::Array(vec![texts(&["1"]), text("cancel")])),
        (Code::InvalidParameters, "template.set", texts(&[TALK, "welcome", "en", "no subject"])),
        (Code::InvalidParameters, "template.set", texts(&[TALK, "welcome", "en", "Subject: x\n\n{{ secret }}\n"])),
        (Code::InvalidParameters, "list.preview", Value::Array(setting("post_policy", "everybody"))),
        (Code::InvalidParameters, "list.stats", Value::Array(vec![text(TALK), Value::Integer(0)])),
        (
            Code::InvalidParameters,
            "subscription.request",
            Value::Array(vec![text(TALK), text("eve@example.org"), members([("mode", text("often"))])]),
        ),
        (Code::NoList, "subscription.request", texts(&["nothing@lists.example.org", "eve@example.org"])),
        (Code::NoList, "template.list", texts(&["nothing@lists.example.org"])),
        (Code::BadAddress, "subscription.request", texts(&[TALK, "eve"])),
        (Code::NoItem, "subscription.approve", texts(&["4711"])),
        (Code::NoItem, "subscription.deny", texts(&["one"])),
        (Code::NoItem, "moderation.get", texts(&["4711"])),
        (Code::NoItem, "moderation.approve", texts(&["one"])),
        (Code::NoItem, "ban.remove", texts(&["4711"])),
        (Code::NoItem, "template.get", texts(&[TALK, "farewell"])),
        (Code::BadToken, "subscription.confirm", texts(&["nonsense"])),
        (Code::BadToken, "subscription.unsubscribe", texts(&[&"a".repeat(80)])),
        (Code::LastOwner, "privacy.erase", texts(&["ann@example.org"])),
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
        .filter(|code| !ELSEWHERE.contains(code) && !AFTERWARDS.contains(code))
        .filter(|code| !matches!(code, Code::StorageFull | Code::SchemaMismatch))
        .map(|&code| code as i32)
        .collect();
    assert_eq!(seen, expected);
}

fn many() -> Value {
    Value::Array((0..10_001).map(|number| members([("address", text(&format!("m{number}@example.org")))])).collect())
}

/// All that a refused call could have changed.
fn state(control: &Door) -> String {
    let site = ["list.list", "domain.list", "token.list", "queue.list", "audit.list"].map(|method| (method, vec![]));
    let of_list = ["role.list", "member.list", "subscription.pending", "moderation.list", "ban.list", "template.list"];
    let answers = site.into_iter().chain(of_list.map(|method| (method, vec![text(TALK)])));
    answers.map(|(method, params)| format!("{:?}", control.ask(method, params))).collect::<Vec<_>>().join("\n")
}

/// Lets the time of a held post run out, and of a token, for which it prints one that ended in 1970.
const AGE: &str = "
import base64, hashlib, hmac, sqlite3, sys
path, post, token = sys.argv[1:]
with sqlite3.connect(path) as database:
    database.execute('UPDATE held SET expires = 1, told = 1 WHERE post_id = ?', [post])
    (secret,) = database.execute(\"SELECT value FROM secret WHERE name = 'token'\").fetchone()
octets = base64.b32decode(token.upper() + '=' * (-len(token) % 8))
head, bearer = octets[:1] + bytes([0, 0, 1]) + octets[4:8], octets[18:]
signed = b'mailjam token 1\\0' + head + bytes(4) + bearer
mac = hmac.new(secret, signed, hashlib.sha256).digest()[:10]
print(base64.b32encode(head + mac + bearer).decode().rstrip('=').lower())
";

/// The token in the subject of the last mail to somebody.
fn token_for(sink: &Sink, who: &str) -> String {
    let to_them = |state: &crate::smtp_sink::State| {
        state.deliveries.iter().rev().find(|delivery| delivery.recipients == [who]).map(|found| found.message.clone())
    };
    let message = to_them(&sink.wait_for(|state| to_them(state).is_some(), PATIENCE)).expect("a mail");
    let message = String::from_utf8(message).expect("UTF-8").replace("\r\n ", " ");
    let (_, token) = message.split_once("(confirm ").unwrap_or_else(|| panic!("no token in the subject of {message}"));
    token.split(')').next().unwrap_or_default().trim().to_owned()
}

#[test]
fn what_happened_before_has_its_fault() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        return skipped("faults of what is over: python3 is not installed");
    }
    let sink = Sink::start(Behaviour::default());
    let mut daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &["ann@example.org", "gone@example.org"]);
    let control = Door::control(&daemon);
    control.call::<Vec<Value>>("list.update", vec![text(TALK), members([("emergency", text("yes"))])]);
    let held = ["decided", "forgotten"].map(|subject| {
        control.submit("ann@example.org", TALK, &post(subject)).post_id.unwrap_or_else(|| panic!("{subject}"))
    });
    let tokens = ["banned@example.org", "late@example.org"].map(|who| {
        assert!(control.call::<bool>("subscription.request", vec![text(TALK), text(who)]));
        token_for(&sink, who)
    });
    assert!(control.call::<bool>("moderation.approve", vec![text(&held[0])]));
    control.call::<Value>("ban.add", vec![text(TALK), text("banned@example.org")]);
    control.call::<Value>("privacy.erase", vec![text("gone@example.org")]);

    daemon.stop();
    let mut python = std::process::Command::new("python3");
    python.args(["-c", AGE]).arg(daemon.folder().join("mailjam.db")).args([&held[1], &tokens[1]]);
    let output = run(&mut python, b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let old = String::from_utf8(output.stdout).expect("ASCII").trim().to_owned();
    daemon.start_again();
    eventually("nothing to wait or to be on its way", || {
        let total = |method: &str, params| match control.call::<Value>(method, params) {
            Value::Struct(page) => page.get("total").cloned(),
            other => panic!("{method}: {other:?}"),
        };
        let none = Some(Value::Integer(0));
        (total("moderation.list", vec![text(TALK)]) == none && total("queue.list", vec![]) == none).then_some(())
    });

    let before = state(&control);
    let mut seen = BTreeSet::new();
    for (code, method, params) in [
        (Code::Banned, "subscription.confirm", vec![text(&tokens[0])]),
        (Code::Suppressed, "member.add", vec![text(TALK), text("Gone@Example.org")]),
        (Code::AlreadyHandled, "moderation.approve", vec![text(&held[0])]),
        (Code::AlreadyHandled, "moderation.reject", vec![text(&held[0]), text("too late")]),
        (Code::ItemExpired, "moderation.approve", vec![text(&held[1])]),
        (Code::ItemExpired, "moderation.get", vec![text(&held[1])]),
        (Code::ConfirmationExpired, "subscription.confirm", vec![text(&old)]),
    ] {
        let fault = control.ask(method, params).expect_err(method);
        assert_eq!(fault.number, code as i32, "{method}: {fault}");
        seen.insert(code as i32);
    }
    assert_eq!(state(&control), before, "a refused call changed something");
    assert_eq!(seen, AFTERWARDS.iter().map(|&code| code as i32).collect());
    // The token that is not too old is good, so that it was its age alone.
    control.call::<Value>("subscription.confirm", vec![text(&tokens[1])]);
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
