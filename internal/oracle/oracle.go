// SPDX-License-Identifier: Apache-2.0

// Package oracle counts what a bank must never see, from outside: it compares
// what the gateway says of each touch with what vendors and our own channels
// really took, by their own logs. It shares no code with the parts that it
// judges: it knows neither the ledger, nor the contact log, nor the rule
// engine.
package oracle

import (
	"fmt"
	"strconv"
	"time"

	"touchgate.dev/touch"
)

// Message is one message that was really taken; a repetition that the taker
// knew as such (same id, idempotent) is none.
type Message struct {
	Dispatch string // the dispatch id
	At       time.Time
	// Resent marks a deliberate second send: an urgent touch whose first
	// outcome nobody could tell.
	Resent bool
}

// Claim is what the gateway says of one touch.
type Claim struct {
	ID       touch.ID
	Customer string
	Category touch.Category
	Subject  string
	Campaign string
	Channels []touch.Channel // of the plan, by leg
	State    touch.State
	// Due is when it goes on; zero: no timer.
	Due time.Time
	// SentLegs are the legs that the gateway says a vendor has taken.
	SentLegs []int
}

// Report is the three counts that matter, with some examples of each.
type Report struct {
	Lost, Duplicated, OverCap int
	// Resent counts the deliberate second messages; they are no duplicates.
	Resent   int
	Examples []string
}

const maxExamples = 20

func (r *Report) add(count *int, n int, format string, args ...any) {
	*count += n
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, fmt.Sprintf(format, args...))
	}
}

// Check counts. accepted are the touches that the gateway's answers took
// responsibility for; claims is what it says of them at the instant now.
//
//   - Lost: an accepted touch that the gateway no longer knows; one that should
//     have moved on by now and has not; one that is said to be sent of which
//     no taker knows; one that ended as never sent of which a taker knows.
//   - Duplicated: messages beyond the first for one leg of one touch, one
//     that is marked as resent apart.
//   - Over cap: contacts, by the takers' clocks, beyond the limit of a cap.
func Check(accepted []touch.ID, claims []Claim, truth []Message, caps []Cap, now time.Time) Report {
	var r Report
	known := make(map[touch.ID]*Claim, len(claims))
	for i := range claims {
		known[claims[i].ID] = &claims[i]
	}
	for _, id := range accepted {
		if known[id] == nil {
			r.add(&r.Lost, 1, "lost: %s was accepted and is not known", id)
		}
	}
	taken := r.duplicates(truth)
	r.lost(claims, taken, now)
	r.overCaps(known, taken, caps)
	return r
}

// leg names one leg of one touch.
type leg struct {
	touch touch.ID
	leg   int
}

func (l leg) String() string { return l.touch.String() + "." + strconv.Itoa(l.leg) }

// duplicates counts second messages, and gives the instant of each first one.
func (r *Report) duplicates(truth []Message) map[leg]time.Time {
	taken := make(map[leg]time.Time, len(truth))
	resent := map[leg]bool{}
	for _, m := range truth {
		id, n, err := touch.ParseDispatchID(m.Dispatch)
		if err != nil {
			continue // not ours: the probe of a provider
		}
		l := leg{id, n}
		first, again := taken[l]
		switch {
		case !again:
		case m.Resent && !resent[l]:
			resent[l] = true
			r.Resent++
		default:
			r.add(&r.Duplicated, 1, "duplicated: %s", l)
		}
		if !again || m.At.Before(first) {
			taken[l] = m.At
		}
	}
	return taken
}

func (r *Report) lost(claims []Claim, taken map[leg]time.Time, now time.Time) {
	for i := range claims {
		c := &claims[i]
		if stuck(c, now) {
			r.add(&r.Lost, 1, "lost: %s stands still as %s", c.ID, c.State)
			continue
		}
		for _, n := range c.SentLegs {
			if _, ok := taken[leg{c.ID, n}]; !ok {
				r.add(&r.Lost, 1, "lost: %s.%d is said to be sent, and nobody took it", c.ID, n)
				break
			}
		}
		if len(c.SentLegs) > 0 || !neverSent(c.State) {
			continue
		}
		for n := range c.Channels {
			if _, ok := taken[leg{c.ID, n}]; ok {
				r.add(&r.Lost, 1, "lost: %s.%d was taken, and is said to be %s", c.ID, n, c.State)
				break
			}
		}
	}
}

// stuck: neither ended nor waiting for an instant to come. A sent touch
// without a timer has gone as far as it goes without a receipt.
func stuck(c *Claim, now time.Time) bool {
	switch {
	case c.State.Final():
		return false
	case c.State == touch.StateSent && c.Due.IsZero():
		return false
	}
	return c.State == touch.StateSending || !c.Due.After(now)
}

// neverSent: the states that promise that the customer got nothing.
func neverSent(s touch.State) bool {
	switch s {
	case touch.StateRefused, touch.StateCapped, touch.StateExpired, touch.StateCancelled, touch.StateDue, touch.StateFailed:
		return true
	}
	return false
}

// overCaps counts, for each cap, the contacts beyond its limit.
func (r *Report) overCaps(known map[touch.ID]*Claim, taken map[leg]time.Time, caps []Cap) {
	for _, rule := range caps {
		logs := map[string][]contact{}
		for l, at := range taken {
			claim := known[l.touch]
			if claim == nil || l.leg >= len(claim.Channels) {
				continue
			}
			c := contact{at, claim.Customer, claim.Category, claim.Channels[l.leg]}
			if selects(rule.Match, c) {
				key := rule.key(claim, l.leg)
				logs[key] = append(logs[key], c)
			}
		}
		for _, log := range logs {
			if n := rule.over(log); n > 0 {
				r.add(&r.OverCap, n, "over cap: rule %s, %d contacts of one customer beyond %d", rule.Rule, n, rule.Limit)
			}
		}
	}
}
