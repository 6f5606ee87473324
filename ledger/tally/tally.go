// SPDX-License-Identifier: Apache-2.0

// Package tally counts what came of each campaign's contacts, by following the
// ledger's events: what ratio rules ask for. Counts are kept by the hour, in
// memory; a node that starts reads the journal from its beginning, and says
// that it does not know until it has caught up.
package tally

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/touch"
)

// Attempts, Delivered and Connected are counted besides outcomes. A call that
// was delivered was answered: it is connected.
const (
	Attempts  = "attempts"
	Delivered = "delivered"
	Connected = "connected"
)

// Source is where events are read; a ledger is one.
type Source interface {
	Events(ctx context.Context, caller string, after int64, limit int) ([]touch.Event, error)
}

// Counter counts. It is safe for concurrent use, and reads nothing until the
// first question is put to it.
type Counter struct {
	source Source
	wanted atomic.Bool
	known  atomic.Bool // caught up once
	mu     sync.RWMutex
	cursor int64
	hours  map[line]map[int64]int // by hour since 1970
}

// line is one thing that is counted.
type line struct{ caller, campaign, outcome string }

// New makes a counter; call Follow to have it count.
func New(source Source) *Counter {
	return &Counter{source: source, hours: map[line]map[int64]int{}}
}

// Count is how many of a campaign's contacts came to an outcome since the
// beginning of an hour; false while that is not known. It fits policies.Tallies.
func (c *Counter) Count(caller, campaign, outcome string, since time.Time) (int, bool) {
	c.wanted.Store(true)
	if !c.known.Load() {
		return 0, false
	}
	from, n := hourOf(since), 0
	c.mu.RLock()
	defer c.mu.RUnlock()
	for hour, count := range c.hours[line{caller, campaign, outcome}] {
		if hour >= from {
			n += count
		}
	}
	return n, true
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// page is how many events are read at once.
const page = 5000

// Follow counts what is new. It does nothing before the first question. One
// Follow at a time.
func (c *Counter) Follow(ctx context.Context) error {
	for c.wanted.Load() {
		events, err := c.source.Events(ctx, "", c.cursor, page)
		if err != nil {
			return err
		}
		c.mu.Lock()
		for i := range events {
			c.take(&events[i])
		}
		c.mu.Unlock()
		if len(events) < page {
			c.known.Store(true)
			return nil
		}
	}
	return nil
}

// take counts one event.
func (c *Counter) take(e *touch.Event) {
	c.cursor = e.Seq
	if e.Campaign == "" {
		return
	}
	add := func(outcome string) {
		l := line{e.Caller, e.Campaign, outcome}
		if c.hours[l] == nil {
			c.hours[l] = map[int64]int{}
		}
		c.hours[l][hourOf(e.At)]++
	}
	switch e.Kind {
	case touch.EventSent:
		add(Attempts)
	case touch.EventDelivered:
		add(Delivered)
		if e.Channel == touch.AICall || e.Channel == touch.RMTask {
			add(Connected)
		}
	case touch.EventOutcome:
		if e.Outcome != "" {
			add(e.Outcome)
		}
	}
}
