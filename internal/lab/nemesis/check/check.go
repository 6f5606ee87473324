// SPDX-License-Identifier: Apache-2.0

// Package check judges a nemesis run from outside: from the raw history of
// what callers asked and were answered, from the vendors' own log of what they
// took, and from what the API says of each touch and event in the end. It
// shares no code with the parts that it judges.
package check

import (
	"fmt"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// Message is one message as its vendor tells it: a repetition that the vendor
// knew as such is none.
type Message struct {
	Dispatch string
	Provider string
	At       time.Time
	// Resend says that the sender meant it as a second one.
	Resend bool
}

// Vendor is what a vendor promises.
type Vendor struct {
	// Idempotent says that it treats a repeated id as one message.
	Idempotent bool
}

// Order is a touch that callers submitted, as they remember it.
type Order struct {
	Customer string
	Category touch.Category
	Subject  string
	Campaign string
	Channels []touch.Channel
	Urgent   bool
	Zone     *time.Location
	// Taken says that an answer took responsibility for it; Refused that one
	// said it will never go.
	Taken   bool
	TakenAt time.Time
	// Cancelled is when an answer said that it was taken back; zero: never.
	Cancelled time.Time
}

// End is what the API says of a touch in the end.
type End struct {
	State touch.State
	Due   time.Time
	// SentLegs had a "sent" event, UnknownLegs one of an unknown outcome.
	SentLegs, UnknownLegs []int
}

// Halt is a span in which touches that match must not leave: a stop, a pause,
// a cancelled campaign. From is when the answer that confirmed it came, Until
// when its end was asked for (zero: never).
type Halt struct {
	Kind     string
	Category touch.Category // "" is all, likewise below
	Channel  touch.Channel
	Campaign string
	From     time.Time
	Until    time.Time
}

// Quiet are the hours, where the customer lives, in which a category must rest.
type Quiet struct {
	Categories []touch.Category
	Open       func(local time.Time) bool
}

// Run is everything that is known of a run.
type Run struct {
	Orders   map[touch.ID]*Order
	Ends     map[touch.ID]*End
	Messages []Message
	Vendors  map[string]Vendor
	Caps     []oracle.Cap
	Quiet    Quiet
	Halts    []Halt
	// Delay is the published time within which a message that was judged fit
	// still leaves: a stop or a quiet hour is broken only by what comes later.
	Delay  time.Duration
	Now    time.Time
	Faults []Fault
}

// Fault is one fault of the run, from its begin to its healing.
type Fault struct {
	Kind     string
	From, To time.Time
}

// Report is what came of it.
type Report struct {
	Touches  int `json:"touches"`  // submitted
	Accepted int `json:"accepted"` // that an answer took responsibility for
	Messages int `json:"messages"` // that vendors took
	Lost     int `json:"lost"`
	// Duplicated counts second messages for one leg. Those that the rules
	// allow (sent again after an unknown outcome, at a vendor without
	// idempotency) are in Allowed; the others break the promise.
	Duplicated     int            `json:"duplicated"`
	Allowed        int            `json:"duplicated_allowed"`
	Unknown        int            `json:"unknown_outcomes"`
	Resendable     int            `json:"unknown_outcomes_resendable"` // of urgent touches that are no marketing
	OverCap        int            `json:"over_cap"`
	CapsChecked    int            `json:"cap_windows_checked"`
	Quiet          int            `json:"sent_in_quiet_hours"`
	AfterStop      int            `json:"sent_after_stop"`
	Resume         []Resume       `json:"resume"`
	Examples       []string       `json:"examples,omitempty"`
	States         map[string]int `json:"states"`
	IdempotentDups int            `json:"duplicated_idempotent"`
}

// Good reports whether every promise was kept.
func (r *Report) Good() bool {
	return r.Lost == 0 && r.Duplicated == r.Allowed && r.OverCap == 0 && r.Quiet == 0 && r.AfterStop == 0
}

const maxExamples = 40

func (r *Report) note(count *int, format string, args ...any) {
	*count++
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, fmt.Sprintf(format, args...))
	}
}

// Check judges a run.
func Check(run *Run) Report {
	r := Report{Touches: len(run.Orders), Messages: len(run.Messages), States: map[string]int{}}
	for id, e := range run.Ends {
		r.States[string(e.State)]++
		r.Unknown += len(e.UnknownLegs)
		if o := run.Orders[id]; o != nil && resendable(o) {
			r.Resendable += len(e.UnknownLegs)
		}
	}
	first := r.duplicates(run)
	r.proven(run, first)
	r.hours(run)
	r.halted(run)
	r.Resume = resumes(run)
	return r
}

type leg struct {
	touch touch.ID
	leg   int
}

// duplicates counts second messages, and gives the first of each leg.
func (r *Report) duplicates(run *Run) []oracle.Message {
	seen := map[leg]Message{}
	var first []oracle.Message
	for _, m := range run.Messages {
		id, n, err := touch.ParseDispatchID(m.Dispatch)
		if err != nil || run.Orders[id] == nil {
			r.note(&r.Lost, "unheard of: %s took %s, which nobody submitted", m.Provider, m.Dispatch)
			continue
		}
		before, again := seen[leg{id, n}]
		if !again {
			seen[leg{id, n}] = m
			first = append(first, oracle.Message{Dispatch: m.Dispatch, At: m.At})
			continue
		}
		idempotent := run.Vendors[m.Provider].Idempotent && m.Provider == before.Provider
		if m.Resend && !idempotent && mayResend(run, id, n) {
			r.Allowed++
			r.Duplicated++
			continue
		}
		if idempotent {
			r.IdempotentDups++
		}
		r.note(&r.Duplicated, "duplicated: %s by %s at %s and by %s at %s", m.Dispatch, before.Provider, stamp(before.At), m.Provider, stamp(m.At))
	}
	return first
}

// mayResend: an unknown outcome stands in the history, and its category is one
// of those in which a missing message is worse than a second one.
func mayResend(run *Run, id touch.ID, n int) bool {
	o, e := run.Orders[id], run.Ends[id]
	if !resendable(o) || e == nil {
		return false
	}
	for _, l := range e.UnknownLegs {
		if l == n {
			return true
		}
	}
	return false
}

// resendable: of this touch a second message is better than none.
func resendable(o *Order) bool { return o.Urgent && o.Category != touch.Marketing }

// proven hands what is lost and what is over a cap to the demo's checker.
func (r *Report) proven(run *Run, first []oracle.Message) {
	var accepted []touch.ID
	claims := make([]oracle.Claim, 0, len(run.Ends))
	for id, o := range run.Orders {
		if o.Taken {
			r.Accepted++
			accepted = append(accepted, id)
		}
		if e := run.Ends[id]; e != nil {
			claims = append(claims, oracle.Claim{
				ID: id, Customer: o.Customer, Category: o.Category, Subject: o.Subject, Channels: o.Channels,
				State: e.State, Due: e.Due, SentLegs: e.SentLegs,
			})
		}
	}
	p := oracle.Check(accepted, claims, first, run.Caps, run.Now)
	r.Lost += p.Lost
	r.OverCap += p.OverCap
	r.CapsChecked = len(run.Caps) * len(first)
	if room := maxExamples - len(r.Examples); room > 0 {
		r.Examples = append(r.Examples, p.Examples[:min(room, len(p.Examples))]...)
	}
}

// hours counts messages that arrived in a customer's quiet hours, later than
// the published delay after they began.
func (r *Report) hours(run *Run) {
	if run.Quiet.Open == nil {
		return
	}
	for _, m := range run.Messages {
		o := orderOf(run, m)
		if o == nil || o.Zone == nil || !has(run.Quiet.Categories, o.Category) {
			continue
		}
		if !run.Quiet.Open(m.At.In(o.Zone)) && !run.Quiet.Open(m.At.Add(-run.Delay).In(o.Zone)) {
			r.note(&r.Quiet, "in quiet hours: %s at %s, which is %s there", m.Dispatch, stamp(m.At), m.At.In(o.Zone).Format("15:04:05"))
		}
	}
}

// halted counts messages that left although a stop, a pause or a
// cancellation had been answered longer ago than the published delay.
func (r *Report) halted(run *Run) {
	for _, m := range run.Messages {
		o := orderOf(run, m)
		if o == nil {
			continue
		}
		if !o.Cancelled.IsZero() {
			// A cancelled touch was never on its way: not one message may come.
			r.note(&r.AfterStop, "after its cancellation at %s: %s at %s", stamp(o.Cancelled), m.Dispatch, stamp(m.At))
			continue
		}
		for i := range run.Halts {
			if h := &run.Halts[i]; h.binds(o, m) && m.At.After(h.From.Add(run.Delay)) && (h.Until.IsZero() || m.At.Before(h.Until)) {
				r.note(&r.AfterStop, "after a %s at %s: %s at %s", h.Kind, stamp(h.From), m.Dispatch, stamp(m.At))
				break
			}
		}
	}
}

func (h *Halt) binds(o *Order, m Message) bool {
	_, n, err := touch.ParseDispatchID(m.Dispatch)
	return err == nil && n < len(o.Channels) && (h.Category == "" || h.Category == o.Category) &&
		(h.Channel == "" || h.Channel == o.Channels[n]) && (h.Campaign == "" || h.Campaign == o.Campaign)
}

func orderOf(run *Run, m Message) *Order {
	id, _, err := touch.ParseDispatchID(m.Dispatch)
	if err != nil {
		return nil
	}
	return run.Orders[id]
}

func has(all []touch.Category, c touch.Category) bool {
	for _, a := range all {
		if a == c {
			return true
		}
	}
	return false
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000") }
