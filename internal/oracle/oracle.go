// SPDX-License-Identifier: Apache-2.0

// Package oracle counts from outside what a bank must never see: lost touches,
// duplicated messages, and contacts over a cap. It compares what the gateway says
// about each touch with what vendors and our own channels really received,
// according to their own logs. It shares no code with the parts that it checks:
// it knows neither the ledger nor the contact log nor the rule engine.
package oracle

import (
	"fmt"
	"strconv"
	"time"

	"touchgate.dev/touch"
)

// Message is one message that a vendor really received. A repetition that the
// vendor recognised as such, by its id, is not a message.
type Message struct {
	Dispatch string // the dispatch id
	At       time.Time
	// Resent says that the gateway marked it as a second attempt: it does so for
	// an urgent touch whose first outcome could not be found out.
	Resent bool
}

// Claim is what the gateway says about one touch.
type Claim struct {
	ID       touch.ID
	Customer string
	Category touch.Category
	Subject  string
	Campaign string
	Channels []touch.Channel // of the plan's legs
	State    touch.State
	// Due is when something happens next; zero: nothing is scheduled.
	Due time.Time
	// SentLegs are the legs that a vendor has accepted, as the gateway says.
	SentLegs []int
}

// Report has the three counts that matter, with some examples of each.
type Report struct {
	Lost       int
	Duplicated int
	OverCap    int
	// Resent counts second messages that were marked as such. They are not
	// duplicates.
	Resent   int
	Examples []string
}

// maxExamples limits how many violations a report describes.
const maxExamples = 20

func (r *Report) add(count *int, n int, format string, args ...any) {
	*count += n
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, fmt.Sprintf(format, args...))
	}
}

// Check counts violations. accepted are the touches for which an answer of the
// gateway took responsibility; claims is what it says about them at the instant
// now; received is what vendors' logs say.
//
//   - Lost: an accepted touch that the gateway does not know any more; one that
//     was due before now and has not moved; one that is said to be sent while no
//     vendor received it; one that ended as not sent while a vendor received it.
//   - Duplicated: messages after the first for one leg of one touch, except for
//     one that is marked as a second attempt.
//   - Over cap: contacts, by the vendors' clocks, beyond the limit of a cap.
func Check(accepted []touch.ID, claims []Claim, received []Message, caps []Cap, now time.Time) Report {
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
	firsts := r.countDuplicates(received)
	r.countLost(claims, firsts, now)
	r.countOverCaps(known, firsts, caps)
	return r
}

// legKey names one leg of one touch.
type legKey struct {
	touch touch.ID
	leg   int
}

func (l legKey) String() string { return l.touch.String() + "." + strconv.Itoa(l.leg) }

// countDuplicates counts second messages, and returns when the first message of
// each leg was received.
func (r *Report) countDuplicates(received []Message) map[legKey]time.Time {
	firsts := make(map[legKey]time.Time, len(received))
	resent := map[legKey]bool{}
	for _, m := range received {
		id, n, err := touch.ParseDispatchID(m.Dispatch)
		if err != nil {
			continue // not a touch, but a provider's probe
		}
		l := legKey{touch: id, leg: n}
		first, again := firsts[l]
		switch {
		case !again:
		case m.Resent && !resent[l]:
			resent[l] = true
			r.Resent++
		default:
			r.add(&r.Duplicated, 1, "duplicated: %s", l)
		}
		if !again || m.At.Before(first) {
			firsts[l] = m.At
		}
	}
	return firsts
}

// countLost compares each claim with what was received.
func (r *Report) countLost(claims []Claim, received map[legKey]time.Time, now time.Time) {
	for i := range claims {
		c := &claims[i]
		if stuck(c, now) {
			r.add(&r.Lost, 1, "lost: %s is stuck in state %s", c.ID, c.State)
			continue
		}
		for _, n := range c.SentLegs {
			if _, ok := received[legKey{c.ID, n}]; !ok {
				r.add(&r.Lost, 1, "lost: %s.%d is said to be sent, and no vendor received it", c.ID, n)
				break
			}
		}
		if len(c.SentLegs) > 0 || !neverSent(c.State) {
			continue
		}
		for n := range c.Channels {
			if _, ok := received[legKey{c.ID, n}]; ok {
				r.add(&r.Lost, 1, "lost: %s.%d was received, and is said to be %s", c.ID, n, c.State)
				break
			}
		}
	}
}

// stuck reports whether a touch has neither ended nor waits for a later instant.
// A sent touch for which nothing is scheduled is not stuck: without a receipt it
// stays in that state.
func stuck(c *Claim, now time.Time) bool {
	switch {
	case c.State.Final():
		return false
	case c.State == touch.StateSent && c.Due.IsZero():
		return false
	}
	return c.State == touch.StateSending || !c.Due.After(now)
}

// neverSent reports whether a state promises that the customer got nothing.
func neverSent(s touch.State) bool {
	switch s {
	case touch.StateRefused, touch.StateCapped, touch.StateExpired, touch.StateCancelled, touch.StateDue, touch.StateFailed:
		return true
	}
	return false
}

// countOverCaps counts, for each cap, the contacts beyond its limit.
func (r *Report) countOverCaps(known map[touch.ID]*Claim, received map[legKey]time.Time, caps []Cap) {
	for _, rule := range caps {
		logs := map[string][]contact{}
		for l, at := range received {
			claim := known[l.touch]
			if claim == nil || l.leg >= len(claim.Channels) {
				continue
			}
			c := contact{at: at, customer: claim.Customer, category: claim.Category, channel: claim.Channels[l.leg]}
			if selects(rule.Match, c) {
				key := rule.key(claim, l.leg)
				logs[key] = append(logs[key], c)
			}
		}
		for _, log := range logs {
			if n := rule.countOver(log); n > 0 {
				r.add(&r.OverCap, n, "over cap: rule %s, %d contacts of one customer beyond %d", rule.Rule, n, rule.Limit)
			}
		}
	}
}
