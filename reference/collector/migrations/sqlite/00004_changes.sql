-- When a site was last saved, and which of a site's hits were refused: for its pages.

-- +goose Up
ALTER TABLE sites ADD COLUMN saved INTEGER; -- milliseconds since 1970, UTC; null when it never was
CREATE INDEX hits_refused ON hits (track, id) WHERE refused IS NOT NULL;

-- +goose Down
DROP INDEX hits_refused;
ALTER TABLE sites DROP COLUMN saved;
