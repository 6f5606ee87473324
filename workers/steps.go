package workers

import (
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// step is what comes next for one touch: its transition in the ledger and,
// unless nil, the settlement of its reservation in the contact log.
type step struct {
	job        *job
	transition ledger.Transition
	contact    *contactlog.Settlement
}

// steps collects the next step of each touch of a segment until flush writes
// them. It is safe for concurrent use: providers report results at the same
// time.
type steps struct {
	*services
	segment ledger.SegmentRef

	mu      sync.Mutex
	pending []step
}

// add takes down the next step of a touch; contact nil leaves the contact log
// as it is.
func (s *steps) add(j *job, tr ledger.Transition, contact *contactlog.Settlement) {
	j.hasStep = true
	s.mu.Lock()
	s.pending = append(s.pending, step{job: j, transition: tr, contact: contact})
	s.mu.Unlock()
}

// event begins an event about the job's touch.
func (s *steps) event(j *job, kind touch.EventKind, state touch.State, reason string) touch.Event {
	e := j.touch().Event(kind, s.now(), state, j.leg)
	e.Attempt = j.attempts
	e.Reason = reason
	return e
}

// resultEvent begins an event that carries the provider's result.
func (s *steps) resultEvent(j *job, kind touch.EventKind, state touch.State, r touch.Result) touch.Event {
	e := s.event(j, kind, state, r.Reason)
	e.Result = &r
	return e
}

// transition begins a transition that keeps the touch on its leg and in its lane.
func (s *steps) transition(j *job, to touch.State, events ...touch.Event) ledger.Transition {
	return ledger.Transition{
		To:          to,
		Leg:         j.leg,
		Attempts:    j.attempts,
		Lane:        touch.Lane(j.channel(), j.touch().Urgent()),
		Events:      append(j.events, events...),
		DropContact: j.notSent,
	}
}

// end brings a touch to a final state and releases its reservation.
func (s *steps) end(j *job, to touch.State, reason string, kind touch.EventKind) {
	s.endWith(j, to, reason, kind, j.releaseIfReserved())
}

// endWith brings a touch to a final state and settles its reservation.
func (s *steps) endWith(j *job, to touch.State, reason string, kind touch.EventKind, contact *contactlog.Settlement) {
	// An earlier leg may have reached the customer. "Refused" or "failed" would
	// deny a contact that was made.
	if to != touch.StateCancelled && to != touch.StateDead && j.mayHaveReached() {
		to = touch.StateUnconfirmed
		kind = touch.EventUnconfirmed
	}

	e := s.event(j, kind, to, reason)
	if j.denied() {
		e.Verdict = &j.verdict
	}
	tr := s.transition(j, to, e)
	tr.Reason = reason
	s.add(j, tr, contact)
}

// nextLeg moves the touch to its next leg, or ends it in state last if there is
// none.
func (s *steps) nextLeg(j *job, reason string, last touch.State, kind touch.EventKind, contact *contactlog.Settlement) {
	if j.isLastLeg() {
		s.endWith(j, last, reason, kind, contact)
		return
	}

	j.leg++
	j.attempts = 0
	e := s.event(j, touch.EventFallback, touch.StateDue, reason)
	if j.denied() {
		e.Verdict = &j.verdict
	}
	tr := s.transition(j, touch.StateDue, e)
	tr.Due = s.now()
	tr.Reason = reason
	s.add(j, tr, contact)
}

// reschedule makes the touch due again at an instant. Its history gets no line
// unless events are given.
func (s *steps) reschedule(j *job, at time.Time, reason string, events ...touch.Event) {
	if !j.inFlight() {
		tr := s.transition(j, touch.StateDue, events...)
		tr.Due = at
		tr.Reason = reason
		s.add(j, tr, j.releaseIfReserved())
		return
	}

	// It may have been sent, so it stays unknown and keeps its reservation.
	tr := s.transition(j, touch.StateUnknown, events...)
	tr.Due = s.notBeforeCallEnds(j, at)
	tr.Reason = reason
	tr.Provider = j.provider
	tr.Contact = j.unknownContact(j.unknownSince)
	s.add(j, tr, nil)
}

// hold keeps a touch back until kill switches are over. One that may have been
// sent is looked at now and then, since its vendor can be asked all the same.
func (s *steps) hold(j *job, reason, hold string) {
	now := s.now()
	if j.inFlight() {
		s.reschedule(j, now.Add(stopRecheck+s.jitter.upTo(stopRecheck)), reason)
		return
	}
	tr := s.transition(j, touch.StateDue)
	tr.Due = now
	tr.Reason = reason
	tr.Hold = hold
	s.add(j, tr, j.releaseIfReserved())
}

// drop takes a touch out of the segment and changes nothing else.
func (s *steps) drop(j *job) {
	s.add(j, ledger.Transition{}, j.releaseIfReserved())
}

// commitLost counts the contact of a lost worker. The touch came to its end by
// the receipt of an earlier leg while the worker was lost over a later leg:
// that one may have been sent.
func (s *steps) commitLost(j *job) {
	now := s.now()
	j.leg = j.claimed.Intent.Leg
	s.add(j, ledger.Transition{Contact: j.unknownContact(now)}, j.commitContact(now, touch.ContactAttempt))
}

// receiptOverdue moves a sent touch whose receipt did not come in time to its
// next leg. It reports false if there is none: then the touch ends unconfirmed.
func (s *steps) receiptOverdue(j *job) bool {
	if j.isLastLeg() {
		s.end(j, touch.StateUnconfirmed, touch.ReasonNoReceipt, touch.EventUnconfirmed)
		return false
	}
	j.leg++
	j.attempts = 0
	j.events = append(j.events, s.event(j, touch.EventFallback, touch.StateDue, touch.ReasonNoReceipt))
	return true
}

// callDeadline is when a call that a lost worker meant to make is surely over:
// the worker may only have been suspended, and go on until then. It is zero if
// no worker was lost.
func (s *steps) callDeadline(j *job) time.Time {
	if j.claimed.Intent == nil {
		return time.Time{}
	}
	return j.claimed.Intent.At.Add(s.tuning.SendWithin + s.tuning.CallWithin)
}

// notBeforeCallEnds returns at, or the call deadline if that is later.
func (s *steps) notBeforeCallEnds(j *job, at time.Time) time.Time {
	if deadline := s.callDeadline(j); deadline.After(at) {
		return deadline
	}
	return at
}
