//! Members whose mail comes back, as a real mail server returns it.

use std::process::{Command, Stdio};

use mailjam_rpc::records::{Bouncing, Page};
use mailjam_rpc::{Shape, Value};

use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::mailbox::{Mail, Mailbox};
use crate::postfix::Setup;
use crate::site::{LIST, Site, address, message};
use crate::skip::skipped;

/// A member whose mailbox is not there, until it is.
const GONE: &str = "gone@members.test";

/// Answers everything to the envelope sender, as bad vacation programs do.
const VACATION: &str = "#!/usr/bin/env python3
import smtplib, sys
sys.stdin.buffer.read()
sender, recipient = sys.argv[1:]
answer = (f'From: {recipient}\\r\\nTo: {sender}\\r\\nSubject: Out of office\\r\\nAuto-Submitted: auto-replied\\r\\n'
    f'Message-ID: <vacation.{abs(hash(sender))}@members.test>\\r\\n\\r\\nI am away, and this address does not exist.\\r\\n')
with smtplib.SMTP('127.0.0.1', @PORT@) as server:
    server.sendmail('', [sender], answer)
";

/// carla's mailbox is full for now, and dora is away. Addresses are looked at when mail is delivered, so that what is
/// wrong with them comes back by mail.
fn setup(_: &Daemon) -> Setup {
    Setup {
        main_cf: "maximal_queue_lifetime = 2s\nsmtpd_reject_unlisted_recipient = no\n\
                  vacation_destination_recipient_limit = 1\n\
                  transport_maps = inline:{{lists.test = mailjam:} {carla@members.test = full:} \
                  {dora@members.test = vacation:}}\n",
        master_cf: "full unix - n n - - pipe user=@USER@ argv=/bin/sh -c {echo 4.2.2 mailbox is over quota; exit 75}\n\
                    vacation unix - n n - - pipe user=@USER@ null_sender=\n  \
                    argv=@BIN@/vacation ${sender} ${recipient}\n",
        program: Some(("vacation", VACATION)),
        ..Setup::default()
    }
}

fn wait_for(mailbox: &Mailbox, subject: &str) -> Mail {
    eventually(subject, || {
        mailbox.messages().into_iter().find(|mail| mail.header("Subject").is_some_and(|found| found.contains(subject)))
    })
}

/// `MEMBER STAGE SCORE` of all whose mail came back.
fn stages(site: &Site) -> Vec<String> {
    let page = site.daemon.call("bounce.members", vec![Value::String(LIST.to_owned())]);
    let page: Page<Bouncing> = Page::from_value(page).expect("members");
    page.items.iter().map(|found| format!("{} {} {}", found.member, found.stage, found.score)).collect()
}

#[test]
fn a_mailbox_that_is_gone_stops_a_members_mail_and_one_that_is_full_or_answers_does_not() {
    if !Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return skipped("bounces of a real mail server: python3 is not installed");
    }
    let Some(site) = Site::open_with(setup) else { return };
    site.daemon.cli_prints(&["member", "remove", LIST, &address("bert")]);
    site.daemon.cli_prints(&["member", "add", LIST, &address("dora"), GONE]);
    site.daemon.cli_prints(&["role", "grant", LIST, &address("stranger"), "owner"]);
    site.daemon.cli_prints(&["list", "set", LIST, "bounce_threshold=1"]);
    let (anna, owner) = (site.postfix.mailbox("anna"), site.postfix.mailbox("stranger"));

    site.send(&address("anna"), LIST, &message("anna", "Dinner", "At eight?"));
    wait_for(&anna, "Dinner");
    // The post comes back, then the probe, and mail is stopped.
    let told = wait_for(&owner, "mail to gone@members.test is stopped");
    assert!(told.text().contains("unknown user") && told.text().contains("bounce reset"), "{}", told.text());
    let wanted = ["carla@members.test fine 0.5", "gone@members.test disabled 1"];
    eventually(&format!("{wanted:?}"), || (stages(&site) == wanted).then_some(()));
    site.postfix.wait_for_log(&["to=<carla@members.test>", "dsn=4.2.2"]);
    // dora's answer came to the list, and was taken for what it is.
    site.postfix.wait_for_log(&["to=<dora@members.test>", "status=sent"]);
    eventually("dora's answer", || site.daemon.log().contains(": <vacation.").then_some(()));
    assert_eq!(owner.messages().len(), 1);

    let before = site.postfix.count_log(&["to=<gone@members.test>"]);
    site.send(&address("anna"), LIST, &message("anna", "Lunch", "At noon?"));
    wait_for(&anna, "Lunch");
    site.postfix.wait_for_log(&["to=<dora@members.test>", "status=sent"]);
    assert_eq!(site.postfix.count_log(&["to=<gone@members.test>"]), before);

    // The mailbox is there again. A week later the list writes to it, and is answered.
    site.postfix.open_mailbox("gone");
    let database = rusqlite::Connection::open(site.daemon.folder().join("mailjam.db")).expect("the database");
    database.busy_timeout(PATIENCE).expect("patience with the daemon");
    let changed = database.execute("UPDATE bouncing SET due = 1 WHERE stage = 'disabled'", []).expect("a week later");
    assert_eq!(changed, 1);
    let gone = site.postfix.mailbox("gone");
    let warning = wait_for(&gone, "sends you nothing for now");
    assert_eq!(warning.header("Return-Path").as_deref(), Some("<>"));
    let text = warning.text();
    let enable = text.split_whitespace().find(|word| word.contains("-confirm+")).expect("an address to write to");
    site.send(GONE, enable, format!("From: {GONE}\nTo: {enable}\nMessage-ID: <back@members.test>\n\n\n").as_bytes());
    wait_for(&gone, "Done on staff@lists.test");
    site.send(&address("anna"), LIST, &message("anna", "Breakfast", "At six?"));
    assert_eq!(wait_for(&gone, "Breakfast").text(), "At six?\n");
    assert_eq!(stages(&site), ["carla@members.test fine 0.5"]);
}
