-- The dialect piwikpro: sites, sessions of their visitors, and what these come to.
-- Times are UTC, in milliseconds since 1970. Nothing here holds the address of a
-- visitor who has not agreed, nor anything by which he could be known again.

-- +goose Up
-- What hangs on a site names its number: an ID would make up most of a row.
CREATE TABLE sites (
    number             INTEGER PRIMARY KEY AUTOINCREMENT,
    id                 TEXT    NOT NULL UNIQUE,
    name               TEXT    NOT NULL,
    anonymous_tracking INTEGER NOT NULL
);

CREATE TABLE visitor_sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    site       INTEGER NOT NULL,
    visitor    TEXT,             -- null when anonymous
    anonymous  INTEGER NOT NULL,
    fresh      INTEGER NOT NULL, -- counts as a new visitor's
    began      INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    page_views INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    country    TEXT    NOT NULL,
    city       TEXT    NOT NULL,
    address    TEXT    NOT NULL  -- zeros when anonymous
);
CREATE INDEX visitor_sessions_of_visitor ON visitor_sessions (visitor, site, began) WHERE visitor IS NOT NULL;
CREATE INDEX visitor_sessions_of_site ON visitor_sessions (site, began, id);

-- What joins the hits of an anonymous session while it can live: a hash of the site and
-- of the temporary cookie's value.
CREATE TABLE anonymous_keys (
    hash    TEXT    NOT NULL PRIMARY KEY,
    session INTEGER,          -- null when there is none yet, and once its visitor has agreed
    visitor TEXT,             -- who has agreed; null when nobody has
    drops   INTEGER NOT NULL  -- when the row goes, by the collector's clock
) WITHOUT ROWID;
CREATE INDEX anonymous_keys_by_end ON anonymous_keys (drops);

-- Hits that have been counted, so that one that is sent again is not: when it was made, and
-- a hash. It goes an hour later.
CREATE TABLE counted_hits (
    hash TEXT    NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- What the sessions that began on a day come to, kept with each change of a session.
CREATE TABLE site_days (
    site                INTEGER NOT NULL,
    day                 INTEGER NOT NULL, -- since 1970
    anonymous           INTEGER NOT NULL,
    country             TEXT    NOT NULL,
    city                TEXT    NOT NULL,
    sessions            INTEGER NOT NULL,
    page_views          INTEGER NOT NULL,
    events              INTEGER NOT NULL,
    milliseconds        INTEGER NOT NULL, -- from the first event of a session to its last
    new_visitors        INTEGER NOT NULL,
    returning_visitors  INTEGER NOT NULL,
    PRIMARY KEY (site, day, anonymous, country, city)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE site_days;
DROP TABLE counted_hits;
DROP TABLE anonymous_keys;
DROP TABLE visitor_sessions;
DROP TABLE sites;
