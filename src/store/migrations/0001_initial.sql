-- Times are seconds since 1970-01-01T00:00:00Z. A `key` is an address in the form in which addresses are compared.

CREATE TABLE domain (
    name        TEXT    NOT NULL PRIMARY KEY,
    description TEXT    NOT NULL DEFAULT '',
    created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `members` counts the rows in `member`, so that an index page of a thousand lists needs no scan of all members.
CREATE TABLE list (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    domain   TEXT    NOT NULL REFERENCES domain (name),
    key      TEXT    NOT NULL UNIQUE,
    address  TEXT    NOT NULL,
    list_id  TEXT    NOT NULL UNIQUE,
    closed   INTEGER NOT NULL DEFAULT 0,
    settings TEXT    NOT NULL DEFAULT '{}',
    revision INTEGER NOT NULL DEFAULT 1,
    members  INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX list_by_domain ON list (domain);

-- In the order of the primary key a post walks through the members, and its cursor is a key.
CREATE TABLE member (
    list_id INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    address TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    mode    TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (list_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_key ON member (key);

-- list_id 0 is the site.
CREATE TABLE role (
    list_id INTEGER NOT NULL,
    key     TEXT    NOT NULL,
    role    TEXT    NOT NULL,
    address TEXT    NOT NULL,
    PRIMARY KEY (list_id, role, key)
) STRICT, WITHOUT ROWID;

-- One row for what was handed over, and with it the expansion: cursor and counts. The bytes stand apart, or every step
-- of the cursor would write them again.
-- state: 0 sending, 1 waiting for deferred recipients, 2 done, 3 quarantined.
-- next_attempt: when there is something to do; of a waiting post, the earliest of its recipients. NULL: nothing to do.
-- finished: NULL until done.
CREATE TABLE post (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    list_id      INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL,
    sender       TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    received     INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    cursor       TEXT    NOT NULL DEFAULT '',
    delivered    INTEGER NOT NULL DEFAULT 0,
    refused      INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER DEFAULT 0,
    last_error   TEXT    NOT NULL DEFAULT '',
    finished     INTEGER
) STRICT;
-- Every index is a page more to write and sync for a hand-over: lists are deleted, and old hand-overs removed, without.
-- SQLite uses a partial index only where a query repeats the index's WHERE word for word.
CREATE INDEX post_unfinished ON post (next_attempt) WHERE state <> 2;
CREATE INDEX post_finished ON post (finished) WHERE state = 2;

CREATE TABLE message (
    post_id INTEGER NOT NULL PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE,
    bytes   BLOB    NOT NULL
) STRICT;

-- Hand-overs that were accepted, so that a repeated one is one post.
CREATE TABLE handover (
    key      BLOB    NOT NULL PRIMARY KEY,
    post_id  INTEGER NOT NULL,
    received INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only recipients that were deferred or refused.
CREATE TABLE recipient (
    post_id      INTEGER NOT NULL REFERENCES post (id) ON DELETE CASCADE,
    key          TEXT    NOT NULL,
    address      TEXT    NOT NULL,
    refused      INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    first        INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    reply        TEXT    NOT NULL,
    PRIMARY KEY (post_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_waiting ON recipient (post_id, next_attempt) WHERE refused = 0;

-- Delivery reports, counted by the recipient that their address names; key '' counts those that name none.
CREATE TABLE bounce (
    list_id   INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    count     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    last_post INTEGER NOT NULL,
    PRIMARY KEY (list_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id      TEXT    NOT NULL PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE,
    label   TEXT    NOT NULL,
    scopes  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
