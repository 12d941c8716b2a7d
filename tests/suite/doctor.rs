//! `mailjam-cli doctor`: what it finds, what it says to do, and how it ends.

use mailjam_rpc::Value;
use mailjam_rpc::records::Finding;

use crate::calls::{Door, text, texts};
use crate::daemon::Daemon;
use crate::name_server::NameServer;
use crate::smtp_sink::{Action, Behaviour, Moment, Sink, Step, everything_but};

const TALK: &str = "talk@lists.example.org";

/// What it says of some checks.
fn findings(daemon: &Daemon, checks: &[&str]) -> Vec<Finding> {
    Door::control(daemon).call("server.doctor", vec![texts(checks)])
}

/// Status and detail of the one finding of a check.
fn only(daemon: &Daemon, check: &str) -> (String, String) {
    let mut found = findings(daemon, &[check]);
    assert_eq!(found.len(), 1, "{found:?}");
    let found = found.remove(0);
    (found.status, found.detail)
}

#[test]
fn keys_and_policies_are_looked_up_and_what_lacks_is_spelled_out() {
    let names = NameServer::start("");
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start_with(
        &sink.server(),
        &format!(
            "[web]\npublic_url = \"https://lists.example.org/mail\"\n[dns]\nservers = [\"{}\"]\npatience = 5\n",
            names.address()
        ),
    );
    daemon.create_list(TALK, &["ann@example.org"]);
    let [keys] = &findings(&daemon, &["keys"])[..] else { panic!("one domain") };
    assert_eq!((keys.status.as_str(), keys.detail.as_str()), ("warn", "lists of lists.example.org do not sign (DKIM)"));
    assert!(keys.fix.contains("dkim create lists.example.org"), "{}", keys.fix);
    let policies = findings(&daemon, &["policies"]);
    assert!(policies.iter().all(|found| found.status == "warn" && found.fix.contains("IN TXT")), "{policies:?}");
    assert_eq!(only(&daemon, "one-click").0, "fail");

    let control = Door::control(&daemon);
    let params = vec![text("lists.example.org"), crate::calls::members([("selector", text("one"))])];
    let Value::Struct(key) = control.ask("dkim.create", params).expect("a key") else { panic!("a record") };
    let Value::Array(strings) = &key["strings"] else { panic!("{key:?}") };
    let strings: Vec<String> = strings.iter().map(|part| format!("\"{}\"", shown(part))).collect();
    let zone = format!(
        "one._domainkey.lists.example.org TXT {}\nlists.example.org TXT \"v=spf1 mx -all\"\n\
         _dmarc.lists.example.org TXT \"v=DMARC1; p=none\"\nlists.example.org A\n",
        strings.join(" ")
    );
    let [_, unpublished] = &findings(&daemon, &["keys"])[..] else { panic!("a domain and a key") };
    assert!(unpublished.fix.contains("put into the DNS: one._domainkey.lists.example.org."), "{unpublished:?}");
    control.call::<bool>("dkim.activate", vec![text("lists.example.org"), text("one")]);

    // What was not there is remembered for a while, as resolvers do.
    names.change(&zone);
    let mut daemon = daemon;
    daemon.stop();
    daemon.start_again();
    assert_eq!(only(&daemon, "keys"), ("ok".to_owned(), "one._domainkey.lists.example.org is in the DNS".to_owned()));
    assert!(findings(&daemon, &["policies", "one-click"]).iter().all(|found| found.status == "ok"));
}

fn shown(value: &Value) -> &str {
    match value {
        Value::String(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

#[test]
fn the_command_ends_with_1_where_mail_does_not_flow() {
    let sink = Sink::start(Behaviour { offers: everything_but(&["SMTPUTF8"]), ..Behaviour::default() });
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &["ann@example.org"]);
    let doctor = |daemon: &Daemon, more: &[&str]| {
        let output = daemon.cli(&[&["doctor"], more].concat());
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, report) = doctor(&daemon, &["storage", "clock", "next-hop", "queue"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("does not offer SMTPUTF8") && report.contains("→ let the mail server offer"), "{report}");
    assert_eq!(doctor(&daemon, &["next-hop", "--strict"]).0, Some(1));
    assert_eq!(doctor(&daemon, &["nonsense"]).0, Some(2));
    drop(sink);
    let (code, report) = doctor(&daemon, &["next-hop"]);
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("start the mail server"), "{report}");
}

#[test]
fn a_mail_server_that_does_not_know_the_list_is_found_out() {
    let script = Box::new(|moment: &Moment<'_>| match moment.step {
        Step::Rcpt(..) => Action::Reply("550 5.1.1 no such user here".into()),
        _ => Action::Usual,
    });
    let sink = Sink::start(Behaviour { script, ..Behaviour::default() });
    let daemon = Daemon::start(&sink.server());
    assert_eq!(only(&daemon, "loop").0, "skipped", "there is no list");
    daemon.create_list(TALK, &["ann@example.org"]);
    let [found] = &findings(&daemon, &["loop"])[..] else { panic!("one finding") };
    assert!(found.detail.contains("550 5.1.1 no such user here") && found.fix.contains("mta-config"), "{found:?}");
    assert_eq!(found.status, "fail");
}
