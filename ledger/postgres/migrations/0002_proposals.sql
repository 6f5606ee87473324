-- How policies come into force. created: microseconds since 1970.
-- +goose Up
CREATE TABLE proposals (
    id      TEXT   PRIMARY KEY,
    version BIGINT NOT NULL,
    state   TEXT   NOT NULL,
    created BIGINT NOT NULL,
    doc     BYTEA  NOT NULL
);
CREATE INDEX proposals_created ON proposals (created);

-- +goose Down
DROP TABLE proposals;
