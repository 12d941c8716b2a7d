//! `mailjam-cli mta-config postfix --check` against a real Postfix: silent where all is right, and for each thing that is
//! not, the place and what to do.

use std::fs;
use std::path::PathBuf;

use crate::daemon::Daemon;
use crate::postfix::Setup;
use crate::site::{LIST, Site};

/// A Postfix that has everything; what is here is what cases take away.
const COMPLETE: &str = "\
message_size_limit = 12582912
smtpd_authorized_verp_clients = 127.0.0.1
virtual_alias_maps =
";

fn site() -> Option<Site> {
    let maps = |daemon: &Daemon| daemon.cli_prints(&["mta-config", "postfix", "--maps"]);
    Site::open_with(|daemon| Setup { maps: Some(maps(daemon)), main_cf: COMPLETE, ..Setup::default() })
}

/// The exit code, and all that was said.
fn check(site: &Site, more: &[&str]) -> (Option<i32>, String) {
    let directory = site.postfix.config().display().to_string();
    let arguments = ["mta-config", "postfix", "--check", "--user", "nobody", "--config-dir", &directory];
    let output = site.daemon.cli(&[&arguments[..], more].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// Does this with a file of the configuration changed, and changes it back.
fn with<T>(site: &Site, file: &str, from: &str, to: &str, act: impl FnOnce() -> T) -> T {
    let path: PathBuf = site.postfix.config().join(file);
    let before = fs::read_to_string(&path).expect("the file");
    assert!(before.contains(from), "{file} has no {from:?}");
    fs::write(&path, before.replacen(from, to, 1)).expect("the file written");
    let result = act();
    fs::write(&path, before).expect("the file written");
    result
}

#[test]
fn a_postfix_that_is_set_up_gives_no_cause_for_complaint() {
    let Some(site) = site() else { return };
    assert_eq!(check(&site, &[]), (Some(0), "Postfix is set up for mailjam\n".to_owned()));
    assert_eq!(check(&site, &["--json"]), (Some(0), "[]\n".to_owned()));
    let by_name = site.postfix.config().join("lists").display().to_string();
    assert_eq!(check(&site, &["--table", &by_name]).0, Some(0));
}

#[test]
fn everything_that_is_missing_or_wrong_is_found() {
    let Some(site) = site() else { return };
    let cases = [
        (
            "master.cf",
            "mailjam unix",
            "another unix",
            "wrong: master.cf: there is no service mailjam unix; \"mailjam-cli mta-config postfix --part master.cf\" prints it",
        ),
        ("master.cf", "16 pipe", "16 smtp", "the command is \"smtp\" and not pipe"),
        ("master.cf", "- n n - 16", "- - n - 16", "the column unpriv is not n"),
        ("master.cf", "- n n - 16", "- n y - 16", "the column chroot is y"),
        ("master.cf", "RqX", "RX", "the flag q is missing"),
        ("master.cf", "RqX", "RqXB", "flags B change what is handed over"),
        ("master.cf", "user=nobody", "", "there is no user="),
        ("master.cf", "user=nobody", "user=no-such-user", "there is no user no-such-user"),
        ("master.cf", "user=nobody", "user=nobody:no-such-group", "there is no group no-such-group"),
        ("master.cf", "null_sender=", "", "null_sender= is missing"),
        ("master.cf", "argv=", "argv=/nonexistent", "mailjam-mta does not exist"),
        ("master.cf", "argv=", "argv=/etc/passwd ", "/etc/passwd is not executable"),
        ("master.cf", " -- ", " ", "argv has no -- before the recipient"),
        (
            "master.cf",
            "${recipient}",
            "${original_recipient}",
            "the address before aliases, which is no list; write ${recipient}",
        ),
        ("master.cf", "-- ${recipient}", "--", "argv has no ${recipient}"),
        ("master.cf", "--sender ${sender}", "", "argv has no --sender ${sender}"),
        ("master.cf", "--server", "--config /nonexistent --server", "--config /nonexistent cannot be read"),
        (
            "main.cf",
            "mailjam_destination_recipient_limit = 1\n",
            "",
            "run: postconf -e mailjam_destination_recipient_limit=1",
        ),
        (
            "main.cf",
            COMPLETE,
            "mailjam_time_limit = 1m\nmessage_size_limit = 0\n",
            "the time limit of 60 s is not above the deadline of mailjam-mta, 60 s",
        ),
        ("main.cf", "message_size_limit = 12582912", "", "run: postconf -e message_size_limit=11534336"),
        ("main.cf", "transport_maps = ", "#", "main.cf, transport_maps: it has no table of the lists; add regexp:"),
        ("main.cf", "relay_domains = lists.test", "", "main.cf, lists.test: Postfix takes no mail for this domain"),
        (
            "main.cf",
            "mydestination =",
            "mydestination = lists.test",
            "this domain is in relay_domains and in mydestination",
        ),
        (
            "main.cf",
            "relay_domains = lists.test",
            "virtual_alias_domains = lists.test",
            "is in virtual_alias_domains, where nothing is delivered",
        ),
        ("main.cf", "relay_recipient_maps = ", "#", "main.cf, relay_recipient_maps: it is empty"),
        (
            "main.cf",
            "relay_recipient_maps = regexp:",
            "relay_recipient_maps = texthash:",
            "it does not know staff@lists.test and 1 more",
        ),
        (
            "main.cf",
            "virtual_alias_maps =",
            "virtual_alias_maps = inline:{staff@lists.test=anna@members.test}",
            "sends staff@lists.test to anna@members.test",
        ),
        ("main.cf", "mynetworks = 127.0.0.0/8", "mynetworks = 10.0.0.0/8", "127.0.0.1 is not in it"),
        (
            "main.cf",
            COMPLETE,
            "smtpd_relay_restrictions = reject_unauth_destination\nmessage_size_limit = 0\n",
            "permit_mynetworks is not in it",
        ),
        ("main.cf", "queue_directory = ", "queue_directory = /nonexistent", "wrong: Postfix: it does not run"),
        (
            "lists",
            "/^staff",
            "/^others",
            "the table is out of date: 1 lines are missing, 1 should not be there; run: mailjam-cli mta-config postfix --maps",
        ),
    ];
    for (file, from, to, complaint) in cases {
        let (exit, said) = with(&site, file, from, to, || check(&site, &[]));
        assert_eq!(exit, Some(1), "{file}, {from:?} → {to:?}: {said}");
        assert!(said.contains(complaint), "{file}, {from:?} → {to:?}: {complaint:?} is not in {said}");
        assert!(said.contains("mailjam-cli: Postfix is not set up for mailjam: "), "{said}");
    }
    assert_eq!(check(&site, &[]).0, Some(0), "everything is as it was");
}

#[test]
fn what_only_makes_things_slower_is_a_note() {
    let Some(site) = site() else { return };
    for (file, from, to, note) in [
        ("main.cf", "smtpd_authorized_verp_clients = 127.0.0.1", "", "note: main.cf, smtpd_authorized_verp_clients"),
        ("master.cf", "RqX", "qX", "note: master.cf, mailjam: the flag R is missing"),
    ] {
        let (exit, said) = with(&site, file, from, to, || check(&site, &[]));
        assert!(exit == Some(0) && said.contains(note), "{exit:?} {said}");
    }
}

#[test]
fn a_domain_may_have_users_as_well() {
    let Some(site) = site() else { return };
    let with_recipients = |tables: &str| {
        // The last line of a parameter counts.
        let lines = format!("{COMPLETE}relay_domains =\nmydestination = lists.test\nlocal_recipient_maps = {tables}\n");
        with(&site, "main.cf", COMPLETE, &lines, || check(&site, &[]))
    };
    let table = site.postfix.config().join("lists").display().to_string();
    assert_eq!(with_recipients(&format!("unix:passwd.byname, regexp:{table}")).0, Some(0));
    let (exit, said) = with_recipients("unix:passwd.byname");
    let complaint = "main.cf, local_recipient_maps: it does not know staff@lists.test";
    assert!(exit == Some(1) && said.contains(complaint), "{said}");
}

#[test]
fn without_a_daemon_the_rest_is_looked_at_all_the_same() {
    let Some(mut site) = site() else { return };
    site.daemon.stop();
    let (exit, said) = with(&site, "master.cf", "null_sender=", "", || check(&site, &[]));
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("null_sender= is missing") && said.contains("mailjam-cli: cannot reach unix:"), "{said}");
}

#[test]
fn a_postfix_without_configuration_cannot_be_asked() {
    let Some(site) = site() else { return };
    let output = site.daemon.cli(&["mta-config", "postfix", "--check", "--config-dir", "/nonexistent"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("postconf does not do what it is asked: ") && said.contains("/nonexistent/main.cf"),
        "{said}"
    );
    assert!(site.daemon.cli_prints(&["list", "show", LIST]).contains(LIST), "and nothing else is the matter");
}

#[test]
fn the_doctor_sends_a_mail_round() {
    let Some(site) = site() else { return };
    let report = site.daemon.cli_prints(&["doctor", "loop", "next-hop"]);
    assert!(report.contains(&format!("a mail to {LIST} came back")), "{report}");
}
