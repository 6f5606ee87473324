package gateway

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Answer is what became of one submitted touch.
type Answer struct {
	ID  touch.ID
	Key string
	// New says that this call stored the touch. A repeat of a known touch is
	// answered with the state that the stored touch has by now.
	New   bool
	State touch.State
	Due   time.Time // when it is sent, or judged again
	Leg   int       // the leg to try first; -1: none
	// Reason is the rule that refused or deferred the touch.
	Reason   string
	Verdicts []touch.Verdict // one for each leg judged; the last one decided
	Err      error           // *touch.Error or touch.Faults; then nothing was stored
}

// Deferred reports whether the touch waits for a later time than now.
func (a *Answer) Deferred(now time.Time) bool { return a.State == touch.StateDue && a.Due.After(now) }

// Refused reports whether the touch was refused for good.
func (a *Answer) Refused() bool {
	if a.Err != nil {
		return false
	}
	return a.State == touch.StateRefused || a.State == touch.StateCapped || a.State == touch.StateExpired
}

// complete adds what the ledger made of the touch. The answer so far tells
// what this submission was judged; for a repeat the stored touch counts.
func (a *Answer) complete(accepted *ledger.Accepted) {
	switch {
	case accepted.New:
		a.New = true
	case accepted.Same:
		a.State = accepted.State
		a.Due = accepted.Due
		a.Reason = accepted.Reason
		a.Verdicts = nil
	default:
		conflict := touch.Errorf(touch.Conflict, "key", "this key was used for a touch with other content")
		*a = Answer{ID: a.ID, Key: a.Key, Leg: -1, Err: conflict}
	}
}

// result returns the metric's label for an answer.
func (a *Answer) result(now time.Time) string {
	switch {
	case a.Err != nil:
		return string(touch.ClassOf(a.Err))
	case !a.New:
		return "repeated"
	case a.Deferred(now):
		return "deferred"
	case a.State == touch.StateDue:
		return "accepted"
	}
	return string(a.State)
}

// count adds the answers of one call to the metric.
func (s *Service) count(answers []Answer, now time.Time) {
	counts := make(map[string]int, 4)
	for i := range answers {
		counts[answers[i].result(now)]++
	}
	for result, n := range counts {
		s.metrics.submitted.WithLabelValues(result).Add(float64(n))
	}
}
