-- Of equal priority, what expires first goes first. 0 of a touch is never; waits
-- tell expiries apart coarsely, and never is the last of all.
-- +goose Up
ALTER TABLE touches ADD COLUMN expires BIGINT NOT NULL DEFAULT 0;
ALTER TABLE waits ADD COLUMN expires BIGINT NOT NULL DEFAULT 9223372036854775807;
DROP INDEX waits_due;
CREATE INDEX waits_due ON waits (lane, priority, expires, due, id) WHERE stage = 0;

-- +goose Down
DROP INDEX waits_due;
ALTER TABLE waits DROP COLUMN expires;
ALTER TABLE touches DROP COLUMN expires;
CREATE INDEX waits_due ON waits (lane, priority, due, id) WHERE stage = 0;
