package ruleset

import "time"

// answer is what one rule says about one instant.
type answer struct {
	// ok is true if the rule is satisfied at the instant.
	ok bool
	// retryAt is an instant before which the rule is surely not satisfied. Zero
	// means that it never is by the passing of time alone.
	retryAt time.Time
}

// The two answers without an instant.
var (
	satisfied = answer{ok: true}
	never     = answer{}
)

// notBefore is the answer of a rule that asks to wait until t. It is satisfied
// if t is not after now.
func notBefore(t, now time.Time) answer {
	if !t.After(now) {
		return satisfied
	}
	return answer{retryAt: t}
}

// isNever reports whether the rule is never satisfied by time alone.
func (a answer) isNever() bool { return !a.ok && a.retryAt.IsZero() }

// and is the answer of two requirements that must both be satisfied.
func (a answer) and(b answer) answer {
	switch {
	case a.ok:
		return b
	case b.ok, a.retryAt.IsZero():
		return a
	case b.retryAt.IsZero() || b.retryAt.After(a.retryAt):
		return b
	}
	return a
}

// atLatest is a, but asked again no later than t: something that the answer
// rests on may change then. A zero t changes nothing.
func (a answer) atLatest(t time.Time) answer {
	if !t.IsZero() && (a.retryAt.IsZero() || t.Before(a.retryAt)) {
		a.retryAt = t
	}
	return a
}

// later is the later of two instants.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
