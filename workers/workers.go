// SPDX-License-Identifier: Apache-2.0

// Package workers moves accepted touches to their end: the Feeder puts due
// ones into lanes, Deliver judges, reserves, sends and settles a segment of
// them, the Reconciler finds what stalled, and the Reporter tells callers what
// came of it. Each holds nothing that it could not lose: the ledger is the
// truth, and every step begins with a compare-and-set on it.
package workers

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Guard judges contacts and holds their places in the contact log;
// *policies.Guard is one.
type Guard interface {
	Reserve(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error)
	Settle(ctx context.Context, ss []contactlog.Settlement) error
	// Ranks reports whether the leg is judged together with the customer's
	// touches of higher priority.
	Ranks(t *touch.Touch, leg int) bool
}

// Pool sends through providers; *channels.Pool is one.
type Pool interface {
	Choose(c touch.Channel, d adapter.Dispatch, exclude []string) (provider string, ok bool, refusal touch.Result)
	SendEach(ctx context.Context, provider string, ds []adapter.Dispatch, done func(i int, r touch.Result))
	Query(ctx context.Context, provider string, d adapter.Dispatch) (touch.Result, bool)
	Capabilities(provider string) (adapter.Capabilities, bool)
	AllowRetry(provider string) bool
	// Rate is how many touches a second the channel's providers take; 0: no limit.
	Rate(c touch.Channel, exclude []string) float64
}

// Control is the fresh view of what may stop a touch; *ledger.Watcher is one.
type Control interface {
	Current() *ledger.Control
	Refresh(ctx context.Context) error
}

// Options are what workers need of the rest of the house.
type Options struct {
	Ledger  *ledger.Ledger
	Guard   Guard
	Pool    Pool
	Control Control
	// Enqueue puts segments into their lanes.
	Enqueue func(ctx context.Context, refs []ledger.SegmentRef) error
	// Place, when set, takes a place for a segment of the lane that comes
	// straight from intake, nil when none is free. It is called once: with the
	// segment and the work on it, or without work to be given back.
	Place func(lane string) func(ref ledger.SegmentRef, work func(context.Context, ledger.SegmentRef) error)
	// PriorityGate, when set, is where bulk stands back for urgent touches.
	PriorityGate *priority.Gate
	Name         string // of this worker, unique among all: holds leases
	Now          func() time.Time
	Rand         *rand.Rand // jitter; used under a lock
	Logger       *slog.Logger
	Metrics      prometheus.Registerer
	Tuning       Tuning
}

// Tuning is what an operator may change. Zero fields take DefaultTuning's.
type Tuning struct {
	SegmentSize    int           // touches in one bulk segment
	UrgentSegment  int           // touches in one urgent segment made by the feeder
	Window         int           // segments that the feeder keeps open in one lane
	FeedEvery      time.Duration // between looks at an idle lane
	UrgentLease    time.Duration
	BulkLease      time.Duration
	MaxAttempts    int           // known non-sends on one leg before the next leg is tried
	RetryBase      time.Duration // first retry; doubles, with full jitter
	RetryMax       time.Duration
	SendWithin     time.Duration // what was judged longer ago is judged again before it is sent
	CallWithin     time.Duration // a call to a vendor that has begun is over after it
	ResolveBase    time.Duration // first look after an unknown outcome; doubles
	ResolveTries   int
	MaxAge         time.Duration // an older touch without expires_at expires
	Unclaimed      time.Duration // a segment that nobody claimed for so long is enqueued again
	Horizon        time.Duration // a sent touch without receipt is unconfirmed after it
	ReconcileEvery time.Duration
	MaxCrashes     int // a segment that lost so many workers is put aside as dead
}

// DefaultTuning serves one node of a few cores.
func DefaultTuning() Tuning {
	return Tuning{
		SegmentSize: 500, UrgentSegment: 50, Window: 16, FeedEvery: 100 * time.Millisecond,
		UrgentLease: 5 * time.Second, BulkLease: time.Minute,
		MaxAttempts: 5, RetryBase: time.Second, RetryMax: 10 * time.Minute,
		SendWithin: 5 * time.Second, CallWithin: 10 * time.Second,
		ResolveBase: 2 * time.Second, ResolveTries: 6, MaxAge: 7 * 24 * time.Hour,
		Unclaimed: 3 * time.Second, Horizon: 72 * time.Hour, ReconcileEvery: time.Second, MaxCrashes: 3,
	}
}

func (t Tuning) withDefaults() Tuning {
	d := DefaultTuning()
	orInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	orDur := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	orInt(&t.SegmentSize, d.SegmentSize)
	orInt(&t.UrgentSegment, d.UrgentSegment)
	orInt(&t.Window, d.Window)
	orInt(&t.MaxAttempts, d.MaxAttempts)
	orInt(&t.ResolveTries, d.ResolveTries)
	orInt(&t.MaxCrashes, d.MaxCrashes)
	orDur(&t.FeedEvery, d.FeedEvery)
	orDur(&t.UrgentLease, d.UrgentLease)
	orDur(&t.BulkLease, d.BulkLease)
	orDur(&t.RetryBase, d.RetryBase)
	orDur(&t.RetryMax, d.RetryMax)
	orDur(&t.SendWithin, d.SendWithin)
	orDur(&t.CallWithin, d.CallWithin)
	orDur(&t.ResolveBase, d.ResolveBase)
	orDur(&t.MaxAge, d.MaxAge)
	orDur(&t.Unclaimed, d.Unclaimed)
	orDur(&t.Horizon, d.Horizon)
	orDur(&t.ReconcileEvery, d.ReconcileEvery)
	return t
}

// Lanes lists every lane, urgent ones first.
func Lanes() []string {
	var lanes []string
	for _, urgent := range []bool{true, false} {
		for _, c := range touch.Channels() {
			lanes = append(lanes, touch.Lane(c, urgent))
		}
	}
	return lanes
}
