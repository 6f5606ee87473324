-- What a stop holds back is parked under the stop's name, and goes on when it ends.
-- A campaign knows its latest change, so that nodes read only what is new.
-- +goose Up
ALTER TABLE waits ADD COLUMN hold TEXT NOT NULL DEFAULT '';
CREATE INDEX waits_hold ON waits (hold) WHERE hold <> '';
ALTER TABLE campaigns ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX campaigns_changed ON campaigns (changed) WHERE changed > 0;
CREATE TABLE campaign_changes (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL);
INSERT INTO campaign_changes (id, n) VALUES (1, 0);

-- +goose Down
DROP TABLE campaign_changes;
DROP INDEX campaigns_changed;
ALTER TABLE campaigns DROP COLUMN changed;
DROP INDEX waits_hold;
ALTER TABLE waits DROP COLUMN hold;
