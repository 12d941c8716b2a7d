//! Mail that is meant to arrive, and does.

use crate::daemon::eventually;
use crate::postfix::Setup;
use crate::site::{LIST, MEMBERS, Site, message};

#[test]
fn a_members_post_reaches_every_member() {
    let Some(site) = Site::open() else { return };
    site.send("anna@members.test", LIST, &message("anna", "Hello", "Hello, all of you."));
    for member in MEMBERS {
        let mail = site.postfix.mailbox(member).wait_for_one();
        assert_eq!(mail.text(), "Hello, all of you.\n");
        assert_eq!(mail.header("From").as_deref(), Some("anna@members.test"));
        assert_eq!(mail.header("List-Id").as_deref(), Some("<staff.lists.test>"));
        let path = mail.header("Return-Path").expect("a return path");
        assert!(path.starts_with("<staff-bounces+p") && path.ends_with("@lists.test>"), "{path}");
    }
}

#[test]
fn an_alias_in_another_domain_leads_to_the_list() {
    let setup = Setup {
        main_cf: "virtual_alias_domains = corp.test\n\
                  virtual_alias_maps = inline:{{all@corp.test = staff@lists.test}}\n",
        ..Setup::default()
    };
    let Some(site) = Site::open_with(|_| setup) else { return };
    site.send("bert@members.test", "all@corp.test", &message("bert", "To all", "By another name."));
    for member in MEMBERS {
        assert_eq!(site.postfix.mailbox(member).wait_for_one().text(), "By another name.\n");
    }
}

#[test]
fn awkward_lines_arrive_unchanged() {
    let Some(site) = Site::open() else { return };
    let mut body = Vec::new();
    for line in [".", "..", "...", ". begins with a dot", "From the beginning", "", "trailing blanks \t ", "--", ""] {
        body.extend_from_slice(line.as_bytes());
        body.push(b'\n');
    }
    body.extend_from_slice("Grüße in UTF-8, ".as_bytes());
    body.extend_from_slice(b"Latin-1 \xe4\xf6\xfc and all of \x80\xff\n");
    for filling in [b'x', b'.', b'\xe9'] {
        body.extend(std::iter::repeat_n(filling, 998));
        body.push(b'\n');
    }
    body.extend_from_slice(b".\n");
    let header = "From: carla@members.test\nSubject: lines\nMIME-Version: 1.0\n\
                  Content-Type: text/plain; charset=x-unknown\nContent-Transfer-Encoding: 8bit\n\n";
    site.send("carla@members.test", LIST, &[header.as_bytes(), &body].concat());
    for member in MEMBERS {
        let mail = site.postfix.mailbox(member).wait_for_one();
        assert!(mail.body() == body, "{member} got another body:\n{:?}", mail.text());
    }
}

#[test]
fn mail_waits_in_the_mta_while_the_daemon_is_stopped() {
    let Some(mut site) = Site::open() else { return };
    site.daemon.stop();
    site.send("anna@members.test", LIST, &message("anna", "Patience", "Late, but here."));
    let line = site.postfix.wait_for_log(&["to=<staff@lists.test>", "status=deferred"]);
    assert!(line.contains("dsn=4."), "{line}");
    // Between two queues, at an attempt, it can be overlooked for a moment.
    eventually("the message in the queue", || (site.postfix.queued() == 1).then_some(()));
    for member in MEMBERS {
        assert!(site.postfix.mailbox(member).messages().is_empty(), "{member} got something");
    }

    site.daemon.start_again();
    site.postfix.try_again(&["to=<staff@lists.test>", "status=sent"], 1);
    for member in MEMBERS {
        assert_eq!(site.postfix.mailbox(member).wait_for_one().text(), "Late, but here.\n");
    }
}

/// The first time, the MTA does not learn that the message was taken, and hands it over again.
const FORGETFUL: &str = "#!/bin/sh\n\
    folder=$(dirname \"$0\")\n\
    \"$folder/mailjam-mta\" \"$@\" >/dev/null || exit\n\
    mkdir \"$folder/answered\" 2>/dev/null && exit 75\n\
    exit 0\n";

#[test]
fn the_same_hand_over_twice_is_one_post() {
    let setup = Setup { wrapper: Some(FORGETFUL), ..Setup::default() };
    let Some(site) = Site::open_with(|_| setup) else { return };
    site.send("anna@members.test", LIST, &message("anna", "Once", "Once is enough."));
    site.postfix.wait_for_log(&["to=<staff@lists.test>", "status=deferred"]);
    site.postfix.try_again(&["to=<staff@lists.test>", "status=sent"], 1);
    // What comes later shows that the first has no second copy on its way.
    site.send("anna@members.test", LIST, &message("anna", "Later", "Something else."));
    for member in MEMBERS {
        let mut texts: Vec<String> = site.postfix.mailbox(member).wait_for(2).iter().map(|mail| mail.text()).collect();
        // Names in a Maildir say nothing of the order within a second.
        texts.sort_unstable();
        assert_eq!(texts, ["Once is enough.\n", "Something else.\n"], "{member}");
    }
}
