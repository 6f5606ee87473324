package sqlstore

import (
	"slices"

	"touchgate.dev/touch"
)

// maxFacts bounds the consents of one customer, and the outcomes: all of them
// are read for each verdict. The journal keeps what a profile no longer has.
const maxFacts = 1000

// wouldGo reports whether a consent would be the first to go from a list that is
// full and sorted by time: it is superseded, and older than all that are kept
// though they are superseded.
func wouldGo(full []touch.Consent, n touch.Consent) bool {
	if len(full) < maxFacts {
		return false
	}
	last := lastWords(full)
	if i, ok := last[n.Scope]; !ok || !full[i].At.After(n.At) {
		return false // it is the last word itself
	}
	for i := range full {
		if last[full[i].Scope] != i {
			return n.At.Before(full[i].At)
		}
	}
	return true
}

// lastWords returns the index of the last consent about each scope.
func lastWords(consents []touch.Consent) map[string]int {
	last := make(map[string]int)
	for i := range consents {
		last[consents[i].Scope] = i
	}
	return last
}

// keepLatest drops the oldest consents of a list that is too long and sorted by
// time. The last word about each scope stays, however old: to forget a
// revocation would be to contact somebody against their will.
func keepLatest(consents []touch.Consent) []touch.Consent {
	excess := len(consents) - maxFacts
	if excess <= 0 {
		return consents
	}
	last := lastWords(consents)
	kept := consents[:0:0]
	for i := range consents {
		if excess > 0 && last[consents[i].Scope] != i {
			excess--
			continue
		}
		kept = append(kept, consents[i])
	}
	return kept
}

// keepNewest drops the oldest outcomes of a list that is too long and sorted by
// time.
func keepNewest(outcomes []touch.Outcome) []touch.Outcome {
	if excess := len(outcomes) - maxFacts; excess > 0 {
		return slices.Clone(outcomes[excess:])
	}
	return outcomes
}
