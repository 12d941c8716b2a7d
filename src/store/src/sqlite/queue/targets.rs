//! Whom a message is for, as queries.

use crate::model::*;

/// Where a forwarded message goes: the list's owners, or where it has none the site's admins.
const OWNERS: &str = "SELECT key, address FROM role WHERE role = 'owner' AND list_id = ?1
    UNION SELECT key, address FROM role WHERE role = 'admin' AND list_id = 0
        AND NOT EXISTS (SELECT 1 FROM role WHERE role = 'owner' AND list_id = ?1)";

/// Members who want posts, and to whom mail is not stopped.
const MEMBERS: &str = "SELECT key, address FROM member
    WHERE list_id = ?1 AND mode NOT IN ('nomail', 'digest', 'plain-digest') AND away_until <= ?2 AND disabled = 0";

/// Those of [`MEMBERS`] whose wishes do not keep this post from them. There are few others, and SQLite collects their keys
/// once for each batch instead of asking at every member.
const WILLING: &str = "SELECT key, address FROM member
    WHERE list_id = ?1 AND mode NOT IN ('nomail', 'digest', 'plain-digest') AND away_until <= ?2 AND disabled = 0
    AND key NOT IN (
        SELECT author.key FROM member AS author
            WHERE author.list_id = ?1 AND author.own_posts = 0 AND author.key IN (SELECT value FROM json_each(?3))
        UNION ALL
        SELECT mute.key FROM mute WHERE mute.list_id = ?1 AND mute.thread IN (SELECT value FROM json_each(?4)))";

/// Members who want digests of one kind.
const DIGEST: &str = "SELECT key, address FROM member
    WHERE list_id = ?1 AND mode = 'digest' AND away_until <= ?2 AND disabled = 0";

/// The same for the other kind.
const PLAIN_DIGEST: &str = "SELECT key, address FROM member
    WHERE list_id = ?1 AND mode = 'plain-digest' AND away_until <= ?2 AND disabled = 0";

/// The query for everybody who is to get the message; `None` where nobody does, or they are named with it. Its parameters
/// are the list, the time, the authors and the thread, though it need not use all.
pub(super) fn targets_of(audience: &Audience) -> Option<&'static str> {
    match audience.kind {
        PostKind::Post if audience.authors.is_empty() && audience.thread.is_empty() => Some(MEMBERS),
        PostKind::Post => Some(WILLING),
        PostKind::Digest => Some(DIGEST),
        PostKind::PlainDigest => Some(PLAIN_DIGEST),
        PostKind::Owner => Some(OWNERS),
        PostKind::Command | PostKind::Bounce | PostKind::Notice => None,
    }
}
