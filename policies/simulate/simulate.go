// SPDX-License-Identifier: Apache-2.0

// Package simulate says what a set of policies would have done to traffic that
// was recorded: every leg that went out, or that a rule refused, is asked anew,
// in order of time, against a contact log in memory that begins with the
// contacts made before. What the set allows counts as made; what it defers is
// asked again when it says. Nothing is sent and nothing stored.
//
// The answer is about rules, not about vendors: failures, fallbacks and pauses
// of then are taken as they were.
package simulate

import (
	"container/heap"
	"context"
	"fmt"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Recorded is one leg of a touch as it was recorded.
type Recorded struct {
	// Question is as it was first asked: Now is when the leg could have gone.
	Question policies.Question
	// Sent is when it went out; zero: it did not.
	Sent time.Time
	Kind contactlog.Kind // how far the contact came
	// Refused is the rule that refused it, where it did not go out.
	Refused string
	// Before says that it went out before the time asked about: it counts as
	// a contact and is not asked again.
	Before bool
}

// progressEvery is how many legs lie between two calls of progress.
const progressEvery = 1000

// Run asks set about every recorded leg. legs must be in order of Question.Now
// (of Sent for those Before) within each customer; progress, if not nil, is
// told now and then how many have been read. An error is ctx's end or the log's.
func Run(ctx context.Context, set *ruleset.Set, legs []Recorded, progress func(done int)) (*Report, error) {
	log := contactlog.NewModel()
	guard := policies.NewGuard(log, nil)
	guard.Use(set)
	r := &run{ctx: ctx, guard: guard, report: newReport(set)}
	for i := range legs {
		if i%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return nil, touch.Errorf(touch.Unavailable, "", "the simulation was ended: %w", err)
			}
			if progress != nil {
				progress(i)
			}
		}
		leg := &legs[i]
		if leg.Before {
			if err := r.commit(leg, leg.Sent, leg.Kind); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.upTo(leg.Question.Now); err != nil {
			return nil, err
		}
		if err := r.ask(&pending{leg: leg, at: leg.Question.Now}); err != nil {
			return nil, err
		}
	}
	if err := r.upTo(time.Time{}); err != nil {
		return nil, err
	}
	if progress != nil {
		progress(len(legs))
	}
	r.report.finish()
	return r.report, nil
}

// run is a simulation under way.
type run struct {
	ctx     context.Context
	guard   *policies.Guard
	waiting queue
	order   int
	report  *Report
}

// pending is a leg that waits for its instant.
type pending struct {
	leg   *Recorded
	at    time.Time
	order int
	asked int
	first touch.Verdict // that deferred it
}

// maxAsked bounds how often a leg that is deferred again and again is asked.
const maxAsked = 100

// upTo asks all that waits until the instant; zero: all that waits.
func (r *run) upTo(t time.Time) error {
	for len(r.waiting) > 0 && (t.IsZero() || !r.waiting[0].at.After(t)) {
		if err := r.ask(heap.Pop(&r.waiting).(*pending)); err != nil {
			return err
		}
	}
	return nil
}

// ask puts one leg before the set.
func (r *run) ask(p *pending) error {
	q := p.leg.Question
	q.Now = p.at
	verdicts, err := r.guard.Reserve(r.ctx, []policies.Question{q})
	if err != nil {
		return err
	}
	v := verdicts[0]
	if p.asked++; p.asked == 1 {
		p.first = v
	}
	expires := q.Touch.ExpiresAt
	switch {
	case v.Decision == touch.DecisionAllow:
		r.report.add(p, outcome{decision: touch.DecisionAllow, at: p.at})
		return r.commit(p.leg, p.at, max(p.leg.Kind, contactlog.Attempt))
	case v.Decision == touch.DecisionDefer && (expires == nil || v.Until.Before(*expires)) && p.asked < maxAsked:
		p.at, p.order = v.Until, r.order
		r.order++
		heap.Push(&r.waiting, p)
	case v.Decision == touch.DecisionDefer:
		v.Findings = append(v.Findings, touch.Finding{Rule: v.Rule, Kind: v.Kind, Decision: touch.DecisionRefuse, Until: v.Until,
			Reason: fmt.Sprintf("it would have waited beyond its end, after %d deferrals", p.asked)})
		r.report.add(p, outcome{decision: touch.DecisionRefuse, verdict: v, late: true})
	default:
		r.report.add(p, outcome{decision: touch.DecisionRefuse, verdict: v})
	}
	return nil
}

// commit counts a contact as made.
func (r *run) commit(leg *Recorded, at time.Time, kind contactlog.Kind) error {
	entry := leg.Question.Entry()
	entry.At = at
	return r.guard.Settle(r.ctx, []contactlog.Settlement{{Customer: leg.Question.Touch.Customer, ID: entry.ID, At: at, Kind: kind, Entry: &entry}})
}

// queue is a heap by instant, then by order of asking.
type queue []*pending

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].order < q[j].order
	}
	return q[i].at.Before(q[j].at)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*pending)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
