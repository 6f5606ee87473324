// SPDX-License-Identifier: Apache-2.0

// Package counter counts the outcomes of each campaign's contacts, for rules
// that bound a ratio ("at most 3 % of answered calls may be abandoned"). It
// follows the ledger's events and keeps counts by the hour in memory. A node
// that starts reads only as far back as somebody has asked about; until it has
// caught up, it answers that it does not know.
package counter

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Attempts, Delivered and Connected are counted beside the outcomes that
// receipts report. A call that was delivered was answered, so it counts as
// connected too.
const (
	Attempts  = "attempts"
	Delivered = "delivered"
	Connected = "connected"
)

// Counter counts outcomes. Count is safe for concurrent use. A Counter reads
// nothing until Count is called for the first time.
type Counter struct {
	events ledger.Events
	wanted atomic.Int64 // the earliest hour that Count was asked about

	mu       sync.RWMutex
	from     int64 // the earliest hour that is counted
	complete bool  // all events since from were counted once
	cursor   int64 // Seq of the last event that was counted
	hours    map[line]map[int64]int
}

// never is later than any hour.
const never = math.MaxInt64

// line is one thing that is counted, by the hour since 1970.
type line struct{ caller, campaign, outcome string }

// New returns a counter; call Follow periodically to have it count.
func New(events ledger.Events) *Counter {
	c := &Counter{events: events, from: never}
	c.wanted.Store(never)
	return c
}

// Count returns how many of a campaign's contacts had an outcome since the
// beginning of an hour; false while that is not known. It fits ruleset.CountOutcomes.
func (c *Counter) Count(caller, campaign, outcome string, since time.Time) (int, bool) {
	from := hourOf(since)
	for earliest := c.wanted.Load(); from < earliest && !c.wanted.CompareAndSwap(earliest, from); {
		earliest = c.wanted.Load()
	}

	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.complete || from < c.from {
		return 0, false
	}
	n := 0
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

// Follow counts the events since the last call. It starts over when Count was
// asked about an earlier hour than before, and does nothing before the first
// question. Only one Follow may run at a time. Errors are those of the ledger.
func (c *Counter) Follow(ctx context.Context) error {
	wanted := c.wanted.Load()
	if wanted == never {
		return nil
	}
	if wanted < c.from {
		cursor, err := c.seek(ctx, time.Unix(wanted*3600, 0).Add(-maxDelay))
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.from = wanted
		c.complete = false
		c.cursor = cursor
		c.hours = map[line]map[int64]int{}
		c.mu.Unlock()
	}

	for {
		events, err := c.events.List(ctx, "", c.cursor, page)
		if err != nil {
			return err
		}
		c.mu.Lock()
		for i := range events {
			c.add(&events[i])
		}
		last := len(events) < page
		c.complete = c.complete || last
		c.mu.Unlock()
		if last {
			return nil
		}
	}
}

// maxDelay bounds how much earlier than its neighbours in the journal an event
// may have happened: a vendor may report a call a day late.
const maxDelay = 24 * time.Hour

// seek returns a cursor before the first event since an instant. Events are in
// the order of time but for late ones, so a binary search finds it.
func (c *Counter) seek(ctx context.Context, from time.Time) (cursor int64, err error) {
	early := func(after int64) bool {
		events, failed := c.events.List(ctx, "", after, 1)
		if failed != nil {
			err = failed
		}
		return len(events) > 0 && events[0].At.Before(from)
	}
	if !early(0) {
		return 0, err
	}
	low := int64(0)
	high := int64(1)
	for err == nil && early(high) {
		low = high
		high *= 2
	}
	for err == nil && high-low > 1 {
		middle := low + (high-low)/2
		if early(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low, err
}

// add counts one event. The caller holds the lock.
func (c *Counter) add(e *touch.Event) {
	c.cursor = e.Seq
	if e.Campaign == "" {
		return
	}
	switch e.Kind {
	case touch.EventSent:
		c.increment(e, Attempts)
	case touch.EventDelivered:
		c.increment(e, Delivered)
		if e.Channel.IsCall() {
			c.increment(e, Connected)
		}
	case touch.EventOutcome:
		if e.Outcome != "" {
			c.increment(e, e.Outcome)
		}
	}
}

func (c *Counter) increment(e *touch.Event, outcome string) {
	l := line{e.Caller, e.Campaign, outcome}
	if c.hours[l] == nil {
		c.hours[l] = map[int64]int{}
	}
	c.hours[l][hourOf(e.At)]++
}
