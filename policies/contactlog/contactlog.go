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

// Kind is how far a contact came: the rank of a touch.ContactKind. Stored logs
// hold this number. KindOf is the only way from the one to the other.
type Kind uint8

// The kinds, from the weakest to the strongest.
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
// entries since Since (inclusive, in whole milliseconds)? Pending entries
// always count.
type Question struct {
	Rule  string
	Since time.Time
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
	// Keep is how far back any rule looks: older entries may be dropped. A
	// log that was loaded for less is Unknown.
	Keep time.Duration
}

// Answer is what the log said of one reservation.
type Answer struct {
	Admitted bool
	Already  bool // admitted earlier, under the same id; while pending it is as if reserved now
	Denied   int  // index of the first question without a place, when not admitted
	// Entries is the customer's whole log, oldest first, when not admitted.
	Entries []Entry
	// Unknown says that this customer's log was lost, or never loaded:
	// Rehydrate it and ask again.
	Unknown bool
}

// Settlement ends a pending reservation, or corrects a contact later.
type Settlement struct {
	Customer string
	ID       string
	Release  bool // surely not sent: the place is free again; after a commit it changes nothing
	// At is when the contact was made; zero keeps the time (a later correction
	// of Kind). Of a release it is the now of the reservation to give back,
	// so that a slow one does not take the place of who reserved under the
	// same id since; zero is any.
	At   time.Time
	Kind Kind // never weakened
	// Entry re-creates the contact where it was released earlier and is now
	// known to have been made (a late "delivered"); nil: a missing one stays
	// missing. With At zero its own At counts.
	Entry *Entry
}

// Loader reads customers' contacts from the ledger, as far back as the keep
// given to Rehydrate. A customer without contacts may be absent.
type Loader = func(ctx context.Context, customers []string) (map[string][]Entry, error)

// Log is the contact log. Implementations are safe for concurrent use. Every
// method takes a batch and makes one round trip for each shard touched. Errors
// are of class Unavailable: a check is never skipped. After an error parts of
// the batch may have been done; to repeat it is safe.
type Log interface {
	// Read gives the logs of customers, in order. The bool says that the log is known.
	Read(ctx context.Context, customers []string) ([]Snapshot, error)
	// Reserve answers each reservation, atomically for its customer: all of
	// its caps or none.
	Reserve(ctx context.Context, rs []Reservation, now time.Time) ([]Answer, error)
	// Settle commits and releases. Settling twice is settling once. A commit
	// to a log that is unknown is kept aside until it is loaded, so that it does
	// not matter whether the ledger is told before. A release of it is dropped:
	// the ledger is told first, and what is loaded from an older view of it
	// keeps a place too many until somebody asks the ledger again.
	Settle(ctx context.Context, ss []Settlement) error
	// Rehydrate makes unknown logs known by loading them from the ledger's
	// truth, and adds to known ones the contacts that they lack; their
	// pending reservations stay. (Of a shard that was lost they are void:
	// the ledger refuses intents from before.) It calls load itself, once and with all
	// customers: what was read before a shard was found lost may lack
	// contacts that were still to come. Errors of load are passed on. A log
	// that was lost again meanwhile stays unknown: asking will tell.
	Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error
}

// Snapshot is one customer's log at one instant.
type Snapshot struct {
	Known   bool
	Entries []Entry // oldest first
	// Keep is how far back the log is complete.
	Keep time.Duration
}
