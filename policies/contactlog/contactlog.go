// SPDX-License-Identifier: Apache-2.0

// Package contactlog keeps, for each customer, the contacts that frequency
// rules count: those made and those reserved. Redis holds it (Redis), one hash
// for each customer; Model is the same in plain Go, the reference that Redis
// is tested against. The log is derived from the ledger and can be rebuilt.
//
// The rules of counting: a contact is reserved at dispatch. A pending
// reservation never ages: it counts in every window until it is committed or
// released. A commit counts from the instant given with it. Release is only
// for a contact that surely was not made; one with an unknown outcome is
// committed. Look-backs are closed: a contact exactly as old as the window
// still counts.
package contactlog

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Kind is how far a contact came; see the ledger's contact kinds.
type Kind uint8

// The kinds, weakest first.
const (
	Attempt Kind = iota
	FailedAttempt
	Delivered
	Connected
	Conversation
)

// Entry is one contact in a customer's log.
type Entry struct {
	ID       string // the dispatch id: reserving it twice is reserving it once
	Pending  bool
	At       time.Time // millisecond precision; of a pending entry: when it was reserved
	Kind     Kind
	Channel  touch.Channel
	Category touch.Category
	Subject  uint64 // Hash of the subject, 0 for none; likewise below
	Campaign uint64
	Address  uint64
	Caller   uint64
	Template uint64
}

// Question is one cap put to the log: are there fewer than Limit matching
// entries since Since (inclusive)? Pending entries always count.
type Question struct {
	Rule  string
	Since time.Time
	// Before, when set, also leaves out entries at or after it.
	Limit int
	Match Match
}

// Match selects the entries that a question counts. Empty fields match all.
type Match struct {
	Channels   []touch.Channel
	Categories []touch.Category
	MinKind    Kind // with MinKind above Attempt, pending entries still count
	Subject    uint64
	Campaign   uint64
	Address    uint64
	Caller     uint64
	Template   uint64
}

// Reservation asks for a place for one contact under several caps at once.
type Reservation struct {
	Customer  string
	Entry     Entry // Pending is set by the log; At is now
	Questions []Question
	// Keep is how far back any rule looks: older entries may be dropped.
	Keep time.Duration
}

// Answer is what the log said of one reservation.
type Answer struct {
	Admitted bool
	Already  bool // admitted earlier, under the same id
	Denied   int  // index of the first question without a place, when not admitted
	// Entries is the customer's whole log, when not admitted.
	Entries []Entry
	// Unknown says that this customer's log was lost, or never loaded:
	// Rehydrate it and ask again.
	Unknown bool
}

// Settlement ends a pending reservation, or corrects a contact later.
type Settlement struct {
	Customer string
	ID       string
	Release  bool      // surely not sent: the place is free again
	At       time.Time // of a commit; zero keeps the time (a later correction of Kind)
	Kind     Kind      // never weakened
	// Entry re-creates the contact where it was released earlier and is now
	// known to have been made (a late "delivered"); nil: a missing one stays missing.
	Entry *Entry
}

// Log is the contact log. Implementations are safe for concurrent use. Every
// method takes a batch and makes one round trip for each shard touched. Errors
// are of class Unavailable: a check is never skipped.
type Log interface {
	// Read gives the logs of customers, in order. The bool says that the log is known.
	Read(ctx context.Context, customers []string) ([]Snapshot, error)
	// Reserve answers each reservation, atomically for its customer: all of
	// its caps or none.
	Reserve(ctx context.Context, rs []Reservation, now time.Time) ([]Answer, error)
	// Settle commits and releases. Settling twice is settling once.
	Settle(ctx context.Context, ss []Settlement) error
	// Rehydrate loads customers' logs from the ledger's truth, keeping
	// pending reservations that are already there.
	Rehydrate(ctx context.Context, logs map[string][]Entry, keep time.Duration) error
}

// Snapshot is one customer's log at one instant.
type Snapshot struct {
	Known   bool
	Entries []Entry
}
