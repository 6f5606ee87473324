// SPDX-License-Identifier: Apache-2.0

// Package feed tells callers what became of their touches: they read events
// after a cursor (Events), or have them posted to a webhook (Subscribe), which
// workers serve.
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package feed

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	// pollEvery is how often a waiting reader's query is repeated.
	pollEvery = 250 * time.Millisecond
	maxWait   = 30 * time.Second
)

// DefaultMaxWebhooks is how many webhooks a caller may have unless the
// configuration says otherwise.
const DefaultMaxWebhooks = 64

// Options are what the service is built from. The parts of the ledger are
// required.
type Options struct {
	Events        ledger.Events
	Subscriptions ledger.Subscriptions
	Index         ledger.EventIndex
	Guard         *netguard.Guard  // where webhooks may be; default: the public internet
	MaxWebhooks   int              // of one caller; default 64
	Now           func() time.Time // default time.Now
	Random        io.Reader        // default crypto/rand
}

// Service serves the feed.
type Service struct {
	events        ledger.Events
	subscriptions ledger.Subscriptions
	index         ledger.EventIndex
	guard         *netguard.Guard
	maxWebhooks   int
	now           func() time.Time
	random        io.Reader
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{
		events:        o.Events,
		subscriptions: o.Subscriptions,
		index:         o.Index,
		guard:         o.Guard,
		maxWebhooks:   o.MaxWebhooks,
		now:           o.Now,
		random:        o.Random,
	}
	if s.guard == nil {
		s.guard = netguard.Public()
	}
	if s.maxWebhooks == 0 {
		s.maxWebhooks = DefaultMaxWebhooks
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	return s
}

// Events returns up to limit (1 to 1000) of the caller's events after the
// cursor. When there are none it waits for the first, for at most wait (30 s),
// and returns none when none came or ctx ended.
func (s *Service) Events(ctx context.Context, caller string, after int64, limit int, wait time.Duration) ([]touch.Event, error) {
	if limit < 1 || limit > 1000 {
		return nil, touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	if wait < 0 || wait > maxWait {
		return nil, touch.Errorf(touch.Invalid, "wait", "must be 0s to 30s")
	}
	events, err := s.events.List(ctx, caller, after, limit)
	if err != nil || len(events) > 0 || wait == 0 {
		return events, err
	}

	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for loop.Sleep(waiting, pollEvery) {
		events, err := s.events.List(ctx, caller, after, limit)
		if err != nil || len(events) > 0 {
			return events, err
		}
	}
	return nil, nil // nothing came, or the reader has gone
}
