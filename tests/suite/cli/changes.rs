//! What changes something: what the daemon is asked, and that the change is told.

use mailjam_rpc::records::{Change, Member, TokenCreated};
use mailjam_rpc::{Code, Shape, Time, Value};

use super::daemon::{Daemon, fault, value};
use super::program::Cli;
use super::site::{self, NOW, TALK, list, member, member_of, struct_of, text};

#[test]
fn a_list_is_created_with_settings_and_owners() {
    let daemon = Daemon::start(|call| match call.method.as_str() {
        "list.create" => value(list(TALK, 0, false, "")),
        "role.grant" if call.params[1] == text("bad") => fault(Code::BadAddress, "bad is no address"),
        _ => value(true),
    });
    let create = ["list", "create", TALK, "subject_prefix=[a=b]", "description=", "--owner", "anna@example.org"];
    Cli::of(&daemon, &create)
        .run()
        .prints("created talk@lists.example.org (list-id talk.lists.example.org)\nowner anna@example.org\n");
    let calls = daemon.calls();
    let settings = struct_of([("subject_prefix", text("[a=b]")), ("description", text(""))]);
    assert_eq!(calls[0].params, [text(TALK), settings]);
    assert_eq!(calls[1].params, [text(TALK), text("anna@example.org"), text("owner")]);

    let one_bad = Cli::of(&daemon, &["list", "create", TALK, "--owner", "bad", "--owner", "b@example.org"]).run();
    assert_eq!((one_bad.exit, one_bad.err.as_str()), (4, "mailjam-cli: owner bad: bad is no address\n"));
    assert!(one_bad.out.ends_with("owner b@example.org\n"), "the list is there, and its other owner: {one_bad:?}");
}

#[test]
fn settings_change_from_what_to_what() {
    let daemon = Daemon::start(|_| {
        let change = |key: &str, from: &str, to: &str| Change { key: key.into(), from: from.into(), to: to.into() };
        value(vec![change("post_policy", "members", "open"), change("subject_prefix", "[x]", "")])
    });
    let set = ["list", "set", TALK, "post_policy=open", "subject_prefix=", "--if-revision", "3"];
    Cli::of(&daemon, &set).run().prints("post_policy: members → open\nsubject_prefix: [x] → -\n");
    assert_eq!(daemon.calls()[0].params[2], struct_of([("if_revision", Value::Integer(3))]));
    let dry = Cli::of(&daemon, &["list", "set", TALK, "post_policy=open", "--dry-run"]).run();
    assert!(dry.out.starts_with("would change post_policy: members → open\n"), "{}", dry.out);
    assert_eq!(member_of(&daemon.calls()[1].params[2], "dry_run"), Some(Value::Boolean(true)));
}

#[test]
fn deleting_asks_on_a_terminal_and_is_refused_without_one() {
    let daemon = Daemon::start(site::answer);
    let deleted = || daemon.calls().iter().any(|call| call.method == "list.delete");
    Cli::of(&daemon, &["list", "delete", TALK]).fed(b"talk@lists.example.org\n").fails(
        2,
        "mailjam-cli: deleting talk@lists.example.org cannot be undone, and there is no terminal to ask on\n\
        give --yes to do it without being asked\n",
    );
    let other = Cli::on_terminal(&daemon, &format!("list delete {TALK}"), "yes\n");
    assert!(other.out.contains("with its 7 members") && other.exit == 1 && !deleted(), "{other:?}");
    let confirmed = Cli::on_terminal(&daemon, &format!("list delete {TALK}"), "talk@lists.example.org\n");
    assert!(confirmed.out.ends_with("deleted talk@lists.example.org\n") && confirmed.exit == 0, "{confirmed:?}");
    assert!(deleted());
    Cli::of(&daemon, &["list", "delete", TALK, "--yes"]).run().prints("deleted talk@lists.example.org\n");
}

#[test]
fn several_members_are_added_one_by_one() {
    let daemon = Daemon::start(|call| {
        let address = String::from_value(call.params[1].clone()).unwrap();
        match address.as_str() {
            "bad" => fault(Code::BadAddress, "\"bad\" has no domain"),
            _ if call.params[0] != text(TALK) => fault(Code::NoList, "no list x@y"),
            _ => value(member(&address, "")),
        }
    });
    let several = Cli::of(&daemon, &["member", "add", TALK, "a@x.org", "bad", "b@x.org", "--mode", "nomail"]).run();
    assert_eq!(several.exit, 4);
    assert_eq!(several.out, "added a@x.org\nadded b@x.org\n");
    assert_eq!(several.err, "mailjam-cli: bad: \"bad\" has no domain\n");
    assert_eq!(daemon.calls()[2].params[2], struct_of([("mode", text("nomail"))]));

    Cli::of(&daemon, &["member", "add", TALK, "bad"]).run().fails(1, "mailjam-cli: \"bad\" has no domain\n");
    let no_list = Cli::of(&daemon, &["member", "add", "x@y", "a@x.org", "b@x.org"]).run();
    assert_eq!((no_list.exit, no_list.out.as_str()), (1, ""), "there is no use in trying the second");
    Cli::of(&daemon, &["member", "add", TALK, "a@x.org", "b@x.org", "--name", "A"])
        .run()
        .fails(2, "mailjam-cli: --name names one member, but there are several addresses\n");
}

#[test]
fn a_member_changes_from_what_to_what() {
    let daemon = Daemon::start(|call| match call.method.as_str() {
        "member.get" => value(member("a@x.org", "")),
        _ => value(Member { mode: "nomail".to_owned(), ..member("a@x.org", "Anna") }),
    });
    Cli::of(&daemon, &["member", "update", TALK, "a@x.org", "--name", "Anna", "--mode", "nomail"])
        .run()
        .prints("a@x.org: name: - → Anna\na@x.org: mode: post → nomail\n");
    Cli::of(&daemon, &["member", "update", TALK, "a@x.org"])
        .run()
        .fails(2, "mailjam-cli: nothing to change: give one of the options at least\n");
}

#[test]
fn the_site_has_roles_too() {
    let daemon = Daemon::start(|_| value(true));
    Cli::of(&daemon, &["role", "grant", "site", "a@x.org", "admin"]).run().prints("a@x.org is admin of the site\n");
    assert_eq!(daemon.calls()[0].params[0], text(""));
}

#[test]
fn a_token_is_shown_once_and_expires_when_asked_to() {
    let daemon = Daemon::start(|_| value(TokenCreated { id: "t1".to_owned(), secret: "mj_secret".to_owned() }));
    let create = ["token", "create", "ci", "--scope", "read", "mta", "--expires", "2026-11-24T09:30:00+01:00"];
    let created = Cli::of(&daemon, &create).run();
    assert_eq!(created.out, "id       t1\nsecret   mj_secret\nexpires  2026-11-24T08:30:00Z\n");
    assert!(created.err.contains("this once"), "{}", created.err);
    let expected = [
        ("label", text("ci")),
        ("scopes", Value::Array(vec![text("read"), text("mta")])),
        ("expires", NOW.to_value().unwrap()),
    ];
    assert_eq!(daemon.calls()[0].params, [struct_of(expected)]);

    Cli::of(&daemon, &["token", "create", "ci", "--scope", "read", "--expires", "30d", "--json"])
        .run()
        .prints("{\"id\":\"t1\",\"secret\":\"mj_secret\"}\n");
    let expires = Time::from_value(member_of(&daemon.calls()[1].params[0], "expires").unwrap()).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let days = (expires.0 - i64::try_from(now).unwrap()).div_euclid(86_400);
    assert!((29..=30).contains(&days), "{days} days");
}

#[test]
fn retry_wants_to_know_which() {
    let daemon = Daemon::start(|_| value(12));
    Cli::of(&daemon, &["queue", "retry", "--domain", "x.org"]).run().prints("12 recipients are due now\n");
    assert_eq!(daemon.calls()[0].params, [struct_of([("domain", text("x.org"))])]);
    for wrong in [&["queue", "retry"][..], &["queue", "retry", "--id", "1", "--list", TALK]] {
        let outcome = Cli::of(&daemon, wrong).run();
        assert_eq!(outcome.exit, 2, "{outcome:?}");
    }
}

#[test]
fn any_method_can_be_called() {
    let daemon = Daemon::start(|call| value(Value::Array(call.params.clone())));
    let parameters = r#"["a", {"message": {"$base64": "AP8K"}}, {"$dateTime": "2026-11-24T08:30:00Z"}]"#;
    let echoed = "[\"a\",{\"message\":\"AP8K\"},\"2026-11-24T08:30:00Z\"]\n";
    Cli::of(&daemon, &["call", "mta.submit", parameters]).run().prints(echoed);
    Cli::of(&daemon, &["call", "mta.submit", "-"]).fed(parameters.as_bytes()).prints(echoed);
    Cli::of(&daemon, &["call", "server.ping"]).run().prints("[]\n");
    let message = struct_of([("message", Value::Base64(vec![0, 255, 10]))]);
    assert_eq!(daemon.calls()[0].params, [text("a"), message, NOW.to_value().unwrap()]);
}
