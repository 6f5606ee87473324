// SPDX-License-Identifier: Apache-2.0

// Package contactlog keeps, for each customer, the contacts that frequency rules
// count: those that were made and those that are reserved. Redis keeps it in
// Redis, one string for each customer. Model is the same in plain Go, the
// reference that Redis is tested against. The log is derived from the ledger and
// can be rebuilt.
//
// Contacts are counted by these rules:
//
//   - A contact is reserved when it is dispatched. A pending reservation never
//     ages: it counts in every window until it is committed or released.
//   - A commit counts from the instant that is given with it.
//   - Only a contact that was surely not made is released. One with an unknown
//     outcome is committed.
//   - Windows are closed: a contact exactly as old as the window still counts.
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
	ID       string    // the dispatch id; a second reservation with it counts as the first
	Pending  bool      // reserved, and neither committed nor released
	At       time.Time // in milliseconds; of a pending entry: when it was reserved
	Kind     Kind
	Channel  touch.Channel
	Category touch.Category
	Subject  uint64 // Hash of the subject, 0 for none; the same for those below
	Campaign uint64
	Address  uint64
	Caller   uint64
	Template uint64
}

// Question asks a log about one cap: does it hold fewer than Limit matching
// entries since Since (inclusive, in whole milliseconds)? Pending entries always
// count.
type Question struct {
	Rule  string
	Since time.Time
	Limit int
	Match Match
}

// Reservation asks for one contact to be reserved under several caps at once.
type Reservation struct {
	Customer  string
	Entry     Entry // the log sets Pending, and At to now
	Questions []Question
	// Keep is how far back any rule looks. Older entries may be dropped. A log
	// that was loaded for less is Unknown.
	Keep time.Duration
}

// Answer is the answer of the log to one reservation.
type Answer struct {
	Admitted bool
	Already  bool // admitted before under the same id; if still pending, as if reserved now
	Denied   int  // if not admitted: index of the first question whose limit is reached
	// Entries is the customer's whole log, oldest first, if not admitted.
	Entries []Entry
	// Unknown says that this customer's log was lost or never loaded: call
	// Rehydrate and ask again.
	Unknown bool
}

// Settlement ends a pending reservation, or corrects a contact later.
type Settlement struct {
	Customer string
	ID       string
	Release  bool // it was surely not sent; after a commit a release changes nothing
	// At is when the contact was made; zero keeps the time (for a later
	// correction of Kind). Of a release it is when the reservation was made, so
	// that a late release does not end a newer reservation with the same id;
	// zero releases any.
	At   time.Time
	Kind Kind // never weakens the kind of the entry
	// Entry creates the contact again if it was released before and is now known
	// to have been made (a late "delivered"). Nil: a missing one stays missing.
	// If At is zero, the entry's At counts.
	Entry *Entry
}

// Loader reads the contacts of customers from the ledger, as far back as the
// keep that was given to Rehydrate. Customers without contacts may be absent.
type Loader = func(ctx context.Context, customers []string) (map[string][]Entry, error)

// Log is the contact log. Implementations are safe for concurrent use. Every
// method takes a batch. Errors are of class Unavailable; a check is never
// skipped. After an error parts of the batch may have been done; it is safe to
// repeat it.
type Log interface {
	// Read returns the logs of customers, in their order.
	Read(ctx context.Context, customers []string) ([]Snapshot, error)

	// Reserve answers each reservation in one step for its customer: all of its
	// caps or none.
	Reserve(ctx context.Context, reservations []Reservation, now time.Time) ([]Answer, error)

	// Settle commits and releases; to settle twice is to settle once. A commit
	// to an unknown log is deferred until the log is loaded, so it does not
	// matter whether the ledger is told before. A release in an unknown log is
	// dropped, so the ledger must be told before: a log that was loaded from an
	// older view of the ledger counts one contact too many until it is loaded
	// again.
	Settle(ctx context.Context, settlements []Settlement) error

	// Rehydrate makes unknown logs known by loading them from the ledger. To
	// known logs it adds the contacts that they lack, and their pending
	// reservations stay. (Reservations in a lost shard are void: the ledger
	// refuses intents from before.)
	//
	// It calls load itself, once, with all customers. What a caller had read
	// before a shard was found lost might lack contacts that were still to
	// come. It returns errors of load as they are. A log that is lost again
	// meanwhile stays unknown.
	Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error
}

// Snapshot is the log of one customer at one instant.
type Snapshot struct {
	Known   bool
	Entries []Entry // oldest first
	// Keep is how far back the log is complete.
	Keep time.Duration
}
