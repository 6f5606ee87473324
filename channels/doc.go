// SPDX-License-Identifier: Apache-2.0

// Package channels sends messages through vendors. A Registry lists the kinds
// of adapters that exist. A Provider is an adapter with an account, a circuit
// breaker, a rate limiter, a timeout and a bulkhead. The Pool chooses a provider
// for a dispatch and sends by it. Workers use the Pool; app/adapters.go fills
// the Registry.
//
// What this package promises of a Result: it has the provider's name. A refusal
// by our own breaker, rate limiter or pause is a known non-send: it has
// NoAttempt and, where the time is known, RetryAfter. When an adapter panics or
// returns too few results, the results that are missing are ResultUnknown.
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
	// PriorityGate, when set, makes bulk wait while urgent touches are in flight.
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
