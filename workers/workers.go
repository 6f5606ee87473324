// SPDX-License-Identifier: Apache-2.0

// Package workers brings accepted touches to their end:
//
//   - Feeder puts due touches into segments of their lane.
//   - Deliverer judges, reserves and sends a segment, and writes the results.
//   - Fallback delivers urgent touches while Redis is down.
//   - Reconciler finds segments and touches that stalled.
//   - Webhooks tells callers what became of their touches.
//   - Retention deletes what is older than it must be kept.
//
// None of them holds state that it could not lose. The ledger is the truth, and
// every step begins with a compare-and-set on it.
package workers

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Guard judges touches and reserves contacts in the contact log;
// *policies.Guard is one. It is safe for concurrent use.
type Guard interface {
	// Reserve judges touches. Each one that is allowed then holds a reservation.
	Reserve(ctx context.Context, questions []policies.Question) ([]touch.Verdict, error)
	// Settle commits and releases reservations.
	Settle(ctx context.Context, settlements []contactlog.Settlement) error
	// Ranks reports whether a rule judges the leg together with the customer's
	// waiting touches of higher priority.
	Ranks(t *touch.Touch, leg int) bool
}

// Pool sends through providers; *channels.Pool is one. It is safe for
// concurrent use.
type Pool interface {
	// Choose returns a provider that takes the message now; if there is none,
	// refusal says why and for how long.
	Choose(c touch.Channel, d adapter.Dispatch, exclude []string) (provider string, ok bool, refusal touch.Result)
	// SendEach sends messages by one provider and calls done for each, from
	// several goroutines. Right before each call it asks the clearance.
	SendEach(ctx context.Context, provider string, ds []adapter.Dispatch, clearance channels.Clearance, done func(i int, r touch.Result))
	// Query asks a provider what became of a message; false if it cannot say.
	Query(ctx context.Context, provider string, d adapter.Dispatch) (touch.Result, bool)
	// Capabilities returns what a provider can do; false if it is unknown.
	Capabilities(provider string) (adapter.Capabilities, bool)
	// AllowRetry reports whether the provider's retry budget allows another try.
	AllowRetry(provider string) bool
	// Rate is how many touches a second the channel's providers take; 0 means
	// that there is no limit.
	Rate(c touch.Channel, exclude []string) float64
}

// Control is this node's view of kill switches, pauses and campaigns;
// *ledger.ControlWatcher is one.
type Control interface {
	Current() *ledger.Control
	// Refresh reads the view again if it has changed.
	Refresh(ctx context.Context) error
	// Confirm returns a view that was the newest at an instant at most
	// ledger.ConfirmWithin ago; any view if since is not longer ago.
	Confirm(ctx context.Context, since time.Duration) (*ledger.Control, error)
	// Elapsed is the time by which Confirm measures.
	Elapsed() time.Duration
}

// Slot is a free place of this process to work on one segment. Call exactly one
// of Run and Release.
type Slot interface {
	// Run works on a segment in the background, and frees the slot afterwards.
	// If the work fails the segment goes to the queue.
	Run(ref ledger.SegmentRef, work func(context.Context, ledger.SegmentRef) error)
	// Release frees the slot unused.
	Release()
}

// Options are what workers are built from. Each part uses some of them.
type Options struct {
	Ledger  *ledger.Ledger
	Guard   Guard
	Pool    Pool
	Control Control
	// Enqueue puts segments into the queues of their lanes.
	Enqueue func(ctx context.Context, refs []ledger.SegmentRef) error
	// TakeSlot, when set, returns a free slot of an urgent lane for the fast
	// path, or nil if there is none.
	TakeSlot func(lane string) Slot
	// PriorityGate, when set, makes bulk wait for urgent touches.
	PriorityGate *priority.Gate
	Name         string // of this worker, unique in the fleet: holds leases
	Now          func() time.Time
	Rand         *rand.Rand // for jitter; used under a lock
	Logger       *slog.Logger
	Metrics      prometheus.Registerer // nil: none are registered
	Tuning       Tuning
}

// Lanes returns the names of all lanes, urgent ones first.
func Lanes() []string {
	var lanes []string
	for _, urgent := range []bool{true, false} {
		for _, c := range touch.Channels() {
			lanes = append(lanes, touch.Lane(c, urgent))
		}
	}
	return lanes
}

// IsUrgent reports whether a lane is for urgent touches.
func IsUrgent(lane string) bool { return strings.HasSuffix(lane, ".urgent") }
