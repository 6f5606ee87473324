// SPDX-License-Identifier: Apache-2.0

// Package tally counts what came of each campaign's contacts, by following the
// ledger's events: what ratio rules ask for. Counts are kept by the hour, in
// memory; a node that starts reads the journal as far back as it is asked
// about, and no further, and says that it does not know until it has caught up.
package tally

import (
	"context"
	"math"
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
	wanted atomic.Int64 // the earliest hour asked about
	mu     sync.RWMutex
	from   int64 // the earliest hour counted
	known  bool  // caught up once since
	cursor int64
	hours  map[line]map[int64]int // by hour since 1970
}

// notYet is later than any hour.
const notYet = math.MaxInt64

// line is one thing that is counted.
type line struct{ caller, campaign, outcome string }

// New makes a counter; call Follow to have it count.
func New(source Source) *Counter {
	c := &Counter{source: source, from: notYet}
	c.wanted.Store(notYet)
	return c
}

// Count is how many of a campaign's contacts came to an outcome since the
// beginning of an hour; false while that is not known. It fits policies.Tallies.
func (c *Counter) Count(caller, campaign, outcome string, since time.Time) (int, bool) {
	from, n := hourOf(since), 0
	for earliest := c.wanted.Load(); from < earliest && !c.wanted.CompareAndSwap(earliest, from); {
		earliest = c.wanted.Load()
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.known || from < c.from {
		return 0, false
	}
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

// Follow counts what is new, and all anew once it was asked about an earlier
// time than before. It does nothing before the first question. One Follow at a
// time.
func (c *Counter) Follow(ctx context.Context) error {
	wanted := c.wanted.Load()
	if wanted == notYet {
		return nil
	}
	if wanted < c.from {
		cursor, err := c.seek(ctx, time.Unix(wanted*3600, 0).Add(-late))
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.from, c.known, c.cursor, c.hours = wanted, false, cursor, map[line]map[int64]int{}
		c.mu.Unlock()
	}
	for {
		events, err := c.source.Events(ctx, "", c.cursor, page)
		if err != nil {
			return err
		}
		c.mu.Lock()
		for i := range events {
			c.take(&events[i])
		}
		c.known = c.known || len(events) < page
		c.mu.Unlock()
		if len(events) < page {
			return nil
		}
	}
}

// late is how much earlier than its neighbours in the journal an event's time
// may be.
const late = 24 * time.Hour

// seek finds where in the journal the events since an instant begin, by halves:
// they are in the order of time, but for what is late.
func (c *Counter) seek(ctx context.Context, from time.Time) (cursor int64, err error) {
	early := func(after int64) bool {
		events, failed := c.source.Events(ctx, "", after, 1)
		if failed != nil {
			err = failed
		}
		return len(events) > 0 && events[0].At.Before(from)
	}
	if !early(0) {
		return 0, err
	}
	low, high := int64(0), int64(1)
	for err == nil && early(high) {
		low, high = high, 2*high
	}
	for err == nil && high-low > 1 {
		if middle := low + (high-low)/2; early(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low, err
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
		if e.Channel.IsCall() {
			add(Connected)
		}
	case touch.EventOutcome:
		if e.Outcome != "" {
			add(e.Outcome)
		}
	}
}
