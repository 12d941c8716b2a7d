-- How a list looks after itself: what comes back of its mail, and digests.

-- disabled: since when mail to the member is stopped, because it came back or the member complained; 0 if it is not.
ALTER TABLE member ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

-- It counted reports by the recipient that their address named, whether or not that was true.
DROP TABLE bounce;

-- One row for each recipient that a report names, or that the next hop refused. key '' if it is no member.
-- outcome: what followed, in the word of bounce::Outcome. points: what it added to the score, in hundredths.
-- post_id: the post that came back, 0 if that is not known. report_id: the report; 0 for what the next hop said itself.
CREATE TABLE bounce (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    list_id    INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    outcome    TEXT    NOT NULL,
    class      TEXT    NOT NULL,
    hard       INTEGER NOT NULL,
    status     TEXT    NOT NULL,
    diagnostic TEXT    NOT NULL,
    points     INTEGER NOT NULL,
    post_id    INTEGER NOT NULL,
    report_id  INTEGER NOT NULL
) STRICT;
CREATE INDEX bounce_by_member ON bounce (list_id, key);
CREATE INDEX bounce_by_post ON bounce (post_id, outcome) WHERE post_id > 0;
CREATE INDEX bounce_by_key ON bounce (key);

-- Members whose mail came back. score: in hundredths, as it was at `scored`. due: when something is to be done about the
-- member; 0 for nothing. stage: fine, probed, disabled. warnings: how often the member was told.
CREATE TABLE bouncing (
    list_id  INTEGER NOT NULL,
    key      TEXT    NOT NULL,
    score    INTEGER NOT NULL,
    scored   INTEGER NOT NULL,
    stage    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    PRIMARY KEY (list_id, key),
    FOREIGN KEY (list_id, key) REFERENCES member (list_id, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX bouncing_due ON bouncing (due) WHERE due > 0;

-- Where a list's digests have come to; a row from the day on which a member first wants them. last_post: the newest post that was looked at for the last one; what was held then
-- and approved later is found by held.digested.
CREATE TABLE digest (
    list_id   INTEGER NOT NULL PRIMARY KEY REFERENCES list (id) ON DELETE CASCADE,
    volume    INTEGER NOT NULL,
    issue     INTEGER NOT NULL,
    last_post INTEGER NOT NULL,
    sent      INTEGER NOT NULL
) STRICT;
INSERT INTO digest (list_id, volume, issue, last_post, sent)
SELECT list_id, 0, 0, coalesce((SELECT min(id) - 1 FROM post WHERE post.list_id = member.list_id AND kind = 'post' AND state = 0),
    (SELECT max(id) FROM post), 0), unixepoch() FROM member WHERE mode = 'digest' GROUP BY list_id;
ALTER TABLE held ADD COLUMN digested INTEGER NOT NULL DEFAULT 0;
UPDATE held SET digested = 1 WHERE action IN ('approve', 'trust');
CREATE INDEX held_approved ON held (list_id, post_id) WHERE digested = 0 AND action IN ('approve', 'trust');
