// SPDX-License-Identifier: Apache-2.0

// Package simulate computes what a set of policies would have done to recorded
// traffic. It evaluates every leg that went out, and every leg that a rule
// refused, again in order of time. The contact log is in memory and starts with
// the contacts made before. A leg that the set allows counts as a contact; a leg
// that it defers is evaluated again at the instant that the deferral names.
// Nothing is sent or stored.
//
// The result is about rules, not about vendors: the failures, fallbacks and
// pauses of that time are taken as they were.
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
	// Question is the leg's first question to the policies. Its Now is the
	// instant at which the leg could have gone out.
	Question policies.Question
	// Sent is when the leg went out, zero if it did not.
	Sent time.Time
	Kind contactlog.Kind // of the contact that was made
	// Refused is the rule that refused the leg, where it did not go out.
	Refused string
	// Before says that the leg went out before the simulated time. It counts
	// as a contact and is not evaluated.
	Before bool
}

// progressEvery is the number of legs between two calls of progress.
const progressEvery = 1000

// maxEvaluations bounds how often one leg is evaluated. A set could defer it
// again and again, by a few milliseconds each time.
const maxEvaluations = 100

// Run evaluates every recorded leg. Within each customer legs must be in order
// of Question.Now, or of Sent for legs that are Before. If progress is not nil,
// Run calls it every 1,000 legs and at the end with the number of legs read.
// The error is of class Unavailable when ctx has ended; any other comes from
// the contact log.
func Run(
	ctx context.Context, set *ruleset.Set, legs []Recorded, progress func(done int),
) (*Report, error) {
	guard := policies.NewGuard(contactlog.NewModel(), nil)
	guard.Use(set)
	s := &simulation{ctx: ctx, guard: guard, report: newReport(set)}
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
			if err := s.commit(leg, leg.Sent, leg.Kind); err != nil {
				return nil, err
			}
			continue
		}
		// Deferred legs whose instant has come go first: their contacts count
		// against this one.
		if err := s.evaluateDue(leg.Question.Now); err != nil {
			return nil, err
		}
		if err := s.evaluate(&pending{leg: leg, at: leg.Question.Now}); err != nil {
			return nil, err
		}
	}
	if err := s.evaluateAllDeferred(); err != nil {
		return nil, err
	}
	if progress != nil {
		progress(len(legs))
	}
	s.report.finish()
	return s.report, nil
}

// simulation is the state of one Run.
type simulation struct {
	ctx      context.Context
	guard    *policies.Guard
	deferred deferredHeap
	report   *Report
	// nextOrder numbers deferrals, so that legs with one instant are
	// evaluated in the order in which they were deferred.
	nextOrder int
}

// pending is a leg on its way through the simulation.
type pending struct {
	leg         *Recorded
	at          time.Time // of the next evaluation
	order       int
	evaluations int
	first       touch.Verdict // of the first evaluation
}

// evaluateDue evaluates the deferred legs whose instant is not after t.
func (s *simulation) evaluateDue(t time.Time) error {
	for len(s.deferred) > 0 && !s.deferred[0].at.After(t) {
		if err := s.evaluate(heap.Pop(&s.deferred).(*pending)); err != nil {
			return err
		}
	}
	return nil
}

// evaluateAllDeferred evaluates deferred legs until none is left.
func (s *simulation) evaluateAllDeferred() error {
	for len(s.deferred) > 0 {
		if err := s.evaluate(heap.Pop(&s.deferred).(*pending)); err != nil {
			return err
		}
	}
	return nil
}

// evaluate evaluates one leg at its instant. It reports the result, or defers
// the leg again.
func (s *simulation) evaluate(p *pending) error {
	q := p.leg.Question
	q.Now = p.at
	verdicts, err := s.guard.Reserve(s.ctx, []policies.Question{q})
	if err != nil {
		return err
	}
	v := verdicts[0]
	p.evaluations++
	if p.evaluations == 1 {
		p.first = v
	}

	expires := q.Touch.ExpiresAt
	switch {
	case v.Decision == touch.DecisionAllow:
		s.report.add(p, result{decision: touch.DecisionAllow})
		return s.commit(p.leg, p.at, max(p.leg.Kind, contactlog.Attempt))

	case v.Decision == touch.DecisionDefer && (expires == nil || v.Until.Before(*expires)) &&
		p.evaluations < maxEvaluations:
		p.at = v.Until
		p.order = s.nextOrder
		s.nextOrder++
		heap.Push(&s.deferred, p)

	case v.Decision == touch.DecisionDefer:
		v.Findings = append(v.Findings, touch.Finding{
			Rule:     v.Rule,
			Kind:     v.Kind,
			Decision: touch.DecisionRefuse,
			Until:    v.Until,
			Reason:   fmt.Sprintf("it would have waited beyond its end, after %d deferrals", p.evaluations),
		})
		s.report.add(p, result{decision: touch.DecisionRefuse, verdict: v, late: true})

	default:
		s.report.add(p, result{decision: touch.DecisionRefuse, verdict: v})
	}
	return nil
}

// commit counts a leg as a contact that was made at an instant.
func (s *simulation) commit(leg *Recorded, at time.Time, kind contactlog.Kind) error {
	entry := leg.Question.Entry()
	entry.At = at
	return s.guard.Settle(s.ctx, []contactlog.Settlement{{
		Customer: leg.Question.Touch.Customer,
		ID:       entry.ID,
		At:       at,
		Kind:     kind,
		Entry:    &entry,
	}})
}
