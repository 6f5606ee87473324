-- How policies come into force. created: microseconds since 1970.
-- +goose Up
CREATE TABLE proposals (
    id      TEXT    PRIMARY KEY,
    version INTEGER NOT NULL,
    state   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    doc     BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX proposals_created ON proposals (created);

-- +goose Down
DROP TABLE proposals;
