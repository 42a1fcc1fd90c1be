-- +goose Up
CREATE TABLE hits (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    received   INTEGER NOT NULL, -- microseconds since 1970, UTC
    made       INTEGER,          -- the same, as the pixel says; null when it does not
    dialect    TEXT    NOT NULL,
    track      TEXT    NOT NULL,
    page       TEXT    NOT NULL,
    visitor    TEXT,             -- null when anonymous
    anonymous  INTEGER NOT NULL,
    transport  TEXT    NOT NULL,
    parameters TEXT    NOT NULL, -- JSON object
    refused    TEXT              -- null when accepted
);
CREATE INDEX hits_of_track ON hits (track, id);

-- +goose Down
DROP TABLE hits;
