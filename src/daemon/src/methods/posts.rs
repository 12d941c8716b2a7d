//! Posts as people know them: `list.posts` and `me.threads`.

use std::collections::HashSet;

use mailjam_core::message::Message;
use mailjam_rpc::records::{MyThread, Post};
use mailjam_rpc::{Code, Time};
use mailjam_store::{ListRow, PostRow, Session};

use super::{Failed, count};

/// Posts that are told of, at most.
const MOST: i32 = 200;

/// Posts in which threads are looked for.
const LATELY: u32 = 100;

/// Octets of a message that are read: its header, but for one that is longer than any that people write.
const HEADER: usize = 64 << 10;

/// What a header says.
struct Head {
    author: String,
    subject: String,
    /// The Message-IDs that it names, the root of its thread first, its own last.
    thread: Vec<String>,
}

impl Head {
    fn of(session: &dyn Session, post: &PostRow) -> Result<Head, Failed> {
        let start = session.message_start(post.id, HEADER)?.unwrap_or_default();
        // What cannot be read is told of by what the envelope says.
        let Ok(message) = Message::parse(&start) else {
            return Ok(Head {
                author: post.sender.clone(),
                subject: String::new(),
                thread: vec![post.message_id.clone()],
            });
        };
        let subject = message.field("Subject").next().map(|field| field.decoded().into_owned()).unwrap_or_default();
        let author = message.from().into_iter().next().and_then(|author| {
            author.name.filter(|name| !name.is_empty()).or_else(|| author.address.map(|address| address.to_string()))
        });
        let author = author.unwrap_or_else(|| post.sender.clone());
        Ok(Head { author, subject, thread: message.thread() })
    }
}

/// The last posts of a list, the newest first.
pub fn posts(session: &dyn Session, list: &ListRow, last: i32) -> Result<Vec<Post>, Failed> {
    let limit = u32::try_from(last)
        .ok()
        .filter(|_| (1..=MOST).contains(&last))
        .ok_or_else(|| Failed::new(Code::InvalidParameters, format!("last: {last} is not between 1 and {MOST}")))?;
    let record = |post: PostRow| {
        let head = Head::of(session, &post)?;
        Ok(Post {
            id: post.id.to_string(),
            author: head.author,
            subject: head.subject,
            message_id: post.message_id,
            received: Time(post.received),
            size: count(post.size),
            delivered: count(post.delivered),
            refused: count(post.refused),
        })
    };
    session.sent_posts(list.id, limit)?.into_iter().map(record).collect()
}

/// What was written about lately, with what a member muted of it.
pub fn threads(session: &dyn Session, list: &ListRow, key: &str) -> Result<Vec<MyThread>, Failed> {
    let muted: HashSet<String> = session.muted(list.id, key)?.into_iter().collect();
    let mut threads: Vec<MyThread> = Vec::new();
    for post in session.sent_posts(list.id, LATELY)? {
        let Head { author, subject, thread } = Head::of(session, &post)?;
        // A post that names no message is in no thread that could be muted.
        let Some(root) = thread.first().filter(|root| !root.is_empty()) else { continue };
        let is_muted = thread.iter().any(|id| muted.contains(id));
        if let Some(known) = threads.iter_mut().find(|known| known.thread == *root) {
            known.posts += 1;
            known.muted |= is_muted;
        } else {
            let (thread, latest) = (root.clone(), Time(post.received));
            threads.push(MyThread { thread, subject, author, latest, posts: 1, muted: is_muted });
        }
    }
    Ok(threads)
}

/// The Message-IDs of a thread, of which one is known, as far as its posts are kept: a mute may name any of them.
pub fn thread_of(session: &dyn Session, list: &ListRow, id: &str) -> Result<Vec<String>, Failed> {
    let mut ids = vec![id.to_owned()];
    for post in session.sent_posts(list.id, LATELY)? {
        let thread = Head::of(session, &post)?.thread;
        if thread.iter().any(|one| one == id) {
            ids.extend(thread);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
