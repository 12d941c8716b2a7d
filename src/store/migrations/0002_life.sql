-- What a list's life by mail needs: wishes of members, posts that wait for a moderator, bans, requests, templates, the
-- audit, and what keeps track of people's data. `post.state` has one more value: 4 held, with `next_attempt` NULL.
-- `post` gets no index: each hand-over would have to write it.

-- posting: the exception from the list's post policy. approved: posts that moderators approved.
ALTER TABLE member ADD COLUMN language   TEXT    NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN away_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN own_posts  INTEGER NOT NULL DEFAULT 1;
ALTER TABLE member ADD COLUMN posting    TEXT    NOT NULL DEFAULT 'default';
ALTER TABLE member ADD COLUMN approved   INTEGER NOT NULL DEFAULT 0;

-- Why a post waits, and what was decided. No reference to the post, and its Message-ID, size and date repeated: a
-- decision is told of when the post has gone. action '' is undecided.
CREATE TABLE held (
    post_id    INTEGER NOT NULL PRIMARY KEY,
    list_id    INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    message_id TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    rule       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    poster     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    answerable INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    told       INTEGER NOT NULL DEFAULT 0,
    action     TEXT    NOT NULL DEFAULT '',
    decided_by TEXT    NOT NULL DEFAULT '',
    decided_at INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Decisions are many and seldom asked for, posts that wait are few and often. The second index is not written when a
-- post is held.
CREATE INDEX held_waiting ON held (list_id) WHERE action = '';
CREATE INDEX held_told ON held (list_id, told) WHERE told > 0;

-- list_id 0 is the site.
CREATE TABLE ban (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    list_id  INTEGER NOT NULL,
    pattern  TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    until    INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    added_by TEXT    NOT NULL,
    UNIQUE (list_id, pattern)
) STRICT;
-- Every hand-over asks for all patterns, but only for few of the addresses.
CREATE INDEX ban_pattern ON ban (list_id) WHERE pattern GLOB '*[*?]*';

CREATE TABLE request (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    list_id   INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    address   TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    mode      TEXT    NOT NULL,
    language  TEXT    NOT NULL,
    waits_for TEXT    NOT NULL,
    asked     INTEGER NOT NULL,
    UNIQUE (list_id, key)
) STRICT;

-- Of the site (list_id 0, domain ''), a domain (list_id 0) or a list (domain '').
CREATE TABLE template (
    list_id  INTEGER NOT NULL,
    domain   TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    language TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (list_id, domain, name, language)
) STRICT, WITHOUT ROWID;

-- In the order in which a post asks. It goes with the membership; that, and erasing, is what the index is for.
CREATE TABLE mute (
    list_id INTEGER NOT NULL,
    thread  TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (list_id, thread, key),
    FOREIGN KEY (list_id, key) REFERENCES member (list_id, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX mute_by_key ON mute (key, list_id);

-- Each entry is chained to the one before: `chain` is the digest of that one's and of all the entry's other columns,
-- `payload` the salted digest of what stands in audit_payload, which can be erased without breaking the chain. The
-- numbers have no gaps, and sqlite_sequence knows the last one: what was cut off is missed.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    action  TEXT    NOT NULL,
    list_id INTEGER NOT NULL,
    payload BLOB    NOT NULL,
    chain   BLOB    NOT NULL
) STRICT;
CREATE INDEX audit_by_list ON audit (list_id);

CREATE TABLE audit_payload (
    audit_id     INTEGER NOT NULL PRIMARY KEY,
    salt         BLOB    NOT NULL,
    who          TEXT    NOT NULL,
    how          TEXT    NOT NULL,
    list_address TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    before       TEXT    NOT NULL,
    after        TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_payload_by_who ON audit_payload (who);
CREATE INDEX audit_payload_by_target ON audit_payload (target);

-- Salted hashes of addresses that were erased on demand.
CREATE TABLE tombstone (
    hash BLOB    NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Made at random when the database is opened.
CREATE TABLE secret (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was counted in the last window of so many seconds; it ended at start + seconds.
CREATE TABLE counter (
    what    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    seconds INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (what, key, seconds)
) STRICT, WITHOUT ROWID;
