-- Touches that were put aside, and when: what redrive looks through. A row may
-- outlive the state, which the touch's progress tells.
-- +goose Up
CREATE TABLE dead (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL);
INSERT INTO dead (seq, at) SELECT seq, 0 FROM progress WHERE state = 'dead';

-- +goose Down
DROP TABLE dead;
