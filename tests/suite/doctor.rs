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

#[test]
fn names_of_addresses_are_looked_up_and_must_lead_back() {
    let names = NameServer::start("");
    let sink = Sink::start(Behaviour::default());
    let dns = format!("[dns]\nservers = [\"{}\"]\npatience = 5\n", names.address());
    let mut daemon = Daemon::start_with(&sink.server(), &dns);
    let mut look = |zone: &str| {
        names.change(zone);
        // What was not there is remembered for a while, as resolvers do.
        daemon.stop();
        daemon.start_again();
        findings(&daemon, &["reverse"])
    };
    let [none] = &look("")[..] else { panic!("one finding") };
    assert_eq!(none.detail, "sink.test, as the mail server calls itself, has no address in the DNS");
    assert!(none.status == "warn" && none.fix.starts_with("put into the DNS"), "{none:?}");

    let four = "sink.test A 192.0.2.7\n";
    let [nameless] = &look(four)[..] else { panic!("one address") };
    assert!(nameless.detail.contains("192.0.2.7, an address of sink.test, has no name (PTR)"), "{nameless:?}");
    assert!(nameless.fix.ends_with(": 7.2.0.192.in-addr.arpa. IN PTR sink.test."), "{nameless:?}");
    let astray = "7.2.0.192.in-addr.arpa PTR other.test\nother.test A 192.0.2.8\n";
    let [astray] = &look(&format!("{four}{astray}"))[..] else { panic!("one address") };
    assert!(
        astray.status == "warn" && astray.detail.ends_with("other.test, which does not lead back to it"),
        "{astray:?}"
    );

    let reversed = format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23));
    let both = format!(
        "{four}sink.test AAAA 2001:db8::1\n7.2.0.192.in-addr.arpa PTR sink.test\n{reversed} PTR other.test\n\
         other.test AAAA 2001:db8::1\n"
    );
    let both: Vec<(String, String)> = look(&both).into_iter().map(|found| (found.status, found.detail)).collect();
    let lead_back = |address: &str, name: &str| {
        ("ok".to_owned(), format!("{address} has the name {name}, which leads back to it (PTR)"))
    };
    assert_eq!(both, [lead_back("192.0.2.7", "sink.test"), lead_back("2001:db8::1", "other.test")]);

    let [inside] = &look("sink.test A 127.0.1.1\n")[..] else { panic!("one address") };
    assert!(inside.status == "warn" && inside.detail.contains("nobody outside can see"), "{inside:?}");
    let [silent] = &look("sink.test SERVFAIL\n")[..] else { panic!("one finding") };
    assert!(silent.status == "warn" && silent.fix.contains("name servers"), "{silent:?}");
}

#[test]
fn a_mail_server_elsewhere_or_without_a_name_of_its_own_is_said_to_be_so() {
    // Nobody answers at an address for documentation (RFC 5737); nobody is asked there either.
    let daemon = Daemon::start("192.0.2.1:25");
    let (status, detail) = only(&daemon, "reverse");
    assert_eq!(status, "skipped");
    assert!(detail.contains("by way of 192.0.2.1:25"), "{detail}");
    let script = Box::new(|moment: &Moment<'_>| match moment.step {
        Step::Ehlo => Action::Reply("250 localhost".into()),
        _ => Action::Usual,
    });
    let sink = Sink::start(Behaviour { script, ..Behaviour::default() });
    let daemon = Daemon::start(&sink.server());
    let [found] = &findings(&daemon, &["reverse"])[..] else { panic!("one finding") };
    assert!(found.status == "warn" && found.detail.contains("calls itself \"localhost\""), "{found:?}");
    assert!(found.fix.contains("myhostname"), "{found:?}");
}
