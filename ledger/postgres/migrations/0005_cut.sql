-- Up to where the journal was cut, and the hash that its first record follows.
-- +goose Up
CREATE TABLE cut (id BIGINT PRIMARY KEY CHECK (id = 1), pos BIGINT NOT NULL, hash BYTEA NOT NULL);
INSERT INTO cut (id, pos, hash) VALUES (1, 0, '');

-- +goose Down
DROP TABLE cut;
