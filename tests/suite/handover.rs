//! The hand-over: a verdict for each case, the same message twice is one post, and mail that must not go round for ever.

use std::collections::BTreeMap;

use mailjam_rpc::Value;
use mailjam_rpc::records::{Bounce, Explanation, Held, List, Page, QueueItem, Resolved, ServerStats, Verdict};

use crate::calls::{Door, members, post, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::smtp_sink::{Behaviour, Sink};

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";

fn set(daemon: &Daemon, list: &str, key: &str, value: &str) {
    Door::control(daemon).call::<Vec<Value>>("list.update", vec![text(list), members([(key, text(value))])]);
}

/// A daemon with a list of two members, an owner and a moderator.
fn daemon(smtp: &str) -> Daemon {
    let daemon = Daemon::start(smtp);
    daemon.create_list(TALK, &[ANN, "bob@example.org"]);
    daemon.cli_prints(&["role", "grant", TALK, "owner@example.org", "owner"]);
    daemon.cli_prints(&["role", "grant", TALK, "mod@example.org", "moderator"]);
    daemon
}

/// `action code dsn`.
fn short(verdict: &Verdict) -> String {
    format!("{} {} {}", verdict.action, verdict.code, verdict.dsn)
}

fn everything(daemon: &Daemon) -> Vec<QueueItem> {
    let control = Door::control(daemon);
    let unfinished: Page<QueueItem> = control.call("queue.list", vec![]);
    let done: Page<QueueItem> = control.call("queue.list", vec![members([("state", text("done"))])]);
    unfinished.items.into_iter().chain(done.items).collect()
}

#[test]
fn each_case_has_its_verdict() {
    let daemon = daemon("127.0.0.1:9");
    let mta = Door::named(&daemon, "mta");
    let closed = "closed@lists.example.org";
    daemon.create_list(closed, &[ANN]);
    daemon.cli_prints(&["list", "close", closed]);
    for (list, policy) in [("open", "open"), ("mods", "moderators"), ("shut", "closed")] {
        daemon.create_list(&format!("{list}@lists.example.org"), &[ANN]);
        daemon.cli_prints(&["role", "grant", &format!("{list}@lists.example.org"), "mod@example.org", "moderator"]);
        set(&daemon, &format!("{list}@lists.example.org"), "post_policy", policy);
    }
    let small = "small@lists.example.org";
    daemon.create_list(small, &[ANN]);
    set(&daemon, small, "max_size", "100");
    for (list, key, value) in [("calm", "emergency", "yes"), ("gate", "nonmember", "hold")] {
        daemon.create_list(&format!("{list}@lists.example.org"), &[ANN]);
        set(&daemon, &format!("{list}@lists.example.org"), key, value);
    }
    let from = |address: &str| format!("From: {address}\nSubject: x\n\nbody\n").into_bytes();
    let with = |field: &str| format!("From: {ANN}\n{field}\nSubject: x\n\nbody\n").into_bytes();
    let (accept, hold, discard) = ("accept 0 2.0.0", "hold 0 2.0.0", "discard 0 2.0.0");
    let (stranger, eve) = ("refuse 77 5.7.2", "eve@example.org");
    let is_command = |recipient: &str| ["request", "subscribe"].iter().any(|word| recipient.contains(word));
    // What came in, and what the lists wrote.
    let items = || {
        let held: Page<Held> = Door::control(&daemon).call("moderation.list", vec![text("")]);
        let (notices, others): (Vec<_>, Vec<_>) =
            everything(&daemon).into_iter().partition(|item| item.kind == "notice");
        [others.len() + held.items.len(), notices.len()]
    };
    let mut counts = BTreeMap::<String, i32>::new();
    for (sender, recipient, message, expected) in [
        (ANN, TALK, from(ANN), accept),
        ("ANN@Example.ORG", TALK, from(eve), accept),
        (eve, TALK, from(ANN), accept),
        (eve, TALK, from(eve), stranger),
        (eve, TALK, from("Ann <ann@example.org.evil.example>"), stranger),
        ("mod@example.org", TALK, from("mod@example.org"), accept),
        (eve, "open@lists.example.org", from(eve), accept),
        (ANN, "mods@lists.example.org", from(ANN), stranger),
        ("mod@example.org", "mods@lists.example.org", from("mod@example.org"), accept),
        ("mod@example.org", "shut@lists.example.org", from("mod@example.org"), stranger),
        (ANN, "nothing@lists.example.org", from(ANN), "no-list 67 5.1.1"),
        (ANN, "talk-nonsense@lists.example.org", from(ANN), "no-list 67 5.1.1"),
        (ANN, "talk@elsewhere.example", from(ANN), "no-list 67 5.1.1"),
        (ANN, "no address", from(ANN), "no-list 67 5.1.1"),
        (ANN, closed, from(ANN), "closed 69 5.2.1"),
        (ANN, small, with(&format!("X: {}", "x".repeat(100))), "too-large 69 5.3.4"),
        (ANN, TALK, b"\x00\x01\x02 these bytes are no message".to_vec(), "bad-message 65 5.6.0"),
        (ANN, TALK, with("List-Id: Talk <talk.lists.example.org>"), "refuse 77 5.4.6"),
        ("", TALK, from(ANN), discard),
        ("<>", TALK, from(ANN), discard),
        ("MAILER-DAEMON", TALK, from(ANN), discard),
        (ANN, TALK, with("Auto-Submitted: auto-replied (vacation)"), discard),
        (ANN, TALK, with("Auto-Submitted: auto-generated"), accept),
        (ANN, TALK, with("List-Id: <other.lists.example.net>"), accept),
        (eve, "talk-owner@lists.example.org", from(eve), accept),
        (ANN, "calm@lists.example.org", from(ANN), hold),
        (eve, "gate@lists.example.org", from(eve), hold),
        (eve, "talk+request@lists.example.org", from(eve), accept),
        (eve, "TALK-subscribe@LISTS.example.org", from(eve), accept),
        // To answer these would be to answer a program, the list itself, or nobody.
        (eve, "talk-request@lists.example.org", with("Precedence: bulk"), discard),
        (eve, "talk-request@lists.example.org", with("List-Id: <other.lists.example.net>"), discard),
        (eve, "talk-request@lists.example.org", from(TALK), discard),
        (eve, "talk-subscribe@lists.example.org", from("talk-owner@lists.example.org"), discard),
        (eve, "talk-subscribe@lists.example.org", from("ann@example.org, eve@example.org"), discard),
        (eve, "talk-help@lists.example.org", b"Subject: x\n\nbody\n".to_vec(), discard),
        ("", "talk-request@lists.example.org", from(eve), discard),
        (eve, "talk-request@lists.example.org", with("Auto-Submitted: auto-replied"), discard),
        ("", "talk-bounces@lists.example.org", from(eve), accept),
    ] {
        let before = items();
        let verdict = mta.submit(sender, recipient, &message);
        *counts.entry(verdict.action.clone()).or_default() += 1;
        assert_eq!(short(&verdict), expected, "{sender} to {recipient}: {}", verdict.text);
        let stored = [accept, hold].contains(&expected);
        assert_eq!(verdict.post_id.is_some(), stored, "{sender} to {recipient}");
        // Commands are answered, members are told that their posts wait, and nobody else is written to.
        let noticed = stored && (is_command(recipient) || expected == hold && sender == ANN);
        let after = [before[0] + usize::from(stored), before[1] + usize::from(noticed)];
        assert_eq!(items(), after, "{sender} to {recipient}");
        assert!(!verdict.text.contains('\n'));
        // mta.check, which knows only the envelope, never refuses what mta.submit takes.
        let envelope = members([("sender", text(sender)), ("recipient", text(recipient))]);
        let checked: Verdict = mta.call("mta.check", vec![envelope]);
        if stored && sender != eve {
            assert_eq!(checked.code, 0, "{sender} to {recipient}: {}", checked.text);
        }
    }
    // The last one is counted after its answer.
    let counted: BTreeMap<String, Value> =
        counts.into_iter().map(|(action, count)| (action, Value::Integer(count))).collect();
    eventually("all to be counted", || {
        let stats: ServerStats = Door::control(&daemon).call("server.stats", vec![]);
        (stats.verdicts == counted).then_some(())
    });
}

#[test]
fn the_same_hand_over_eight_times_at_once_is_one_post() {
    let sink = Sink::start(Behaviour::default());
    let mut daemon = daemon(&sink.server());
    let mta = Door::named(&daemon, "mta");
    let verdicts: Vec<Verdict> = std::thread::scope(|threads| {
        let callers: Vec<_> = (0..8).map(|_| threads.spawn(|| mta.submit(ANN, TALK, &post("once")))).collect();
        callers.into_iter().map(|caller| caller.join().expect("a verdict")).collect()
    });
    assert!(verdicts.iter().all(|verdict| verdict.action == "accept" && verdict.post_id == verdicts[0].post_id));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.duplicate == Some(false)).count(), 1);
    wait_for_item(&daemon, verdicts[0].post_id.as_deref().expect("an id"), |detail| detail.item.state == "done");

    // Again with what MTAs add on delivery, after a crash, after a restart, and when the list has changed its mind.
    let again = [b"Return-Path: <ann@example.org>\nDelivered-To: talk@lists.example.org\n", &post("once")[..]].concat();
    assert_eq!(mta.submit(ANN, TALK, &again).duplicate, Some(true));
    daemon.kill();
    daemon.start_again();
    assert_eq!(mta.submit(ANN, TALK, &post("once")).duplicate, Some(true));
    daemon.cli_prints(&["list", "close", TALK]);
    let verdict = mta.submit(ANN, TALK, &post("once"));
    assert_eq!((verdict.code, verdict.duplicate), (0, Some(true)), "{}", verdict.text);
    daemon.cli_prints(&["list", "reopen", TALK]);
    // Another recipient, another sender, another byte is another hand-over.
    assert_eq!(mta.submit("bob@example.org", TALK, &post("once")).duplicate, Some(false));
    assert_eq!(mta.submit(ANN, "Talk@lists.example.org", &post("once")).duplicate, Some(false));
    assert_eq!(mta.submit(ANN, TALK, &post("twice")).duplicate, Some(false));
    let state = sink.wait_for(|state| state.messages == 4, PATIENCE);
    assert_eq!(state.recipients, 8);
}

#[test]
fn a_refused_message_is_judged_anew() {
    let daemon = daemon("127.0.0.1:9");
    let mta = Door::named(&daemon, "mta");
    let message = b"From: eve@example.org\n\nbody\n";
    assert_eq!(mta.submit("eve@example.org", TALK, message).code, 77);
    daemon.cli_prints(&["member", "add", TALK, "eve@example.org"]);
    let verdict = mta.submit("eve@example.org", TALK, message);
    assert_eq!((verdict.code, verdict.duplicate), (0, Some(false)));
}

#[test]
fn an_address_is_read_as_list_and_extension() {
    let daemon = daemon("127.0.0.1:9");
    let mta = Door::named(&daemon, "mta");
    for (address, kind, extension) in [
        (TALK, "post", None),
        ("talk+owner@lists.example.org", "owner", None),
        ("talk-bounces+ann=example.org@lists.example.org", "bounces", Some("ann=example.org")),
        ("talk-confirm+0123@lists.example.org", "confirm", Some("0123")),
        ("talk-join@lists.example.org", "subscribe", None),
        ("talk-leave@lists.example.org", "unsubscribe", None),
        ("talk-help@lists.example.org", "help", None),
        ("talk+tag@lists.example.org", "none", None),
    ] {
        let resolved: Resolved = mta.call("mta.resolve", vec![text(address)]);
        assert_eq!((resolved.kind.as_str(), resolved.extension.as_deref()), (kind, extension), "{address}");
    }
}

#[test]
fn an_explanation_shows_what_a_hand_over_would_do_and_does_not_do_it() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink.server());
    let control = Door::control(&daemon);
    let message = [b"Date: Fri, 21 Nov 1997 09:55:06 -0600\n", &post("explained")[..]].concat();
    let explain = |sender: &str| -> Explanation {
        let message = Value::Base64(message.clone());
        let request =
            members([("list", text("talk.lists.example.org")), ("sender", text(sender)), ("message", message)]);
        control.call("message.explain", vec![request])
    };
    let explanation = explain(ANN);
    assert_eq!(short(&explanation.verdict), "accept 0 2.0.0");
    assert_eq!(explanation.recipients, [ANN, "bob@example.org"]);
    let path = explanation.return_path.expect("a return path");
    assert!(path.starts_with("talk-bounces+p") && path.ends_with("@lists.example.org"), "{path}");
    assert!(everything(&daemon).is_empty());
    control.submit(ANN, TALK, &message);
    let state = sink.wait_for(|state| state.messages == 1, PATIENCE);
    let sent = String::from_utf8(state.deliveries[0].message.clone()).expect("UTF-8").replace("\r\n", "\n");
    let shown = String::from_utf8(explanation.output.expect("a copy")).expect("UTF-8").replace("\r\n", "\n");
    assert_eq!(shown, sent);
    let rules: Vec<&str> = explanation.rules.iter().map(|rule| rule.rule.as_str()).collect();
    let expected = [
        "null-sender",
        "auto-reply",
        "loop",
        "closed",
        "banned",
        "size",
        "attachments",
        "post-policy",
        "strip",
        "implicit-destination",
        "emergency",
        "sender-auth",
        "moderated",
        "poster-rate",
        "thread-rate",
        "accept",
    ];
    assert_eq!(rules, expected);
    let decided: Vec<&str> =
        explanation.rules.iter().filter(|rule| rule.result != "pass").map(|rule| rule.rule.as_str()).collect();
    assert_eq!(decided, ["accept"]);
}

#[test]
fn two_lists_subscribed_to_each_other_settle_after_one_exchange() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&sink.server());
    let other = "other@lists.example.org";
    daemon.create_list(TALK, &[ANN, other]);
    daemon.create_list(other, &["bob@example.org", TALK]);
    set(&daemon, other, "post_policy", "open");
    set(&daemon, TALK, "post_policy", "open");
    let mta = Door::named(&daemon, "mta");
    mta.submit(ANN, TALK, &post("round"));
    let mut handed_back = 0;
    let mut verdicts = Vec::new();
    // What the sink gets for a list is handed back, as an MTA would, until nothing more comes.
    for round in 1..=3 {
        let expected = round.min(2);
        let state = sink.wait_for(|state| state.messages >= expected, PATIENCE);
        for delivery in state.deliveries[handed_back..].iter() {
            for list in delivery.recipients.iter().filter(|recipient| recipient.ends_with("@lists.example.org")) {
                verdicts.push(short(&mta.submit(&delivery.mail_from, list, &delivery.message)));
            }
        }
        handed_back = state.deliveries.len();
    }
    assert_eq!(verdicts, ["accept 0 2.0.0", "refuse 77 5.4.6"]);
    assert_eq!(sink.state().messages, 2);
    // The refusal makes the MTA send a report to the second list's bounce address; it ends there.
    let report = mta.submit("", "other-bounces@lists.example.org", b"Subject: Undelivered\n\nloop\n");
    assert_eq!(short(&report), "accept 0 2.0.0");
    assert_eq!(everything(&daemon).iter().filter(|item| item.kind == "bounce" && item.state == "done").count(), 1);
}

#[test]
fn mail_to_the_owners_reaches_them_or_the_admins_and_cannot_come_back_to_them() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink.server());
    let ownerless = "ownerless@lists.example.org";
    daemon.create_list(ownerless, &[ANN]);
    Door::control(&daemon).call::<bool>("role.grant", vec![text(""), text("root@example.org"), text("admin")]);
    let mta = Door::named(&daemon, "mta");
    let message = b"From: eve@example.org\nSubject: help\n\nplease\n";
    for (recipient, expected, list) in [
        ("talk-owner@lists.example.org", "owner@example.org", "talk"),
        ("ownerless-owner@lists.example.org", "root@example.org", "ownerless"),
    ] {
        let before = sink.state().messages;
        assert_eq!(mta.submit("eve@example.org", recipient, message).code, 0);
        let state = sink.wait_for(|state| state.messages == before + 1, PATIENCE);
        let delivery = state.deliveries.last().expect("a delivery").clone();
        assert_eq!(delivery.recipients, [expected], "{recipient}");
        assert_eq!(delivery.mail_from, format!("{list}-bounces@lists.example.org"), "{recipient}");
        // If it comes back, an owner address being the list's own for instance, it is not sent a second time.
        let back = mta.submit(&delivery.mail_from, recipient, &delivery.message);
        assert_eq!(short(&back), "discard 0 2.0.0", "{recipient}");
    }
    let kinds: Vec<String> = eventually("everything to be sent", || {
        let items = everything(&daemon);
        items.iter().all(|item| item.state == "done").then(|| items.into_iter().map(|item| item.kind).collect())
    });
    assert_eq!(kinds, ["owner", "owner"]);
}

#[test]
fn commands_are_answered_to_their_author_by_mail_that_nothing_answers() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink.server());
    let mta = Door::named(&daemon, "mta");
    for (number, recipient) in ["talk-request", "talk-subscribe", "talk-unsubscribe", "talk-help"].iter().enumerate() {
        let recipient = format!("{recipient}@lists.example.org");
        let author = format!("eve{number}@example.org");
        let message = format!("From: {author}\nMessage-ID: <{number}@x>\nSubject: help\n\nplease\n");
        let verdict = mta.submit("envelope@example.org", &recipient, message.as_bytes());
        assert_eq!(short(&verdict), "accept 0 2.0.0", "{recipient}");
        let state = sink.wait_for(|state| state.messages == number + 1, PATIENCE);
        let delivery = state.deliveries.last().expect("a delivery").clone();
        // Neither the owners nor the envelope sender, whom nobody vouches for.
        assert_eq!((delivery.recipients, delivery.mail_from.as_str()), (vec![author.clone()], ""), "{recipient}");
        let answer = String::from_utf8(delivery.message.clone()).expect("UTF-8");
        for field in ["Auto-Submitted: auto-replied", "X-Loop: ", &format!("In-Reply-To: <{number}@x>")] {
            assert!(answer.lines().any(|line| line.starts_with(field)), "{field} is not in\n{answer}");
        }
        for sender in ["", &author, "talk-bounces@lists.example.org"] {
            let back = mta.submit(sender, &recipient, &delivery.message);
            assert_eq!(short(&back), "discard 0 2.0.0", "{recipient} from {sender:?}");
        }
    }
    let kinds: Vec<String> = eventually("everything to be sent", || {
        let items = everything(&daemon);
        items.iter().all(|item| item.state == "done").then(|| items.into_iter().map(|item| item.kind).collect())
    });
    assert_eq!(kinds.iter().filter(|kind| *kind == "command").count(), 4, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "notice").count(), 4, "{kinds:?}");
}

#[test]
fn mail_for_owners_waits_until_there_are_any() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &[ANN]);
    let mta = Door::named(&daemon, "mta");
    let control = Door::control(&daemon);
    let message = b"From: eve@example.org\nSubject: help\n\nplease\n";
    let ids = ["talk-owner@lists.example.org", "talk+owner@lists.example.org"].map(|recipient| {
        let verdict = mta.submit("eve@example.org", recipient, message);
        assert_eq!(short(&verdict), "accept 0 2.0.0", "{recipient}");
        verdict.post_id.expect("an id")
    });
    for id in &ids {
        let item = wait_for_item(&daemon, id, |detail| detail.item.last_error.is_some()).item;
        let error = item.last_error.as_deref().expect("a reason");
        assert!(error.contains("talk@lists.example.org has no owner and the site no admin"), "{error}");
        assert!(error.contains("mailjam-cli role grant talk@lists.example.org"), "{error}");
        assert!(item.state != "done" && item.next_attempt.is_some(), "{item:?}");
    }
    assert_eq!(sink.state().messages, 0);

    daemon.cli_prints(&["role", "grant", TALK, "owner@example.org", "owner"]);
    control.call::<i32>("queue.retry", vec![members([("list", text(TALK))])]);
    for id in &ids {
        wait_for_item(&daemon, id, |detail| detail.item.state == "done" && detail.item.delivered == 1);
    }
    let deliveries = sink.state().deliveries;
    assert!(deliveries.iter().all(|delivery| delivery.recipients == ["owner@example.org"]), "{deliveries:?}");
    assert_eq!(deliveries.len(), 2);
}

#[test]
fn delivery_reports_are_kept_whatever_they_look_like() {
    let daemon = daemon("127.0.0.1:9");
    let mta = Door::named(&daemon, "mta");
    let broken = b"\x00\xff no header at all\r\r\n\x00".as_slice();
    for (recipient, message) in [
        ("talk-bounces+ann=example.org@lists.example.org", b"Subject: failed\n\none\n".as_slice()),
        ("talk-bounces+Ann=Example.ORG@lists.example.org", b"Subject: failed\n\ntwo\n"),
        ("talk-bounces-bob=example.org@lists.example.org", b"Subject: failed\n\nthree\n"),
        ("talk-bounces@lists.example.org", broken),
        ("talk-bounces+nonsense@lists.example.org", b""),
        // The same report once more is the same report.
        ("talk-bounces+ann=example.org@lists.example.org", b"Subject: failed\n\none\n"),
    ] {
        assert_eq!(short(&mta.submit("", recipient, message)), "accept 0 2.0.0", "{recipient}");
    }
    let reports = everything(&daemon);
    assert_eq!(reports.len(), 5);
    assert!(reports.iter().all(|item| item.kind == "bounce" && item.state == "done" && item.delivered == 0));
    // Nothing of this proves that the list sent what it is about.
    let bounces: Page<Bounce> = Door::control(&daemon).call("bounce.list", vec![text(TALK)]);
    assert!(bounces.items.iter().all(|bounce| bounce.outcome == "unproven"), "{bounces:?}");
}

#[test]
fn lists_whose_names_look_alike_keep_apart() {
    let daemon = Daemon::start("127.0.0.1:9");
    let control = Door::control(&daemon);
    for name in ["x", "x-y", "request", "request-tracker", "bounces"] {
        control.call::<List>("list.create", vec![text(&format!("{name}@lists.example.org"))]);
    }
    for name in ["x-request", "x-y-bounces", "x+request", "x-request-y", "x-OWNER"] {
        let address = format!("{name}@lists.example.org");
        assert_eq!(control.fault("list.create", vec![text(&address)]), 202, "{name}");
    }
    for (address, kind, list) in [
        ("x-y", "post", "x-y"),
        ("x-y-request", "request", "x-y"),
        ("x-request-y", "request", "x"),
        ("request-tracker", "post", "request-tracker"),
        ("request-request", "request", "request"),
        ("bounces-bounces+a=b.example", "bounces", "bounces"),
    ] {
        let resolved: Resolved = control.call("mta.resolve", vec![text(&format!("{address}@lists.example.org"))]);
        let expected = format!("{list}@lists.example.org");
        assert_eq!((resolved.kind.as_str(), resolved.list), (kind, Some(expected)), "{address}");
    }
}
