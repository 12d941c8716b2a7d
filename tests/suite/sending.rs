//! From the queue to the next hop: every recipient gets a copy or a result, whatever the next hop and the daemon do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mailjam_rpc::Value;

use crate::calls::{Door, members, post, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE};
use crate::smtp_sink::{Action, Behaviour, Sink, State, Step, everything_but};

const TALK: &str = "talk@lists.example.org";

/// A daemon whose list has members `m000@example.org` and so on; everybody may post.
fn daemon(smtp: &str, members_count: usize, more: &str) -> Daemon {
    let daemon = Daemon::start_with(smtp, more);
    daemon.create_list(TALK, &[]);
    let control = Door::control(&daemon);
    let items = (0..members_count).map(|number| members([("address", text(&format!("m{number:03}@example.org")))]));
    control.call::<Value>("member.import", vec![text(TALK), Value::Array(items.collect())]);
    set(&daemon, "post_policy", "open");
    daemon
}

fn set(daemon: &Daemon, key: &str, value: &str) {
    Door::control(daemon).call::<Vec<Value>>("list.update", vec![text(TALK), members([(key, text(value))])]);
}

/// Hands a post over and returns its id.
fn submit(daemon: &Daemon, subject: &str) -> String {
    let verdict = Door::control(daemon).submit("ann@example.org", TALK, &post(subject));
    verdict.post_id.unwrap_or_else(|| panic!("{}", verdict.text))
}

/// How many copies each recipient has.
fn copies(state: &State) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for recipient in state.deliveries.iter().flat_map(|delivery| &delivery.recipients) {
        *copies.entry(recipient.clone()).or_default() += 1;
    }
    copies
}

fn scripted(script: impl Fn(&crate::smtp_sink::Moment<'_>) -> Action + Send + Sync + 'static) -> Behaviour {
    Behaviour { script: Box::new(script), ..Behaviour::default() }
}

#[test]
fn many_recipients_share_a_transaction_and_posts_share_a_connection() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink.server(), 25, "recipients = 10\nconnections = 1\n");
    let id = submit(&daemon, "one");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!((detail.item.delivered, detail.item.deferred, detail.item.refused), (25, 0, 0));
    submit(&daemon, "two");
    let state = sink.wait_for(|state| state.recipients == 50, PATIENCE);
    assert_eq!(state.messages, 6);
    assert_eq!(state.connections, 1, "posts in a row use one connection");
    assert_eq!(copies(&state).len(), 25);
    assert!(state.deliveries.iter().all(|delivery| delivery.has_parameter("XVERP=+=")));
    // A connection without work is not kept for long.
    sink.wait_for(|state| state.open == 0, PATIENCE);
}

#[test]
fn deferred_and_refused_recipients_are_kept_with_the_servers_words() {
    let deferring = Arc::new(AtomicBool::new(true));
    let now = Arc::clone(&deferring);
    let sink = Sink::start(scripted(move |moment| match moment.step {
        Step::Rcpt("m001@example.org", _) => Action::Reply("550 5.1.1 no such user here".to_owned()),
        Step::Rcpt("m002@example.org", _) if now.load(Ordering::SeqCst) => {
            Action::Reply("450 4.2.1 greylisted,\u{1b}[31m come back".to_owned())
        }
        _ => Action::Usual,
    }));
    let daemon = daemon(&sink.server(), 4, "");
    let id = submit(&daemon, "x");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "waiting");
    assert_eq!((detail.item.delivered, detail.item.deferred, detail.item.refused), (2, 1, 1));
    let [refused, deferred] = &detail.recipients[..] else { panic!("{detail:?}") };
    assert_eq!((refused.address.as_str(), refused.state.as_str()), ("m001@example.org", "refused"));
    assert_eq!(refused.reply, "550 5.1.1 no such user here");
    assert_eq!((deferred.address.as_str(), deferred.state.as_str()), ("m002@example.org", "deferred"));
    assert_eq!((deferred.reply.as_str(), deferred.attempts), ("450 4.2.1 greylisted,?[31m come back", 1));
    assert!(deferred.next_attempt.is_some() && refused.next_attempt.is_none());

    let control = Door::control(&daemon);
    for (selection, expected) in
        [("domain", ("elsewhere.example", 0)), ("list", (TALK, 1)), ("domain", ("EXAMPLE.org", 1))]
    {
        let (value, count) = expected;
        assert_eq!(control.call::<i32>("queue.retry", vec![members([(selection, text(value))])]), count, "{value}");
        if count == 1 {
            let attempts = if selection == "list" { 2 } else { 3 };
            wait_for_item(&daemon, &id, |detail| detail.recipients[1].attempts == attempts);
        }
    }
    deferring.store(false, Ordering::SeqCst);
    let named = control.call::<i32>("queue.retry", vec![members([("id", text(&id))])]);
    assert_eq!(named, 2, "with the one that was refused, and is again");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!((detail.item.delivered, detail.item.refused, detail.recipients.len()), (3, 1, 1));
    assert_eq!(copies(&sink.state()).values().collect::<Vec<_>>(), [&1; 3]);
}

#[test]
fn while_the_next_hop_is_down_posts_wait() {
    let sink = Sink::start(Behaviour::default());
    let mut daemon = daemon("127.0.0.1:9", 3, "");
    let ids = ["one", "two", "three"].map(|subject| submit(&daemon, subject));
    for id in &ids {
        let detail = wait_for_item(&daemon, id, |detail| detail.item.last_error.is_some());
        assert_eq!((detail.item.state.as_str(), detail.item.delivered), ("sending", 0));
        let error = detail.item.last_error.expect("a reason");
        assert!(error.contains("cannot connect to mail server 127.0.0.1:9"), "{error}");
        assert!(detail.item.next_attempt.is_some());
    }
    assert_eq!(daemon.log().matches("ERROR").count(), 1, "{}", daemon.log());
    // They outlive a restart, with another next hop.
    daemon.stop();
    daemon.configure(&sink.server(), "");
    daemon.start_again();
    let list = members([("list", text(TALK))]);
    Door::control(&daemon).call::<i32>("queue.retry", vec![list]);
    let state = sink.wait_for(|state| state.recipients == 9, PATIENCE);
    assert_eq!(state.messages, 3);
}

#[test]
fn a_server_that_takes_few_recipients_at_once_gets_them_in_portions() {
    let sink = Sink::start(Behaviour { rcpt_limit: Some(4), ..Behaviour::default() });
    let daemon = daemon(&sink.server(), 10, "");
    let id = submit(&daemon, "x");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!((detail.item.delivered, detail.recipients.len()), (10, 0));
    let sizes: Vec<usize> = sink.state().deliveries.iter().map(|delivery| delivery.recipients.len()).collect();
    assert_eq!(sizes, [4, 4, 2]);
}

#[test]
fn a_server_that_ends_connections_is_given_another_one() {
    // After two messages, as servers do that limit them; and each connection before the first.
    for (limit, offers) in [(2, everything_but(&[])), (2, everything_but(&["XVERP"]))] {
        let behaviour = scripted(move |moment| match moment.step {
            Step::Mail(_) if moment.delivered >= limit => {
                Action::ReplyAndDrop("421 4.7.0 too many messages for one connection".to_owned())
            }
            _ => Action::Usual,
        });
        let verp = if offers.contains(&"XVERP") { "auto" } else { "always" };
        let sink = Sink::start(Behaviour { offers, ..behaviour });
        let daemon = daemon(&sink.server(), 9, "recipients = 1\nconnections = 1\n");
        set(&daemon, "verp", verp);
        let id = submit(&daemon, "x");
        // Whom the end of a connection hits is not sent away for a minute, at least not many.
        let detail = wait_for_item(&daemon, &id, |detail| detail.item.state != "sending");
        assert!(detail.item.delivered >= 5, "{verp}: {detail:?}");
        if verp == "auto" {
            assert_eq!((detail.item.delivered, detail.recipients.len()), (9, 0), "{detail:?}");
        }
    }
}

#[test]
fn a_server_that_drops_every_connection_is_left_alone_for_a_while() {
    let mails = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&mails);
    let sink = Sink::start(scripted(move |moment| match moment.step {
        Step::Mail(_) => {
            count.fetch_add(1, Ordering::SeqCst);
            Action::Drop
        }
        _ => Action::Usual,
    }));
    let daemon = daemon(&sink.server(), 200, "recipients = 1\nconnections = 1\n");
    let id = submit(&daemon, "x");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.next_attempt.is_some());
    assert_eq!(detail.item.delivered, 0);
    assert!(mails.load(Ordering::SeqCst) < 10, "{} attempts in a row", mails.load(Ordering::SeqCst));
}

#[test]
fn a_connection_that_the_server_gave_up_is_not_used_again() {
    let sink = Sink::start(scripted(|moment| match moment.step {
        // Says good-bye as soon as the message is taken.
        Step::End => Action::ReplyAndDrop("250 2.0.0 Ok\r\n421 4.4.2 idle for too long".to_owned()),
        _ => Action::Usual,
    }));
    let daemon = daemon(&sink.server(), 2, "connections = 1\n");
    for subject in ["one", "two", "three"] {
        let id = submit(&daemon, subject);
        let detail = wait_for_item(&daemon, &id, |detail| detail.item.state != "sending");
        assert!(detail.recipients.iter().all(|recipient| !recipient.reply.contains("421")), "{detail:?}");
    }
}

#[test]
fn verp_is_written_by_the_server_or_here_or_not_at_all() {
    for (verp, xverp, transactions, start, end) in [
        ("auto", true, 1, "talk-bounces+p", "@lists.example.org"),
        ("always", true, 1, "talk-bounces+p", "@lists.example.org"),
        ("none", true, 1, "talk-bounces+p", "@lists.example.org"),
        ("auto", false, 1, "talk-bounces+p", "@lists.example.org"),
        ("always", false, 12, "talk-bounces+c", "+m000=example.org@lists.example.org"),
    ] {
        let offers = everything_but(if xverp { &[] } else { &["XVERP"] });
        let sink = Sink::start(Behaviour { offers, ..Behaviour::default() });
        let daemon = daemon(&sink.server(), 12, "");
        set(&daemon, "verp", verp);
        let id = submit(&daemon, "x");
        let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
        assert_eq!(detail.item.delivered, 12);
        let state = sink.state();
        assert_eq!(state.messages, transactions, "{verp}, XVERP {xverp}");
        assert_eq!(copies(&state).len(), 12);
        let first = state.deliveries.iter().find(|delivery| delivery.recipients[0] == "m000@example.org");
        let path = &first.expect("a delivery").mail_from;
        assert!(path.starts_with(start) && path.ends_with(end), "{verp}, XVERP {xverp}: {path}");
        assert_eq!(path.matches('+').count(), 1 + usize::from(transactions > 1), "{verp}, XVERP {xverp}: {path}");
        let asked = state.deliveries.iter().all(|delivery| delivery.has_parameter("XVERP=+="));
        assert_eq!(asked, xverp && verp != "none", "{verp}, XVERP {xverp}");
    }
}

/// A sink that takes `free` messages and hangs at the end of the next one until `go` is set.
fn hanging(free: usize, go: &Arc<AtomicBool>) -> Behaviour {
    let (taken, go) = (AtomicUsize::new(0), Arc::clone(go));
    scripted(move |moment| match moment.step {
        Step::End if !go.load(Ordering::SeqCst) && taken.fetch_add(1, Ordering::SeqCst) >= free => Action::Hang,
        _ => Action::Usual,
    })
}

#[test]
fn killed_while_sending_nobody_is_forgotten_and_few_get_it_twice() {
    let go = Arc::new(AtomicBool::new(false));
    let sink = Sink::start(hanging(7, &go));
    let mut daemon = daemon(&sink.server(), 100, "recipients = 5\n");
    let id = submit(&daemon, "x");
    sink.wait_for(|state| state.messages == 7, PATIENCE);
    daemon.kill();
    go.store(true, Ordering::SeqCst);
    daemon.start_again();
    wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    let copies = copies(&sink.state());
    assert_eq!(copies.len(), 100);
    let twice: usize = copies.values().map(|count| count - 1).sum();
    // At most the transactions whose results were not on disk yet: the one under way and the one before.
    assert!(twice <= 10, "{twice} copies too many");
}

#[test]
fn killed_again_and_again_with_many_posts_under_way() {
    let sink = Sink::start(Behaviour::default());
    let mut daemon = daemon(&sink.server(), 40, "recipients = 4\n");
    set(&daemon, "verp", "none");
    let mut ids = Vec::new();
    for round in 0..5 {
        let before = sink.state().messages;
        ids.extend((0..4).map(|number| submit(&daemon, &format!("r{round}n{number}"))));
        sink.wait_for(|state| state.messages > before + 3, PATIENCE);
        daemon.kill();
        daemon.start_again();
    }
    for id in &ids {
        let detail = wait_for_item(&daemon, id, |detail| detail.item.state == "done");
        assert_eq!(detail.recipients.len(), 0, "{detail:?}");
    }
    let state = sink.state();
    for id in 0..ids.len() {
        let subject = format!("Subject: r{}n{}\r\n", id / 4, id % 4);
        let of_post =
            |delivery: &&crate::smtp_sink::Delivery| String::from_utf8_lossy(&delivery.message).contains(&subject);
        let reached = state.deliveries.iter().filter(of_post).flat_map(|delivery| &delivery.recipients);
        let reached: std::collections::BTreeSet<_> = reached.collect();
        assert_eq!(reached.len(), 40, "{subject}");
    }
    let twice = state.recipients - 40 * ids.len();
    // Five kills, four connections each, two transactions of four recipients a connection.
    assert!(twice <= 5 * 4 * 2 * 4, "{twice} copies too many");
}

#[test]
fn a_stop_waits_for_the_transaction_under_way_and_the_rest_follows_after_the_start() {
    let (reached, go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (at, wait) = (Arc::clone(&reached), Arc::clone(&go));
    let sink = Sink::start(scripted(move |moment| {
        if moment.step == Step::End && moment.delivered == 2 {
            at.store(true, Ordering::SeqCst);
            crate::daemon::eventually("the stop", || wait.load(Ordering::SeqCst).then_some(()));
        }
        Action::Usual
    }));
    let mut daemon = daemon(&sink.server(), 50, "recipients = 5\n");
    let id = submit(&daemon, "x");
    crate::daemon::eventually("the third message", || reached.load(Ordering::SeqCst).then_some(()));
    std::thread::scope(|threads| {
        let daemon = &mut daemon;
        let log = daemon.folder().join("log");
        threads.spawn(move || daemon.stop());
        crate::daemon::eventually("the daemon to be stopping", || {
            std::fs::read_to_string(&log).is_ok_and(|log| log.contains("stopping")).then_some(())
        });
        go.store(true, Ordering::SeqCst);
    });
    assert_eq!(sink.state().messages, 3);
    daemon.start_again();
    wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    let copies = copies(&sink.state());
    assert_eq!((copies.len(), copies.values().sum()), (50, 50), "{copies:?}");
}

#[test]
fn a_stop_does_not_wait_for_ever_for_a_mail_server_that_hangs() {
    let go = Arc::new(AtomicBool::new(false));
    let sink = Sink::start(hanging(1, &go));
    let mut daemon = daemon(&sink.server(), 10, "recipients = 5\n");
    let id = submit(&daemon, "x");
    sink.wait_for(|state| state.commands.iter().filter(|command| *command == ".").count() == 2, PATIENCE);
    daemon.stop();
    assert!(daemon.log().contains("the mail server has not answered"), "{}", daemon.log());
    go.store(true, Ordering::SeqCst);
    daemon.start_again();
    wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!(copies(&sink.state()).len(), 10);
}
