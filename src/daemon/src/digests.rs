//! Digests: when one is due, what is in it, and how it gets into the queue.
//!
//! A digest is written outside the transaction that stores it, since that takes a while; the transaction then looks whether
//! the list's digests are still where they were. So nothing is in two digests or in none, whenever the daemon ends.

use std::sync::Arc;

use mailjam_core::compose::{self, Context};
use mailjam_core::digest::{Digest, Form, Issue, Written};
use mailjam_core::template::Name;
use mailjam_store::{Audience, DigestRow, Error, ListKey, ListRow, NewDigest, PostKind, PostRow, Session};

use crate::config::Config;
use crate::daemon::{Daemon, now};
use crate::letters;

/// Posts of one digest at most.
const POSTS: u32 = 1000;

/// Octets of one digest, more or less: mail systems take some ten million. What is left is enough for the next, as a rule.
const OCTETS: u64 = 8 << 20;

/// The two kinds, and how each is written.
const KINDS: [(PostKind, Form); 2] = [(PostKind::Digest, Form::Mime), (PostKind::PlainDigest, Form::Plain)];

/// What waits for a list's next digest.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Where the list's digests have come to; `None` if no member ever wanted any.
    pub last: Option<DigestRow>,
    /// The posts, the oldest first, with the octets of each.
    pub posts: Vec<(i64, u64)>,
    /// Unix seconds when the oldest came in; 0 without.
    pub oldest: i64,
}

impl Waiting {
    /// Octets in all.
    pub fn octets(&self) -> u64 {
        self.posts.iter().map(|(_, octets)| octets).sum()
    }

    /// When the next digest goes out, unless there are enough posts before; 0 if nothing waits.
    pub fn next(&self, list: &ListRow) -> i64 {
        if self.posts.is_empty() { 0 } else { self.oldest + list.list.settings.digest_period }
    }

    /// Whether it is time.
    fn is_due(&self, list: &ListRow) -> bool {
        !self.posts.is_empty()
            && (self.next(list) <= now()
                || self.octets() >= list.list.settings.digest_size
                || self.posts.len() >= POSTS as usize)
    }
}

/// What waits for the next digest of a list.
pub fn waiting(session: &dyn Session, list: ListKey) -> Result<Waiting, Error> {
    let last = session.digest(list)?;
    let posts = session.undigested(list, POSTS)?;
    let oldest = match posts.first() {
        Some((id, _)) => session.post(*id)?.map_or(0, |post| post.received),
        None => 0,
    };
    Ok(Waiting { last, posts, oldest })
}

/// Sends the digests that are due; answers whether there were any.
pub async fn send_due(daemon: &Arc<Daemon>) -> Result<bool, Error> {
    let due = daemon.store.read(|session| {
        let mut due = Vec::new();
        for row in session.digests()? {
            // A list that cannot be read must not keep the others waiting.
            let looked = session.list_by_key(row.list).and_then(|list| Ok(list.zip(Some(waiting(session, row.list)?))));
            match looked {
                Ok(Some((list, waiting))) if waiting.is_due(&list) => due.push((list, waiting)),
                Ok(_) => {}
                Err(error) => tracing::error!("digests of list number {} are not looked at: {error}", row.list),
            }
        }
        Ok::<_, Error>(due)
    });
    let mut sent = false;
    for (list, waiting) in due.await? {
        let address = list.list.address.clone();
        // One that cannot be written must not keep the others waiting.
        match send(daemon, list, waiting).await {
            Ok(posts) => sent |= posts > 0,
            Err(error) => tracing::error!("the digest of {address} is not sent: {error}"),
        }
    }
    Ok(sent)
}

/// Sends a list's next digest to those who want one of its kinds; answers how many posts are in it. 0 if another one was
/// sent meanwhile, or nothing waits.
pub async fn send(daemon: &Arc<Daemon>, list: ListRow, waiting: Waiting) -> Result<usize, Error> {
    let Some(last) = waiting.last else { return Ok(0) };
    let Some(next) = following(last, &waiting) else { return Ok(0) };
    let posts = taken(&waiting.posts);
    let count = posts.len();
    let ids: Vec<i64> = posts.iter().map(|(id, _)| *id).collect();
    let mut digests = Vec::new();
    for (kind, form) in KINDS {
        let audience = Audience::of(list.id, kind, now());
        if daemon.store.read(move |session| session.target_count(&audience)).await? > 0 {
            let written = write(daemon, &list, posts, next, form).await?;
            digests.push(NewDigest {
                list: list.id,
                kind,
                message_id: written.message_id,
                at: now(),
                bytes: written.bytes,
            });
        }
    }
    let stored = daemon.store.write(move |session| {
        if session.digest(list.id)? != Some(last) {
            return Ok(false);
        }
        for digest in &digests {
            session.add_digest(digest)?;
        }
        session.put_digest(&next, &ids)?;
        Ok::<_, Error>(true)
    });
    let stored = stored.await?;
    daemon.work.notify_one();
    Ok(if stored { count } else { 0 })
}

/// A digest as it would go out now, and how many posts are in it.
pub async fn preview(daemon: &Arc<Daemon>, list: &ListRow, waiting: &Waiting) -> Result<(usize, Vec<u8>), Error> {
    let last = waiting.last.unwrap_or(DigestRow { list: list.id, ..DigestRow::default() });
    let Some(next) = following(last, waiting) else { return Ok((0, Vec::new())) };
    let posts = taken(&waiting.posts);
    let written = write(daemon, list, posts, next, Form::Mime).await?;
    Ok((posts.len(), written.bytes))
}

/// As many posts as one digest takes.
fn taken(posts: &[(i64, u64)]) -> &[(i64, u64)] {
    let mut octets = 0;
    let fitting = posts.iter().take_while(|(_, size)| {
        octets += size;
        octets <= OCTETS
    });
    // At least one, however large.
    &posts[..fitting.count().max(1).min(posts.len())]
}

/// Where a list's digests are after this one; `None` if nothing waits.
fn following(last: DigestRow, waiting: &Waiting) -> Option<DigestRow> {
    // A post that was approved late has a lower number than what was looked at before.
    let newest = taken(&waiting.posts).iter().map(|(id, _)| *id).max()?;
    let volume = year(now());
    let issue = if volume == last.volume { last.issue + 1 } else { 1 };
    Some(DigestRow { list: last.list, volume, issue, last_post: newest.max(last.last_post), sent: now() })
}

/// The year, which is the volume.
fn year(now: i64) -> u32 {
    let date = mailjam_rpc::Time(now).to_string();
    date.split('-').next().and_then(|year| year.parse().ok()).unwrap_or_default()
}

/// Writes a digest, reading one post after the other.
async fn write(
    daemon: &Arc<Daemon>,
    list: &ListRow,
    posts: &[(i64, u64)],
    row: DigestRow,
    form: Form,
) -> Result<Written, Error> {
    let texts = own_texts(daemon, list).await?;
    let (list, posts, config, store) = (list.clone(), posts.to_vec(), daemon.config(), daemon.store.clone());
    let written = tokio::task::spawn_blocking(move || {
        let language = list.list.settings.language.clone();
        let own = |_: Name, _: &str| texts.clone();
        let issue = Issue {
            list: &list.list,
            volume: row.volume,
            number: row.issue,
            now: row.sent,
            seed: getrandom::u64().unwrap_or_default(),
            texts: &own,
            language: "",
            left_out: &|name| mailjam_core::phrases::left_out(&language, name),
        };
        let octets = usize::try_from(posts.iter().map(|(_, octets)| octets).sum::<u64>()).unwrap_or_default();
        let mut digest = Digest::new(issue, form, posts.len(), octets);
        for (id, _) in posts {
            let found = store.read_blocking(|session| Ok::<_, Error>(session.post(id)?.zip(session.message(id)?)))?;
            // One that was dropped meanwhile is in no digest.
            if let Some((post, bytes)) = found {
                digest.add(&copy(&config, &list, &post, bytes));
            }
        }
        digest.finish().map_err(|error| Error::Unreadable {
            what: format!("the text \"digest\" of {}", list.list.address),
            detail: error.to_string(),
        })
    });
    written.await.map_err(|_| Error::Unreadable {
        what: format!("a digest of list number {}", row.list),
        detail: "writing it made the code panic; please report it".to_owned(),
    })?
}

/// A post as members have it, but for the list's text above and below, which the digest's own stands for.
fn copy(config: &Config, list: &ListRow, post: &PostRow, bytes: Vec<u8>) -> Vec<u8> {
    let context = Context {
        now: post.received,
        post_id: post.id,
        authserv_id: &config.authentication.authserv_id,
        rewrite_from: false,
        one_click: false,
    };
    compose::post_copy(&bytes, &list.list, &context, false).map_or(bytes, |(copy, _)| copy)
}

/// The text that somebody wrote in place of the one that comes with mailjam.
async fn own_texts(daemon: &Arc<Daemon>, list: &ListRow) -> Result<Option<String>, Error> {
    let list = list.clone();
    let found = daemon
        .store
        .read(move |session| letters::own_text(session, &list, Name::Digest.name(), &list.list.settings.language));
    found.await
}
