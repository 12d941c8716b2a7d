-- People who log in to the web client. What somebody may do stands in `role`, the site's admins included, and nowhere here.

-- Those who have a password, or whom an administrator wanted to have an account; others log in by mailed links alone.
-- password: argon2id as a PHC string; '' for none. last_login: 0 for never.
CREATE TABLE account (
    key        TEXT    NOT NULL PRIMARY KEY,
    address    TEXT    NOT NULL,
    password   TEXT    NOT NULL,
    locked     INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    last_login INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sessions, by the SHA-256 of the token. There need be no account: members have sessions too. by_link: opened by a mailed
-- link, not by a password. network and agent: from where and with what, for the person to look at.
CREATE TABLE login (
    hash    BLOB    NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL,
    address TEXT    NOT NULL,
    by_link INTEGER NOT NULL,
    opened  INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    network TEXT    NOT NULL,
    agent   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_by_key ON login (key);

-- Links that were mailed and not used yet, by the SHA-256 of the token: one that is used is removed, and so works once.
CREATE TABLE login_link (
    hash    BLOB    NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL,
    address TEXT    NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_link_by_key ON login_link (key);

-- Each call of somebody who is logged in asks for the roles of that one.
CREATE INDEX role_by_key ON role (key);
