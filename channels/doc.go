// SPDX-License-Identifier: Apache-2.0

// Package channels is where messages leave the house. A Registry lists the
// kinds of adapters that exist; a Provider is one of them with an account, a
// breaker, a rate, a timeout and a number of calls at once; the Pool chooses a
// provider for a dispatch and sends. Workers use the Pool, operators read its
// Status, and app/adapters.go fills the Registry.
//
// What this package promises about a Result: it has the provider's name; a
// refusal by our own breaker, rate or pause is a known non-send that carries
// NoAttempt and, where it can be told, RetryAfter; an adapter that panics, or
// that answers too few results, is Unknown.
package channels

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/internal/priority"
)

// Options are what the host injects. The zero value is usable: real time,
// process-wide randomness, no log and no metrics.
type Options struct {
	Now     func() time.Time
	Rand    func() float64 // uniform in [0,1), safe for concurrent use
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// PriorityGate, when set, is where bulk stands back for urgent touches.
	PriorityGate *priority.Gate
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
