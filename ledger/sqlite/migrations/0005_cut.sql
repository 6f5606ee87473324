-- Up to where the journal was cut, and the hash that its first record follows.
-- +goose Up
CREATE TABLE cut (id INTEGER PRIMARY KEY CHECK (id = 1), pos INTEGER NOT NULL, hash BLOB NOT NULL);
INSERT INTO cut (id, pos, hash) VALUES (1, 0, x'');

-- +goose Down
DROP TABLE cut;
