//! A person's life with a list, all by mail: every mail is read in a real mailbox.

use mailjam_rpc::records::Member;
use mailjam_rpc::{Shape, Value};

use crate::mailbox::{Mail, Mailbox};
use crate::site::{LIST, Site, address};

/// The address at which dora reads her mail, which is no member at first.
const DORA: &str = "dora@members.test";

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn mail(from: &str, to: &str, subject: &str, id: &str, more: &str, words: &str) -> Vec<u8> {
    format!(
        "From: {from}\nTo: {to}\nSubject: {subject}\nDate: Tue, 24 Nov 2026 08:00:00 +0000\n\
         Message-ID: <{id}@members.test>\n{more}\n{words}\n"
    )
    .into_bytes()
}

/// Waits for the mail whose subject contains a text.
fn wait_for(mailbox: &Mailbox, subject: &str) -> Mail {
    crate::daemon::eventually(subject, || {
        mailbox.messages().into_iter().find(|mail| mail.header("Subject").is_some_and(|found| found.contains(subject)))
    })
}

/// The number of mails whose subject contains a text.
fn count(mailbox: &Mailbox, subject: &str) -> usize {
    mailbox.messages().iter().filter(|mail| mail.header("Subject").is_some_and(|found| found.contains(subject))).count()
}

/// Answers a question of the list.
fn answer(site: &Site, question: &Mail) {
    let to = question.header("Reply-To").expect("an address to answer to");
    let subject = format!("Re: {}", question.header("Subject").expect("a subject"));
    let id = to.split(['+', '@']).nth(1).unwrap_or("answer").to_owned();
    site.send(DORA, &to, &mail(DORA, &to, &subject, &id, "", "yes"));
}

fn member(site: &Site) -> Member {
    Member::from_value(site.daemon.call("member.get", vec![text(LIST), text(DORA)])).expect("a member")
}

#[test]
fn somebody_joins_posts_is_moderated_mutes_and_leaves_by_mail_alone() {
    let Some(site) = Site::open() else { return };
    let moderator = address("bert");
    site.daemon.call("role.grant", vec![text(LIST), text(&moderator), text("moderator")]);
    site.daemon.cli_prints(&["list", "set", LIST, "post_policy=moderated"]);
    let (dora, bert, anna) = (site.postfix.mailbox("dora"), site.postfix.mailbox("bert"), site.postfix.mailbox("anna"));

    // Joins.
    site.send(DORA, "staff-subscribe@lists.test", &mail(DORA, "staff-subscribe@lists.test", "please", "1", "", ""));
    let question = wait_for(&dora, "Do you want to join");
    assert_eq!(question.header("Return-Path").as_deref(), Some("<>"));
    assert_eq!(question.header("Auto-Submitted").as_deref(), Some("auto-replied"));
    answer(&site, &question);
    wait_for(&dora, "Welcome to staff@lists.test");

    // Posts, and is moderated: the moderator reads the post in the mail about it, and answers.
    site.send(DORA, LIST, &mail(DORA, LIST, "A first word", "2", "", "Hello, all."));
    let held = wait_for(&bert, "Held on staff@lists.test");
    assert!(held.text().contains("message/rfc822") && held.text().contains("Hello, all."), "{}", held.text());
    wait_for(&dora, "waits for a moderator");
    let approve = held.header("Reply-To").expect("a signed address");
    site.send(&moderator, &approve, &mail(&moderator, &approve, "ok", "3", "", ""));
    for mailbox in [&anna, &dora] {
        assert_eq!(wait_for(mailbox, "A first word").text(), "Hello, all.\n");
    }
    assert_eq!(member(&site).approved, 1);

    // Mutes the thread by answering its post with one word.
    let more = "In-Reply-To: <2@members.test>\nReferences: <2@members.test>\n";
    let request = "staff-request@lists.test";
    site.send(DORA, request, &mail(DORA, request, "mute", "4", more, ""));
    answer(&site, &wait_for(&dora, "A change for you"));
    wait_for(&dora, "Done");
    site.send(&moderator, LIST, &mail(&moderator, LIST, "Re: A first word again", "5", more, "Welcome!"));
    wait_for(&anna, "Re: A first word again");
    site.send(&moderator, LIST, &mail(&moderator, LIST, "Something else", "6", "", "News."));
    wait_for(&dora, "Something else");
    assert_eq!(count(&dora, "Re: A first word again"), 0, "the thread is muted");

    // Leaves.
    site.send(DORA, "staff-unsubscribe@lists.test", &mail(DORA, "staff-unsubscribe@lists.test", "bye", "7", "", ""));
    answer(&site, &wait_for(&dora, "Do you want to leave"));
    wait_for(&dora, "You have left");
    site.send(&moderator, LIST, &mail(&moderator, LIST, "Without dora", "8", "", "News."));
    wait_for(&anna, "Without dora");
    assert_eq!(count(&dora, "Without dora"), 0);

    // Whoever looks finds all of it.
    let log = site.daemon.cli_prints(&["audit", "list", "--list", LIST]);
    for deed in ["subscription.confirm", "moderation.approve", "subscription.leave"] {
        assert!(log.contains(deed), "{log}");
    }
    assert!(site.daemon.cli_prints(&["audit", "verify"]).contains("hold"));
}
