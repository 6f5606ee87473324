// SPDX-License-Identifier: Apache-2.0

// Package ledger is the contract of the durable store: what it does, and its
// row types. Drivers are in ledger/sqlite and ledger/postgres; both pass the
// conformance kit in ledger/ledgertest.
//
// A touch is stored once and never changes (touch.Touch). How far it has come
// is a narrow row beside it (Progress), which only a compare-and-set on its
// Version moves. What happened is appended to the journal as events, one record
// for each committed transaction; a touch's history is found by the record ids
// that are kept with its Progress.
//
// Every method is one transaction and is safe for concurrent use. Methods take
// slices: a single touch is a batch of one.
//
// Errors are *touch.Error: class Unavailable when the store does not answer,
// otherwise as each method says.
package ledger

import "context"

// Ledger is an open ledger: one part for each subject. Pass a part on, not the
// whole, to code that needs one subject. With puts a decorator around parts.
type Ledger struct {
	Intake        Intake
	Work          Work
	Recovery      Recovery
	Receipts      Receipts
	Touches       Touches
	Contacts      Contacts
	Campaigns     Campaigns
	Events        Events
	EventIndex    EventIndex
	Customers     Customers
	Listings      Listings
	Templates     Templates
	Items         Items
	Keys          Keys
	Controls      Controls
	PolicySets    PolicySets
	PolicyChanges PolicyChanges
	Leases        Leases
	Journal       Journal
	Audit         Audit
	Subscriptions Subscriptions
	DeadLetters   DeadLetters
	Retention     Retention
	Store         Store
}

// With returns a copy of the ledger in which change has replaced parts. The
// ledger itself stays as it is.
func (l *Ledger) With(change func(*Ledger)) *Ledger {
	changed := *l
	change(&changed)
	return &changed
}

// Ping returns nil when the store answers.
func (l *Ledger) Ping(ctx context.Context) error { return l.Store.Ping(ctx) }

// Close waits for running transactions and closes the store. No part may be
// used after it.
func (l *Ledger) Close() error { return l.Store.Close() }

// Store is the connection that all parts share.
type Store interface {
	// Ping returns nil when the store answers.
	Ping(ctx context.Context) error
	// Close waits for running transactions and closes the store.
	Close() error
}
