-- Each webhook is served by itself, keeps a delivery over its retries, and ends
-- with the key that made it.
-- +goose Up
ALTER TABLE subscriptions ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE subscriptions ADD COLUMN previous BYTEA NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN again BYTEA NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN progress BYTEA NOT NULL DEFAULT '';
CREATE INDEX subscriptions_caller ON subscriptions (caller, id);
CREATE INDEX subscriptions_key ON subscriptions (key_id);
CREATE TABLE subscriptions_version (id BIGINT PRIMARY KEY CHECK (id = 1), value BIGINT NOT NULL);
INSERT INTO subscriptions_version (id, value) VALUES (1, 1);

-- Which callers have events in which 256 records of the journal, so that the
-- reader of one caller's events passes over the rest. The caller '' stands for
-- any: it marks the records from before this table.
CREATE TABLE journal_callers (caller TEXT NOT NULL, block BIGINT NOT NULL, PRIMARY KEY (caller, block));
INSERT INTO journal_callers (caller, block)
    SELECT '', n FROM generate_series(0, (SELECT pos >> 8 FROM head)) n WHERE (SELECT pos FROM head) > 0;

-- +goose Down
DROP TABLE journal_callers; DROP TABLE subscriptions_version;
DROP INDEX subscriptions_key; DROP INDEX subscriptions_caller;
ALTER TABLE subscriptions DROP COLUMN progress; ALTER TABLE subscriptions DROP COLUMN again;
ALTER TABLE subscriptions DROP COLUMN previous; ALTER TABLE subscriptions DROP COLUMN revision;
ALTER TABLE subscriptions DROP COLUMN key_id;
