//! A daemon that is killed again and again loses nothing.

use std::collections::BTreeMap;
use std::thread;

use crate::daemon::{eventually, say};
use crate::postfix::Postfix;
use crate::site::{LIST, MEMBERS, Site, message};

const POSTS: usize = 40;
const KILLS: usize = 10;

/// Posts that are sent at the same time, each on a connection of its own, and to how many recipients at once.
const CONNECTIONS: usize = 2;
const RECIPIENTS: usize = 1;

/// Copies that may come twice. A kill leaves behind the transaction under way on each connection, and the one before,
/// whose result may not be on disk yet.
const IN_FLIGHT: usize = KILLS * CONNECTIONS * 2 * RECIPIENTS;
const _: () = assert!(IN_FLIGHT <= POSTS * MEMBERS.len() / 3, "a bound that a daemon without a memory would keep to");

#[test]
fn every_recipient_has_every_post_after_ten_kills() {
    let Some(mut site) = Site::open() else { return };
    let Site { daemon, postfix } = &mut site;
    daemon.stop();
    daemon.configure(&postfix.server(), &format!("connections = {CONNECTIONS}\nrecipients = {RECIPIENTS}\n"));
    daemon.start_again();
    thread::scope(|threads| {
        let postfix = &*postfix;
        threads.spawn(|| {
            let mut client = postfix.connect();
            for number in 0..POSTS {
                client.send("anna@members.test", LIST, &message("anna", &format!("Post {number}"), "Still here."));
            }
        });
        for kill in 1..=KILLS {
            // Between two kills some posts get through, so that each kill meets the daemon at work.
            let progress = POSTS * (kill - 1) / KILLS;
            eventually("the daemon to take posts", || (accepted(postfix) >= progress).then_some(()));
            daemon.kill();
            daemon.start_again();
        }
    });

    postfix.try_again(TAKEN, POSTS);
    let mut duplicates = 0;
    for member in MEMBERS {
        let copies = eventually(&format!("all posts in the mailbox of {member}"), || {
            let mut copies = BTreeMap::new();
            for mail in postfix.mailbox(member).messages() {
                *copies.entry(mail.header("Subject")).or_insert(0) += 1;
            }
            (copies.len() == POSTS).then_some(copies)
        });
        duplicates += copies.values().sum::<usize>() - POSTS;
    }
    say(&format!(
        "{POSTS} posts to {} members during {KILLS} kills: every member has every post, {duplicates} copies came twice \
         ({IN_FLIGHT} may)",
        MEMBERS.len()
    ));
    assert!(duplicates <= IN_FLIGHT, "{duplicates} duplicates, more than {IN_FLIGHT} can have been in flight");
}

/// What Postfix writes of a hand-over that it knows to be done.
const TAKEN: &[&str] = &["to=<staff@lists.test>", "status=sent"];

/// Hand-overs that the MTA knows to be done.
fn accepted(postfix: &Postfix) -> usize {
    postfix.count_log(TAKEN)
}
