//! Mail that comes back, in a daemon that runs: what the mail server refuses at once, what follows by the clock, and what a
//! restart in between changes: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mail_parser::MessageParser;
use mailjam_rpc::Value;
use mailjam_rpc::records::{Bounce, Bouncing, Member, Page, QueueItem};

use crate::calls::{Door, members, post, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::smtp_sink::{Action, Behaviour, Delivery, Sink, Step};

const TALK: &str = "talk@lists.example.org";
const OWNER: &str = "own@example.org";

/// A daemon whose list has members `m00@example.org` and so on, an owner, and a threshold of one bounce.
fn daemon(sink: &Sink, count: usize) -> Daemon {
    let daemon = Daemon::start(&sink.server());
    let people: Vec<String> = (0..count).map(|number| format!("m{number:02}@example.org")).collect();
    daemon.create_list(TALK, &people.iter().map(String::as_str).collect::<Vec<_>>());
    daemon.cli_prints(&["role", "grant", TALK, OWNER, "owner"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=open", "bounce_threshold=1"]);
    daemon
}

/// A mail server that says this to recipients, and takes everybody else.
fn refusing(reply: &'static str, refused: impl Fn(&str) -> bool + Send + Sync + 'static) -> Sink {
    let script = move |moment: &crate::smtp_sink::Moment<'_>| match moment.step {
        Step::Rcpt(recipient, _) if refused(recipient) => Action::Reply(reply.to_owned()),
        _ => Action::Usual,
    };
    Sink::start(Behaviour { script: Box::new(script), ..Behaviour::default() })
}

fn submit(daemon: &Daemon, subject: &str) -> String {
    let verdict = Door::control(daemon).submit("ann@example.org", TALK, &post(subject));
    verdict.post_id.unwrap_or_else(|| panic!("{}", verdict.text))
}

/// `ADDRESS OUTCOME CLASS`, the oldest first.
fn bounces(daemon: &Daemon) -> Vec<String> {
    let page: Page<Bounce> = Door::control(daemon).call("bounce.list", vec![text(TALK)]);
    let shown = |bounce: &Bounce| format!("{} {} {}", bounce.address, bounce.outcome, bounce.class);
    page.items.iter().rev().map(shown).collect()
}

fn bouncing(daemon: &Daemon) -> Vec<Bouncing> {
    let page: Page<Bouncing> = Door::control(daemon).call("bounce.members", vec![text(TALK)]);
    page.items
}

/// `MEMBER STAGE SCORE`.
fn stages(daemon: &Daemon) -> Vec<String> {
    bouncing(daemon).iter().map(|found| format!("{} {} {}", found.member, found.stage, found.score)).collect()
}

fn wait_for_stages(daemon: &Daemon, wanted: &[&str]) {
    let mut last = Vec::new();
    eventually(&format!("{wanted:?}, so far {:?}", stages(daemon)), || {
        last = stages(daemon);
        (last == wanted).then_some(())
    });
}

fn who(daemon: &Daemon) -> Vec<String> {
    let page: Page<Member> = Door::control(daemon).call("member.list", vec![text(TALK)]);
    page.items.into_iter().map(|member| member.address).collect()
}

fn subject(mail: &Delivery) -> String {
    let read = MessageParser::default().parse(&mail.message).expect("a message");
    read.subject().unwrap_or_default().to_owned()
}

/// The mails to somebody so far whose subject contains a text.
fn mails(sink: &Sink, who: &str, about: &str) -> Vec<Delivery> {
    let mut mails = sink.state().deliveries;
    mails.retain(|mail| mail.recipients == [who] && subject(mail).contains(about));
    mails
}

/// Waits for so many of them.
fn wait_for_mails(sink: &Sink, who: &str, about: &str, count: usize) -> Vec<Delivery> {
    eventually(&format!("{count} mails to {who} about {about:?}"), || {
        Some(mails(sink, who, about)).filter(|mails| mails.len() >= count)
    })
}

/// Changes the daemon's database beside it, as if time had passed.
fn change(daemon: &Daemon, sql: &str) {
    let database = rusqlite::Connection::open(daemon.folder().join("mailjam.db")).expect("the database");
    database.busy_timeout(PATIENCE).expect("patience with the daemon");
    let changed = database.execute(sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(changed > 0, "{sql} changed nothing");
}

/// A report that mail to somebody did not arrive.
fn report(member: &str) -> Vec<u8> {
    format!(
        "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {member}\nAction: failed\n\
         Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n"
    )
    .into_bytes()
}

/// Waits until the mail server was asked `count` times for m01: for a post, a probe and a warning, in this order.
fn wait_until_asked(sink: &Sink, count: usize) {
    let asked = || sink.state().commands.iter().filter(|line| line.starts_with("RCPT TO:<m01@")).count();
    eventually("a post, a probe and a warning", || (asked() == count).then_some(()));
}

/// Waits until the daemon knows what became of all mail so far: killed before, it would send some of it again.
fn wait_until_sent(daemon: &Daemon) {
    eventually("all mail to go out", || {
        let queue: Page<QueueItem> = Door::control(daemon).call("queue.list", vec![members([("list", text(TALK))])]);
        queue.items.is_empty().then_some(())
    });
}

#[test]
fn what_the_mail_server_refuses_at_once_counts_as_what_comes_back() {
    let sink = refusing("550 5.1.1 no such user here", |recipient| recipient == "m01@example.org");
    let daemon = daemon(&sink, 4);
    submit(&daemon, "Dinner");
    // The probe goes out at once, and is refused in the same way; so is the warning, which nothing follows from.
    wait_for_stages(&daemon, &["m01@example.org disabled 1"]);
    assert_eq!(bounces(&daemon), ["m01@example.org scored dead", "m01@example.org probe dead"]);
    let told = wait_for_mails(&sink, OWNER, "mail to m01@example.org is stopped", 1).remove(0);
    let told = String::from_utf8(told.message).expect("ASCII");
    assert!(told.contains("550 5.1.1 no such user here") && told.contains("bounce reset"), "{told}");
    // The next post is for the others alone.
    let id = submit(&daemon, "Lunch");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!((detail.item.delivered, detail.item.refused), (3, 0));
    wait_until_asked(&sink, 3);
}

#[test]
fn a_post_that_many_refuse_is_to_blame_and_nobody_scores() {
    for (reply, class) in [("554 5.7.1 looks like spam to us", "spam"), ("550 5.1.1 no such user", "dead")] {
        let sink = refusing(reply, |recipient| ("m00".."m12").contains(&&recipient[..3]));
        let daemon = daemon(&sink, 20);
        let id = submit(&daemon, "Dinner");
        let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
        assert_eq!((detail.item.delivered, detail.item.refused), (8, 12));
        let told = wait_for_mails(&sink, OWNER, "many refuse \"Dinner\"", 1).remove(0);
        let told = String::from_utf8(told.message).expect("ASCII");
        assert!(told.contains("members' mail systems refuse the post") && told.contains(reply), "{told}");
        let found = bounces(&daemon);
        assert_eq!(found.len(), 12, "{found:#?}");
        assert!(found.iter().all(|line| line.ends_with(&format!("blamed {class}"))), "{found:#?}");
        assert!(bouncing(&daemon).iter().all(|found| found.stage == "fine" && found.score == 0.0), "{class}");
        // Another post that nobody refuses finds all of them.
        assert_eq!(who(&daemon).len(), 20);
        assert_eq!(mails(&sink, OWNER, "").len(), 1, "told once");
    }
}

#[test]
fn probes_are_called_off_when_it_turns_out_that_the_post_is_to_blame() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink, 20);
    submit(&daemon, "Dinner");
    let copy = sink.wait_for(|state| state.messages == 1, PATIENCE).deliveries.remove(0);
    let come_back = |number: usize| {
        let path = copy.mail_from.replace('@', &format!("+m{number:02}=example.org@"));
        let verdict = Door::control(&daemon).submit("", &path, &report(&format!("m{number:02}@example.org")));
        assert_eq!(verdict.action, "accept", "{}", verdict.text);
    };
    (0..9).for_each(come_back);
    assert!(stages(&daemon).iter().all(|stage| stage.ends_with(" probed 1")), "{:?}", stages(&daemon));
    let probe = wait_for_mails(&sink, "m00@example.org", "please ignore this mail", 1).remove(0);
    come_back(9);
    assert!(stages(&daemon).iter().all(|stage| stage.ends_with(" fine 0")), "{:?}", stages(&daemon));
    // A probe that comes back now does no harm.
    Door::control(&daemon).submit("", &probe.mail_from, &report("m00@example.org"));
    assert_eq!(stages(&daemon)[0], "m00@example.org fine 0");
    wait_for_mails(&sink, OWNER, "many refuse \"Dinner\"", 1);
}

#[test]
fn a_member_is_warned_and_removed_by_the_clock_whatever_is_restarted_in_between() {
    let dead = Arc::new(AtomicBool::new(true));
    let now = Arc::clone(&dead);
    let sink = refusing("550 5.1.1 no such user", move |recipient| {
        recipient == "m01@example.org" && now.load(Ordering::SeqCst)
    });
    let mut daemon = daemon(&sink, 3);
    submit(&daemon, "Dinner");
    wait_for_stages(&daemon, &["m01@example.org disabled 1"]);
    wait_for_mails(&sink, OWNER, "is stopped", 1);
    // The first warning goes to the address that is dead. From then on the member's mail is taken again, so that one
    // can see what is written to the member.
    wait_until_asked(&sink, 3);
    dead.store(false, Ordering::SeqCst);
    for warning in 2..=3 {
        wait_until_sent(&daemon);
        daemon.kill();
        daemon.start_again();
        assert_eq!(stages(&daemon), ["m01@example.org disabled 1"]);
        change(&daemon, "UPDATE bouncing SET due = 1");
        let mails = wait_for_mails(&sink, "m01@example.org", "sends you nothing for now", warning - 1);
        let text = String::from_utf8(mails.last().expect("a mail").message.clone()).expect("ASCII");
        let days = format!("ends in {} days", (4 - warning) * 7);
        assert!(text.contains(&days) && text.contains("550 5.1.1 no such user"), "{text}");
        let [state] = &bouncing(&daemon)[..] else { panic!("{:?}", bouncing(&daemon)) };
        assert_eq!(state.warnings, i32::try_from(warning).expect("few"));
    }
    assert_eq!(who(&daemon).len(), 3);
    change(&daemon, "UPDATE bouncing SET due = 1");
    wait_for_mails(&sink, "m01@example.org", "no longer a member", 1);
    wait_for_mails(&sink, OWNER, "m01@example.org was removed", 1);
    assert_eq!(who(&daemon), ["m00@example.org", "m02@example.org"]);
    assert!(bouncing(&daemon).is_empty());
    let log = daemon.cli_prints(&["audit", "list", "--list", TALK]);
    assert!(log.contains("bounce.disable") && log.contains("bounce.remove"), "{log}");
}

#[test]
fn a_probe_that_does_not_come_back_clears_the_score_and_one_that_does_stops_mail() {
    // With XVERP the mail server writes the member behind the return path that all copies share.
    let sink = Sink::start(Behaviour::default());
    let mut daemon = daemon(&sink, 3);
    submit(&daemon, "Dinner");
    let copy = sink.wait_for(|state| state.messages == 1, PATIENCE).deliveries.remove(0);
    assert!(copy.has_parameter("XVERP=+=") && copy.recipients.len() == 3, "{copy:?}");
    for member in ["m00", "m01"] {
        let path = copy.mail_from.replace('@', &format!("+{member}=example.org@"));
        let verdict = Door::control(&daemon).submit("", &path, &report(&format!("{member}@example.org")));
        assert_eq!(verdict.action, "accept", "{}", verdict.text);
    }
    let probes = ["m00@example.org", "m01@example.org"]
        .map(|member| wait_for_mails(&sink, member, "please ignore this mail", 1).remove(0));
    assert!(probes.iter().all(|probe| probe.mail_from.starts_with("talk-bounces+t")), "{probes:?}");
    daemon.kill();
    daemon.start_again();
    wait_for_stages(&daemon, &["m00@example.org probed 1", "m01@example.org probed 1"]);
    let verdict = Door::control(&daemon).submit("", &probes[1].mail_from, &report("m01@example.org"));
    assert_eq!(verdict.action, "accept", "{}", verdict.text);
    wait_for_mails(&sink, "m01@example.org", "sends you nothing for now", 1);
    change(&daemon, "UPDATE bouncing SET due = 1 WHERE key = 'm00@example.org'");
    wait_for_stages(&daemon, &["m01@example.org disabled 1"]);
    let id = submit(&daemon, "Lunch");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!(detail.item.delivered, 2);
}

#[test]
fn owners_are_told_of_a_few_members_a_day() {
    let sink = refusing("550 5.1.1 no such user", |recipient| ("m00".."m07").contains(&&recipient[..3]));
    let daemon = daemon(&sink, 20);
    submit(&daemon, "Dinner");
    eventually("seven members to be stopped", || {
        let found = bouncing(&daemon);
        (found.iter().filter(|found| found.stage == "disabled").count() == 7).then_some(())
    });
    wait_until_sent(&daemon);
    let told = mails(&sink, OWNER, "is stopped");
    assert_eq!(told.len(), 5);
    let last: Vec<bool> =
        told.iter().map(|mail| String::from_utf8_lossy(&mail.message).contains("not be told today")).collect();
    assert_eq!(last.iter().filter(|last| **last).count(), 1, "{last:?}");
    let counted = Door::control(&daemon).call::<Value>("bounce.members", vec![text(TALK)]);
    assert!(format!("{counted:?}").contains("m06@example.org"), "all are there to be seen");
}
