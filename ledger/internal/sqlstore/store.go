// SPDX-License-Identifier: Apache-2.0

// Package sqlstore implements the ledger over SQL. It holds everything that
// SQLite and PostgreSQL have in common; what differs is in their Driver.
//
// The tables are laid out so that a touch costs few rows. A touch is one row of
// touches, which is written once and never changes. Its row of progress is
// written at its first transition; until then the state in touches is valid.
//
// Timers are kept in groups. One row of waits, a timer group, holds the numbers
// of up to touch.MaxBatch touches that wait in one lane for the same instant. A
// touch names the one group that it is in. A touch that moves to another group
// is not removed from the old one: whoever reads a group skips the members
// that name another. A group that is due becomes part of a segment, and is
// deleted with it.
//
// The events of a transaction are one row of the journal.
//
// Transactions lock rows in this order, so that they cannot block each other
// for ever: control, the version of the subscriptions, keys, subscriptions,
// segments, campaigns, waits, touches, progress (by number), customers (by id),
// counts, the journal's head.
package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
)

// core is what all parts of the store share. It is safe for concurrent use.
type core struct {
	db        Driver
	now       func() time.Time
	sql       *statements
	campaigns campaignCache
}

// The parts of the store: each implements the part of the contract of that name.
type (
	intakeStore       struct{ *core }
	workStore         struct{ *core }
	recoveryStore     struct{ *core }
	receiptStore      struct{ *core }
	touchStore        struct{ *core }
	contactStore      struct{ *core }
	campaignStore     struct{ *core }
	eventStore        struct{ *core }
	eventIndexStore   struct{ *core }
	customerStore     struct{ *core }
	listingStore      struct{ *core }
	templateStore     struct{ *core }
	itemStore         struct{ *core }
	keyStore          struct{ *core }
	controlStore      struct{ *core }
	policySetStore    struct{ *core }
	policyChangeStore struct{ *core }
	leaseStore        struct{ *core }
	journalStore      struct{ *core }
	auditStore        struct{ *core }
	subscriptionStore struct{ *core }
	deadLetterStore   struct{ *core }
	retentionStore    struct{ *core }
)

// New returns a ledger over a migrated database, and closes the database when
// the ledger is closed. now tells the time; nil is time.Now.
func New(db Driver, now func() time.Time) *ledger.Ledger {
	if now == nil {
		now = time.Now
	}
	c := &core{db: db, now: now, sql: newStatements(db)}
	return &ledger.Ledger{
		Intake:        intakeStore{c},
		Work:          workStore{c},
		Recovery:      recoveryStore{c},
		Receipts:      receiptStore{c},
		Touches:       touchStore{c},
		Contacts:      contactStore{c},
		Campaigns:     campaignStore{c},
		Events:        eventStore{c},
		EventIndex:    eventIndexStore{c},
		Customers:     customerStore{c},
		Listings:      listingStore{c},
		Templates:     templateStore{c},
		Items:         itemStore{c},
		Keys:          keyStore{c},
		Controls:      controlStore{c},
		PolicySets:    policySetStore{c},
		PolicyChanges: policyChangeStore{c},
		Leases:        leaseStore{c},
		Journal:       journalStore{c},
		Audit:         auditStore{c},
		Subscriptions: subscriptionStore{c},
		DeadLetters:   deadLetterStore{c},
		Retention:     retentionStore{c},
		Store:         c,
	}
}

// Ping implements ledger.Store.
func (s *core) Ping(ctx context.Context) error { return s.classify(s.db.Ping(ctx)) }

// Close implements ledger.Store.
func (s *core) Close() error { return s.classify(s.db.Close()) }
