package main

import (
	"touchgate.dev/internal/apiclient"
	"touchgate.dev/touch"
)

// demoResult is the result of a demo. With --json it is printed as it is. Numbers
// are touches unless their comment says otherwise.
type demoResult struct {
	// Accepted are the touches that the gateway recorded. Repeated are those of
	// them that it knew from an earlier run. Faulty lines were not recorded.
	Accepted int `json:"accepted"`
	Repeated int `json:"repeated"`
	Faulty   int `json:"faulty"`

	// Sent are the touches of which a vendor, or one of our own channels, took at
	// least one leg. Messages is how many messages they took, earlier runs in the
	// same folder included; NewMessages are those of this run.
	Sent        int `json:"sent"`
	Messages    int `json:"messages"`
	NewMessages int `json:"new_messages"`

	// The touches by their state at the end. Deferred ones wait for a later time.
	Delivered   int `json:"delivered"`
	Capped      int `json:"capped"`
	Refused     int `json:"refused"`
	Deferred    int `json:"deferred"`
	Failed      int `json:"failed"`
	Expired     int `json:"expired"`
	Cancelled   int `json:"cancelled"`
	Unconfirmed int `json:"unconfirmed"`
	Dead        int `json:"dead"`

	// Unknown are touches that may have been sent or not; nobody can say. Resent
	// are the urgent ones that were deliberately sent once more, because for them a
	// second message is better than none.
	Unknown int `json:"unknown"`
	Resent  int `json:"resent"`

	// The three counts that must be zero, by the vendors' own log. Unchecked are
	// the rules whose caps the demo cannot check; OverCap does not count them.
	Lost       int      `json:"lost"`
	Duplicated int      `json:"duplicated"`
	OverCap    int      `json:"over_cap"`
	Unchecked  []string `json:"caps_not_checked,omitempty"`

	Seconds float64 `json:"seconds"` // that the whole demo took

	examples []string
	counts   stateCounts
}

// stateCounts counts touches for the tables.
type stateCounts struct {
	channels map[touch.Channel]map[touch.State]int
	reasons  map[[2]string]int // by state and reason
}

// count adds one touch, as the API lists it, to the counts.
func (r *demoResult) count(t *apiclient.Touch) {
	if len(t.SentLegs()) > 0 {
		r.Sent++
	}
	switch t.State {
	case touch.StateDelivered:
		r.Delivered++
	case touch.StateCapped:
		r.Capped++
	case touch.StateRefused:
		r.Refused++
	case touch.StateDue:
		r.Deferred++
	case touch.StateFailed:
		r.Failed++
	case touch.StateExpired:
		r.Expired++
	case touch.StateCancelled:
		r.Cancelled++
	case touch.StateUnconfirmed:
		r.Unconfirmed++
	case touch.StateDead:
		r.Dead++
	case touch.StateUnknown:
		r.Unknown++
	}

	// A touch that has not begun counts for its first leg's channel, and one that is
	// through with its plan for the last leg's.
	channel := t.Legs[min(max(t.Leg, 0), len(t.Legs)-1)].Channel
	if r.counts.channels[channel] == nil {
		r.counts.channels[channel] = map[touch.State]int{}
	}
	r.counts.channels[channel][t.State]++
	if t.Reason != "" {
		r.counts.reasons[[2]string{string(t.State), t.Reason}]++
	}
}
