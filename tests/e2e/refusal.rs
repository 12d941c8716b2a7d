//! Mail that must not arrive: who hears of it, when and in what words.

use crate::daemon::{Daemon, eventually};
use crate::postfix::Setup;
use crate::site::{LIST, MEMBERS, Site, message};

/// Waits for the bounce in the sender's mailbox.
fn bounce(site: &Site) -> String {
    let mail = site.postfix.mailbox("stranger").wait_for_one();
    assert_eq!(mail.header("Return-Path").as_deref(), Some("<>"));
    mail.text()
}

#[test]
fn a_stranger_is_refused() {
    let Some(site) = Site::open() else { return };
    site.send("stranger@outside.test", LIST, &message("stranger", "Buy", "Now."));
    let report = bounce(&site);
    assert!(report.contains("Final-Recipient: rfc822; staff@lists.test"), "{report}");
    assert!(report.contains("Status: 5.7."), "{report}");
    for member in MEMBERS {
        assert!(site.postfix.mailbox(member).messages().is_empty(), "{member} got something");
    }
}

#[test]
fn an_unknown_list_is_no_such_user() {
    let Some(site) = Site::open() else { return };
    site.send("stranger@outside.test", "nothing@lists.test", &message("stranger", "Anybody", "there?"));
    let report = bounce(&site);
    assert!(report.contains("Final-Recipient: rfc822; nothing@lists.test"), "{report}");
    assert!(report.contains("Status: 5.1.1"), "{report}");
}

fn maps(daemon: &Daemon) -> String {
    daemon.cli_prints(&["mta-config", "postfix", "--maps"])
}

#[test]
fn with_the_maps_an_unknown_list_is_refused_before_its_mail_is_taken() {
    let with_maps = |daemon: &Daemon| Setup { maps: Some(maps(daemon)), ..Setup::default() };
    let Some(site) = Site::open_with(with_maps) else { return };
    let ask = |recipient: &str| site.postfix.connect().try_recipient("stranger@outside.test", recipient);
    for known in [LIST, "STAFF@Lists.Test", "staff-owner@lists.test", "staff-bounces+anna=members.test@lists.test"] {
        let reply = ask(known);
        assert!(reply.accepted(), "{known}: {reply:?}");
    }
    for unknown in ["nothing@lists.test", "news@lists.test", "staffing@lists.test", "astaff@lists.test"] {
        let reply = ask(unknown);
        assert_eq!(reply.code, 550, "{unknown}: {reply:?}");
        assert!(reply.text.starts_with("5.1.1 "), "{unknown}: {reply:?}");
    }

    site.daemon.create_list("news@lists.test", &["dora@members.test"]);
    site.postfix.write_maps(&maps(&site.daemon));
    eventually("the new list to be known", || ask("news@lists.test").accepted().then_some(()));
    site.send("dora@members.test", "news@lists.test", &message("dora", "News", "It is."));
    assert_eq!(site.postfix.mailbox("dora").wait_for_one().text(), "It is.\n");
    assert_eq!(site.postfix.count_log(&["status=bounced"]), 0, "there is backscatter");
}
