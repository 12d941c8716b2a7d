//! Digests, in a daemon that runs: they go out on their own, and whenever the daemon ends every post is in just one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use mailjam_rpc::Value;
use mailjam_rpc::records::DigestStatus;

use crate::calls::{Door, post, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::smtp_sink::{Action, Behaviour, Delivery, Sink, Step};

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";
const READER: &str = "reader@example.org";

/// A daemon whose list has a member for posts and one for digests.
fn daemon(sink: &Sink) -> Daemon {
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &[ANN]);
    daemon.cli_prints(&["member", "add", TALK, READER, "--mode", "digest"]);
    daemon
}

/// Hands a post over, and waits until those who want posts have it.
fn submit(daemon: &Daemon, subject: &str) -> String {
    let verdict = Door::control(daemon).submit(ANN, TALK, &post(subject));
    let id = verdict.post_id.unwrap_or_else(|| panic!("{}", verdict.text));
    if verdict.action == "accept" {
        wait_for_item(daemon, &id, |detail| detail.item.state == "done");
    }
    id
}

fn status(daemon: &Daemon) -> DigestStatus {
    Door::control(daemon).call("digest.status", vec![text(TALK)])
}

/// The digests so far, each with the subjects of its posts.
fn digests(sink: &Sink) -> Vec<(Delivery, Vec<String>)> {
    let of_reader = sink.state().deliveries.into_iter().filter(|mail| mail.recipients == [READER]);
    of_reader.map(|mail| (mail.clone(), subjects(&mail.message))).collect()
}

fn wait_for_digests(sink: &Sink, count: usize) -> Vec<(Delivery, Vec<String>)> {
    eventually(&format!("{count} digests"), || Some(digests(sink)).filter(|digests| digests.len() >= count))
}

/// The subjects of the messages in a digest.
fn subjects(digest: &[u8]) -> Vec<String> {
    let read = MessageParser::default().parse(digest).expect("a digest");
    assert!(read.parts.iter().any(|part| part.is_content_type("multipart", "digest")), "no digest");
    let inner = read.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(message) => Some(message.subject().unwrap_or_default().to_owned()),
        _ => None,
    });
    inner.collect()
}

/// Changes the daemon's database beside it, as if time had passed.
fn change(daemon: &Daemon, sql: &str) {
    let database = rusqlite::Connection::open(daemon.folder().join("mailjam.db")).expect("the database");
    database.busy_timeout(PATIENCE).expect("patience with the daemon");
    let changed = database.execute(sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(changed > 0, "{sql} changed nothing");
}

#[test]
fn a_digest_goes_out_on_its_own_when_it_is_large_or_old_enough() {
    let sink = Sink::start(Behaviour::default());
    let daemon = daemon(&sink);
    daemon.cli_prints(&["list", "set", TALK, "digest_size=300"]);
    submit(&daemon, "one");
    submit(&daemon, "two");
    assert!(status(&daemon).octets < 300 && status(&daemon).posts == 2, "{:?}", status(&daemon));
    submit(&daemon, "three");
    submit(&daemon, "four");
    let (first, posts) = wait_for_digests(&sink, 1).remove(0);
    assert_eq!(posts, ["one", "two", "three", "four"]);
    assert!(first.mail_from.starts_with("talk-bounces+p"), "{}", first.mail_from);

    submit(&daemon, "five");
    let waiting = status(&daemon);
    assert_eq!((waiting.posts, waiting.issue), (1, 1));
    change(
        &daemon,
        "UPDATE post SET received = received - 86400 WHERE kind = 'post' AND id = (SELECT max(id) FROM post)",
    );
    let (second, posts) = wait_for_digests(&sink, 2).remove(1);
    assert_eq!(posts, ["five"]);
    assert!(String::from_utf8_lossy(&second.message).contains("Issue 2"));
    assert_eq!(status(&daemon).posts, 0);
}

#[test]
fn posts_stay_for_their_digest_and_one_that_is_approved_late_is_in_the_next() {
    let sink = Sink::start(Behaviour::default());
    let mut daemon = daemon(&sink);
    daemon.create_list("other@lists.example.org", &[ANN]);
    for list in [TALK, "other@lists.example.org"] {
        daemon.cli_prints(&["list", "set", list, "retain_posts=0"]);
    }
    daemon.cli_prints(&["list", "set", TALK, "emergency=yes"]);
    let late = submit(&daemon, "late");
    daemon.cli_prints(&["list", "set", TALK, "emergency=no"]);
    submit(&daemon, "early");
    remove_old(&mut daemon, "first");
    let send = |daemon: &Daemon| Door::control(daemon).call::<i32>("digest.send", vec![text(TALK)]);
    assert_eq!(send(&daemon), 1);
    assert_eq!(wait_for_digests(&sink, 1)[0].1, ["early"]);
    assert!(Door::control(&daemon).call::<bool>("moderation.approve", vec![text(&late)]));
    wait_for_item(&daemon, &late, |detail| detail.item.state == "done");
    submit(&daemon, "last");
    remove_old(&mut daemon, "second");
    assert_eq!(send(&daemon), 2);
    assert_eq!(wait_for_digests(&sink, 2)[1].1, ["late", "last"]);
    // Now nothing needs it.
    remove_old(&mut daemon, "third");
    assert_eq!(Door::control(&daemon).fault("queue.get", vec![text(&late)]), 400);
}

/// Has a daemon that keeps nothing remove what is old: all that there is, and a post to another list, by which one can see
/// that it has.
fn remove_old(daemon: &mut Daemon, subject: &str) {
    let verdict = Door::control(daemon).submit(ANN, "other@lists.example.org", &post(subject));
    let id = verdict.post_id.unwrap_or_else(|| panic!("{}", verdict.text));
    wait_for_item(daemon, &id, |detail| detail.item.state == "done");
    daemon.stop();
    change(daemon, "UPDATE post SET finished = 1 WHERE finished > 1");
    daemon.start_again();
    let door = Door::control(daemon);
    eventually("the other list's post to go", || door.ask("queue.get", vec![text(&id)]).is_err().then_some(()));
}

/// When the daemon is killed.
const MOMENTS: [&str; 6] = ["asked", "answered", "envelope", "begun", "dot", "taken"];

#[test]
fn every_post_is_in_one_digest_whenever_the_daemon_is_killed() {
    let moment = Arc::new(AtomicUsize::new(usize::MAX));
    let reached = Arc::new(AtomicBool::new(false));
    let to_reader = Mutex::new(BTreeMap::<usize, bool>::new());
    let (current, seen) = (Arc::clone(&moment), Arc::clone(&reached));
    let script = move |now: &crate::smtp_sink::Moment<'_>| {
        let mut to_reader = to_reader.lock().expect("the digests under way");
        if let Step::Rcpt(recipient, _) = now.step {
            to_reader.insert(now.connection, recipient == READER);
        }
        let is_digest = to_reader.get(&now.connection).copied().unwrap_or_default();
        let name = match now.step {
            Step::Rcpt(..) => "envelope",
            Step::MessageBegins => "begun",
            Step::End => "dot",
            _ => return Action::Usual,
        };
        if is_digest && MOMENTS.get(current.load(Ordering::SeqCst)) == Some(&name) {
            seen.store(true, Ordering::SeqCst);
            // The final dot is answered, but the daemon hardly hears it.
            return if name == "dot" { Action::Usual } else { Action::Hang };
        }
        Action::Usual
    };
    let sink = Sink::start(Behaviour { script: Box::new(script), ..Behaviour::default() });
    let mut daemon = daemon(&sink);
    let mut wanted = BTreeSet::new();
    for (number, name) in MOMENTS.iter().enumerate() {
        for half in ["a", "b"] {
            let subject = format!("{name}-{half}");
            submit(&daemon, &subject);
            wanted.insert(subject);
        }
        reached.store(false, Ordering::SeqCst);
        moment.store(number, Ordering::SeqCst);
        let door = Door::control(&daemon);
        std::thread::scope(|threads| {
            let call = threads.spawn(move || {
                // The daemon may be gone before it answers.
                let _ = std::panic::catch_unwind(|| door.ask("digest.send", vec![text(TALK)]));
            });
            match *name {
                "asked" => {}
                "answered" => call.join().expect("an answer"),
                "taken" => drop(wait_for_digests(&sink, 1)),
                _ => eventually(name, || reached.load(Ordering::SeqCst).then_some(())),
            }
            daemon.kill();
        });
        moment.store(usize::MAX, Ordering::SeqCst);
        daemon.start_again();
    }
    if status(&daemon).posts > 0 {
        Door::control(&daemon).call::<i32>("digest.send", vec![text(TALK)]);
    }
    Door::control(&daemon)
        .call::<i32>("queue.retry", vec![Value::Struct(BTreeMap::from([("list".to_owned(), text(TALK))]))]);
    let found = eventually("all posts in digests", || {
        // A digest that was under way may come twice, and is the same then.
        let digests: BTreeMap<String, Vec<String>> = digests(&sink)
            .into_iter()
            .map(|(mail, posts)| {
                let read = MessageParser::default().parse(&mail.message).expect("a digest");
                (read.message_id().expect("a Message-ID").to_owned(), posts)
            })
            .collect();
        let posts: Vec<String> = digests.into_values().flatten().collect();
        (posts.len() >= wanted.len()).then_some(posts)
    });
    assert_eq!(found.len(), wanted.len(), "doubled: {found:?}");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
}
