// SPDX-License-Identifier: Apache-2.0

// Package check judges a nemesis run from outside. It reads what callers
// submitted and were answered, the vendors' own log of what they took, and what
// the API says about each touch and event at the end. It shares no code with
// the parts that it judges.
package check

import (
	"slices"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// Check judges a run.
func Check(run *Run) Report {
	r := Report{Touches: len(run.Expected), Messages: len(run.Messages), States: map[string]int{}}
	for id, f := range run.Final {
		r.States[string(f.State)]++
		r.Unknown += len(f.UnknownLegs)
		if e := run.Expected[id]; e != nil && e.resendable() {
			r.Resendable += len(f.UnknownLegs)
		}
	}
	first := r.countDuplicates(run)
	r.askOracle(run, first)
	r.checkQuietHours(run)
	r.checkStops(run)
	r.Resume = measureResume(run)
	return r
}

type legKey struct {
	touch touch.ID
	leg   int
}

// countDuplicates counts second messages for one leg, and returns the first
// message of each leg.
func (r *Report) countDuplicates(run *Run) (first []oracle.Message) {
	seen := map[legKey]Message{}
	for _, m := range run.Messages {
		id, leg, err := touch.ParseDispatchID(m.Dispatch)
		if err != nil || run.Expected[id] == nil {
			r.violation(&r.Lost, "unknown: %s took %s, which nobody submitted", m.Provider, m.Dispatch)
			continue
		}
		key := legKey{touch: id, leg: leg}
		before, again := seen[key]
		if !again {
			seen[key] = m
			first = append(first, oracle.Message{Dispatch: m.Dispatch, At: m.At})
			continue
		}

		idempotent := run.Vendors[m.Provider].Idempotent && m.Provider == before.Provider
		if m.Resend && !idempotent && mayResend(run, key) {
			r.Allowed++
			r.Duplicated++
			continue
		}
		if idempotent {
			r.IdempotentDups++
		}
		r.violation(&r.Duplicated, "duplicated: %s by %s at %s and by %s at %s",
			m.Dispatch, before.Provider, clock(before.At), m.Provider, clock(m.At))
	}
	return first
}

// mayResend reports whether a leg may be sent twice: its outcome was unknown,
// and for its touch a missing message is worse than a second one.
func mayResend(run *Run, key legKey) bool {
	final := run.Final[key.touch]
	return final != nil && run.Expected[key.touch].resendable() && slices.Contains(final.UnknownLegs, key.leg)
}

// askOracle lets the demo's checker count what is lost and what is over a cap.
func (r *Report) askOracle(run *Run, first []oracle.Message) {
	var accepted []touch.ID
	claims := make([]oracle.Claim, 0, len(run.Final))
	for id, e := range run.Expected {
		if e.Accepted {
			r.Accepted++
			accepted = append(accepted, id)
		}
		f := run.Final[id]
		if f == nil {
			continue
		}
		claims = append(claims, oracle.Claim{
			ID:       id,
			Customer: e.Customer,
			Category: e.Category,
			Subject:  e.Subject,
			Channels: e.Channels,
			State:    f.State,
			Due:      f.Due,
			SentLegs: f.SentLegs,
		})
	}
	p := oracle.Check(accepted, claims, first, run.Caps, run.Now)
	r.Lost += p.Lost
	r.OverCap += p.OverCap
	r.CapsChecked = len(run.Caps) * len(first)
	if room := maxExamples - len(r.Examples); room > 0 {
		r.Examples = append(r.Examples, p.Examples[:min(room, len(p.Examples))]...)
	}
}

// checkQuietHours counts messages that came in a customer's quiet hours. A
// message that came within the published delay after their begin had been
// judged before, and is allowed.
func (r *Report) checkQuietHours(run *Run) {
	if run.Quiet.Open == nil {
		return
	}
	for _, m := range run.Messages {
		e, _ := expectedOf(run, m)
		if e == nil || e.Zone == nil || !slices.Contains(run.Quiet.Categories, e.Category) {
			continue
		}
		local := m.At.In(e.Zone)
		if !run.Quiet.Open(local) && !run.Quiet.Open(local.Add(-run.Delay)) {
			r.violation(&r.Quiet, "in quiet hours: %s at %s, which is %s for the customer",
				m.Dispatch, clock(m.At), local.Format(time.TimeOnly))
		}
	}
}

// checkStops counts messages that left although a kill switch, a pause or a
// cancellation had been confirmed, and the published delay had passed since.
func (r *Report) checkStops(run *Run) {
	for _, m := range run.Messages {
		e, leg := expectedOf(run, m)
		if e == nil {
			continue
		}
		if !e.CancelledAt.IsZero() {
			// The API cancels only touches that are not under way, so there is
			// no delay to allow for: not one message may come.
			r.violation(&r.AfterStop, "after its cancellation at %s: %s at %s", clock(e.CancelledAt), m.Dispatch, clock(m.At))
			continue
		}
		for i := range run.Stops {
			w := &run.Stops[i]
			late := m.At.After(w.From.Add(run.Delay)) && (w.Until.IsZero() || m.At.Before(w.Until))
			if late && w.matches(e, leg) {
				r.violation(&r.AfterStop, "after a %s at %s: %s at %s", w.Kind, clock(w.From), m.Dispatch, clock(m.At))
				break
			}
		}
	}
}

// expectedOf returns the touch that a message belongs to, nil if nobody
// submitted it, and the leg.
func expectedOf(run *Run, m Message) (*Expected, int) {
	id, leg, err := touch.ParseDispatchID(m.Dispatch)
	if err != nil {
		return nil, 0
	}
	return run.Expected[id], leg
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
