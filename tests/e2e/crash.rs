//! A daemon that is killed again and again loses nothing.

use std::collections::BTreeMap;
use std::thread;

use crate::daemon::{eventually, say};
use crate::postfix::Postfix;
use crate::site::{LIST, MEMBERS, Site, message};

const POSTS: usize = 30;
const KILLS: usize = 10;

#[test]
fn every_recipient_has_every_post_after_ten_kills() {
    let Some(mut site) = Site::open() else { return };
    let Site { daemon, postfix } = &mut site;
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
        "{POSTS} posts to {} members during {KILLS} kills: every member has every post, {duplicates} copies came twice",
        MEMBERS.len()
    ));
    let in_flight = KILLS * MEMBERS.len() * 4;
    assert!(duplicates <= in_flight, "{duplicates} duplicates, more than {in_flight} can have been in flight");
}

/// Hand-overs that the MTA knows to be done.
fn accepted(postfix: &Postfix) -> usize {
    postfix.count_log(&["to=<staff@lists.test>", "status=sent"])
}
