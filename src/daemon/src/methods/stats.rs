//! `list.stats`: what happened on a list in the last days.

use std::collections::BTreeSet;

use mailjam_core::member::DAY;
use mailjam_rpc::Code;
use mailjam_rpc::records::ListStats;
use mailjam_store::Session;

use super::{Failed, count, list};
use crate::daemon::now;

/// Days told of, at most.
const MOST: i32 = 3660;

/// Counts what is stored.
pub fn stats(session: &dyn Session, name: &str, days: i32) -> Result<ListStats, Failed> {
    let row = list(session, name)?;
    if !(1..=MOST).contains(&days) {
        return Err(Failed::new(Code::InvalidParameters, format!("days: {days} is not between 1 and {MOST}")));
    }
    // Whole days of UTC, today as the last.
    let first = now() / DAY - i64::from(days) + 1;
    let counts = session.list_counts(row.id, first * DAY, now())?;
    let mut daily = vec![0_i32; usize::try_from(days).unwrap_or_default()];
    let (mut octets, mut delivered, mut refused) = (0, 0, 0);
    let mut posters = BTreeSet::new();
    for (received, size, sender, sent, lost) in &counts.posts {
        if let Some(day) = usize::try_from(received / DAY - first).ok().and_then(|day| daily.get_mut(day)) {
            *day += 1;
        }
        octets += size;
        delivered += sent;
        refused += lost;
        posters.insert(sender.to_lowercase());
    }
    let mut bounces = vec![0_i32; daily.len()];
    for at in &counts.bounces {
        if let Some(day) = usize::try_from(at / DAY - first).ok().and_then(|day| bounces.get_mut(day)) {
            *day += 1;
        }
    }
    let [post, digest, nomail] = counts.modes;
    Ok(ListStats {
        days,
        members: count(row.members),
        post: count(post),
        digest: count(digest),
        nomail: count(nomail),
        away: count(counts.away),
        joined: count(counts.joined),
        left: count(counts.left),
        posts: count(counts.posts.len()),
        octets: octets.to_string(),
        posters: count(posters.len()),
        delivered: count(delivered),
        refused: count(refused),
        held: count(counts.held),
        pending: count(counts.pending),
        daily,
        bounces,
    })
}
