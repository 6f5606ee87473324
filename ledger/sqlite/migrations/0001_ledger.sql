-- The ledger. Times are microseconds since 1970 in UTC, 0 being none.
-- +goose Up
CREATE TABLE sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sequences (name, value) VALUES ('touches', 0), ('records', 0), ('waits', 0), ('segments', 0);

-- A touch, as it was accepted. It never changes.
CREATE TABLE touches (
    seq      INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL,
    digest   BLOB    NOT NULL,
    campaign INTEGER NOT NULL,
    customer TEXT    NOT NULL,
    priority INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    leg      INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    lane     TEXT    NOT NULL,
    wait     INTEGER NOT NULL,
    record   INTEGER NOT NULL,
    body     BLOB    NOT NULL
);
CREATE UNIQUE INDEX touches_id ON touches (id);
CREATE INDEX touches_customer ON touches (customer);
CREATE INDEX touches_campaign ON touches (campaign);

-- How far a touch has come; absent until its first move.
CREATE TABLE progress (
    seq      INTEGER PRIMARY KEY,
    version  INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    leg      INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    lane     TEXT    NOT NULL,
    wait     INTEGER NOT NULL,
    provider TEXT    NOT NULL,
    contacts BLOB,
    trail    BLOB
);

-- Touches that wait together. stage: 0 waiting, 1 parked, 2 in a segment.
CREATE TABLE waits (
    id       INTEGER PRIMARY KEY,
    origin   INTEGER NOT NULL,
    lane     TEXT    NOT NULL,
    priority INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    campaign INTEGER NOT NULL,
    stage    INTEGER NOT NULL,
    segment  INTEGER NOT NULL,
    seqs     BLOB    NOT NULL
);
CREATE INDEX waits_due ON waits (lane, priority, due, id) WHERE stage = 0;
CREATE INDEX waits_campaign ON waits (campaign, stage) WHERE stage < 2;
CREATE INDEX waits_origin ON waits (origin) WHERE origin <> 0;

-- Touches in a worker's hands, or on the way there. A done one is deleted.
CREATE TABLE segments (
    id          INTEGER PRIMARY KEY,
    lane        TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    claimed     INTEGER NOT NULL,
    worker      TEXT    NOT NULL,
    lease_until INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    crashes     INTEGER NOT NULL,
    waits       BLOB    NOT NULL,
    seqs        BLOB    NOT NULL,
    intents     BLOB
);
CREATE INDEX segments_lane ON segments (lane);

-- What happened: see journal.go.
CREATE TABLE journal (
    pos     INTEGER PRIMARY KEY,
    id      INTEGER NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    callers INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    hash    BLOB    NOT NULL
);
CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), pos INTEGER NOT NULL, hash BLOB NOT NULL);
INSERT INTO head (id, pos, hash) VALUES (1, 0, x'');

-- status: 0 running, 1 paused, 2 cancelled. sweep: Unpark has work here.
CREATE TABLE campaigns (
    no     INTEGER PRIMARY KEY,
    caller TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    sweep  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (caller, name)
);
CREATE INDEX campaigns_stopped ON campaigns (no) WHERE status <> 0;
CREATE INDEX campaigns_sweep ON campaigns (no) WHERE sweep <> 0;
CREATE TABLE counts (
    campaign INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (campaign, state, reason)
) WITHOUT ROWID;

-- Where vendors' ids lead, and the receipts that lead nowhere yet.
CREATE TABLE vendors (key BLOB PRIMARY KEY, seq INTEGER NOT NULL, leg INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE orphans (digest BLOB PRIMARY KEY, key BLOB NOT NULL, at INTEGER NOT NULL, doc BLOB NOT NULL);
CREATE INDEX orphans_key ON orphans (key);
CREATE INDEX orphans_at ON orphans (at);

CREATE TABLE customers (id TEXT PRIMARY KEY, version INTEGER NOT NULL, doc BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE listings (
    list  TEXT    NOT NULL,
    key   TEXT    NOT NULL,
    scope TEXT    NOT NULL,
    until INTEGER NOT NULL,
    doc   BLOB    NOT NULL,
    PRIMARY KEY (list, key, scope)
) WITHOUT ROWID;
CREATE INDEX listings_key ON listings (key);

CREATE TABLE templates (
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    digest  BLOB    NOT NULL,
    doc     BLOB    NOT NULL,
    PRIMARY KEY (name, version)
) WITHOUT ROWID;

CREATE TABLE items (
    id         TEXT    PRIMARY KEY,
    version    INTEGER NOT NULL,
    channel    TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    placement  TEXT    NOT NULL,
    manager    TEXT    NOT NULL,
    claimed_by TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    branch     TEXT    NOT NULL,
    due        INTEGER NOT NULL,
    escalated  INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    doc        BLOB    NOT NULL
);
CREATE INDEX items_customer ON items (customer, channel, created);
CREATE INDEX items_due ON items (channel, due) WHERE due <> 0;

CREATE TABLE keys (
    id      TEXT    PRIMARY KEY,
    hash    BLOB    NOT NULL,
    revoked INTEGER NOT NULL,
    doc     BLOB    NOT NULL
) WITHOUT ROWID;

CREATE TABLE control (id INTEGER PRIMARY KEY CHECK (id = 1), fence INTEGER NOT NULL, policy TEXT NOT NULL);
INSERT INTO control (id, fence, policy) VALUES (1, 1, '');
CREATE TABLE shards (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL);
CREATE TABLE stops (id TEXT PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE policies (hash TEXT PRIMARY KEY, doc BLOB NOT NULL);

-- Who does what only one node may do at a time.
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE subscriptions (
    id       TEXT    PRIMARY KEY,
    caller   TEXT    NOT NULL,
    secret   TEXT    NOT NULL,
    cursor   INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    next_at  INTEGER NOT NULL,
    doc      BLOB    NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE subscriptions; DROP TABLE leases; DROP TABLE policies; DROP TABLE stops; DROP TABLE shards; DROP TABLE control;
DROP TABLE keys; DROP TABLE items; DROP TABLE templates; DROP TABLE listings; DROP TABLE customers;
DROP TABLE orphans; DROP TABLE vendors; DROP TABLE counts; DROP TABLE campaigns; DROP TABLE head;
DROP TABLE journal; DROP TABLE segments; DROP TABLE waits; DROP TABLE progress; DROP TABLE touches; DROP TABLE sequences;
