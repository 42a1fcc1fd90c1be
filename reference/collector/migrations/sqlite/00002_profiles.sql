-- Times are UTC: received and created in microseconds since 1970, by the
-- collector's clock; made, first, began and what is said of identifications in
-- milliseconds, as the page says. Keys begin with what tells most apart, never with
-- the portal: there may be only one.

-- +goose Up
-- An event of the antsomi dialect, once, however often it was delivered.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    portal     TEXT    NOT NULL,
    mid        TEXT,             -- null when the event has no ID of its own
    uid        TEXT,             -- null when the event belongs to no profile
    did        TEXT    NOT NULL, -- empty when there is none
    category   TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    made       INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    url        TEXT    NOT NULL,
    ref        TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    sys        TEXT    NOT NULL, -- JSON as sent; empty when it was not
    dims       TEXT    NOT NULL,
    extra      TEXT    NOT NULL,
    items      TEXT    NOT NULL,
    identified INTEGER           -- the identify time, where the event identifies
);
CREATE INDEX events_of_message ON events (mid, portal);
CREATE INDEX events_of_user ON events (uid, portal, id);

-- A user ID: an anonymous profile, or a part of a customer's. Whatever happens
-- to it hangs on it; who it belongs to stands here alone.
CREATE TABLE users (
    portal     TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    cid        TEXT,             -- null when anonymous
    direct     INTEGER NOT NULL, -- 1 when it was identified itself, 0 when not
    claimed    INTEGER,          -- the identify time of the claim
    created    INTEGER NOT NULL,
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    customer   TEXT    NOT NULL, -- current attributes, JSON by name
    system     TEXT    NOT NULL,
    custom     TEXT    NOT NULL,
    PRIMARY KEY (uid, portal)
) WITHOUT ROWID;
CREATE INDEX users_of_customer ON users (cid, portal);

-- Since when a user ID has been on a device.
CREATE TABLE presence (
    portal     TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    did        TEXT    NOT NULL,
    first      INTEGER NOT NULL,
    PRIMARY KEY (uid, portal, did)
) WITHOUT ROWID;
CREATE INDEX presence_on_device ON presence (did, portal);

CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    portal     TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    began      INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    events     INTEGER NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (uid, portal, began);

CREATE TABLE customers (
    portal     TEXT    NOT NULL,
    cid        TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (cid, portal)
) WITHOUT ROWID;

-- What was said of a device: identifications that are no conflicts.
CREATE TABLE identifications (
    event      INTEGER NOT NULL PRIMARY KEY,
    portal     TEXT    NOT NULL,
    did        TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    cid        TEXT    NOT NULL,
    mid        TEXT    NOT NULL,
    name       TEXT    NOT NULL  -- identify_event
);
CREATE INDEX identifications_on_device ON identifications (did, portal, at, cid);

CREATE TABLE merges (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    portal     TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    cid        TEXT    NOT NULL,
    prior      TEXT,             -- the customer before; null when there was none
    kind       TEXT    NOT NULL,
    received   INTEGER NOT NULL,
    event      INTEGER NOT NULL, -- and what it says:
    mid        TEXT    NOT NULL,
    did        TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    name       TEXT    NOT NULL
);
CREATE INDEX merges_of_user ON merges (uid, portal);
CREATE INDEX merges_into_customer ON merges (cid, portal);
CREATE INDEX merges_from_customer ON merges (prior, portal);

CREATE TABLE conflicts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    portal     TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    holder     TEXT    NOT NULL, -- the customer that the user ID belongs to
    cid        TEXT    NOT NULL,
    received   INTEGER NOT NULL,
    event      INTEGER NOT NULL, -- and what it says:
    mid        TEXT    NOT NULL,
    did        TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    name       TEXT    NOT NULL
);
CREATE INDEX conflicts_of_portal ON conflicts (portal, id);

CREATE INDEX hits_of_dialect ON hits (dialect, id);

-- +goose Down
DROP INDEX hits_of_dialect;
DROP TABLE conflicts;
DROP TABLE merges;
DROP TABLE identifications;
DROP TABLE customers;
DROP TABLE sessions;
DROP TABLE presence;
DROP TABLE users;
DROP TABLE events;
