-- Each webhook is served by itself, keeps a delivery over its retries, and ends
-- with the key that made it.
-- +goose Up
ALTER TABLE subscriptions ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE subscriptions ADD COLUMN previous BLOB NOT NULL DEFAULT x'';
ALTER TABLE subscriptions ADD COLUMN again BLOB NOT NULL DEFAULT x'';
ALTER TABLE subscriptions ADD COLUMN progress BLOB NOT NULL DEFAULT x'';
CREATE INDEX subscriptions_caller ON subscriptions (caller, id);
CREATE INDEX subscriptions_key ON subscriptions (key_id);
CREATE TABLE subscriptions_version (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL);
INSERT INTO subscriptions_version (id, value) VALUES (1, 1);

-- Which callers have events in which 256 records of the journal, so that the
-- reader of one caller's events passes over the rest. The caller '' stands for
-- any: it marks the records from before this table.
CREATE TABLE journal_callers (caller TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (caller, block)) WITHOUT ROWID;
INSERT INTO journal_callers (caller, block)
    WITH RECURSIVE b (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM b WHERE n < (SELECT pos >> 8 FROM head))
    SELECT '', n FROM b WHERE (SELECT pos FROM head) > 0;

-- +goose Down
DROP TABLE journal_callers; DROP TABLE subscriptions_version;
DROP INDEX subscriptions_key; DROP INDEX subscriptions_caller;
ALTER TABLE subscriptions DROP COLUMN progress; ALTER TABLE subscriptions DROP COLUMN again;
ALTER TABLE subscriptions DROP COLUMN previous; ALTER TABLE subscriptions DROP COLUMN revision;
ALTER TABLE subscriptions DROP COLUMN key_id;
