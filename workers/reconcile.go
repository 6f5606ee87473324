package workers

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
)

const (
	recoverLimit = 200  // segments recovered in one step
	moveLimit    = 1000 // touches moved in one transaction
)

// Reconciler finds what stalled: segments whose worker died or whose queue task
// was lost, touches of campaigns that were resumed or cancelled, and sent
// touches that no vendor ever confirmed. Several reconcilers may run at once.
type Reconciler struct {
	recovery ledger.Recovery
	enqueue  func(context.Context, []ledger.SegmentRef) error
	now      func() time.Time
	log      *slog.Logger
	tuning   Tuning
}

// NewReconciler makes a reconciler.
func NewReconciler(o Options) *Reconciler {
	return &Reconciler{
		recovery: o.Ledger.Recovery,
		enqueue:  o.Enqueue,
		now:      o.Now,
		log:      o.Logger,
		tuning:   o.Tuning.withDefaults(),
	}
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) {
	loop.Every(ctx, r.tuning.ReconcileEvery, r.Step, logStepError(ctx, r.log, "reconciler"))
}

// Step moves on everything that has stalled by now.
func (r *Reconciler) Step(ctx context.Context) error {
	now := r.now()
	refs, err := r.recovery.ReclaimExpired(ctx, now, now.Add(-r.tuning.Unclaimed), recoverLimit)
	if err != nil {
		return err
	}
	if len(refs) > 0 {
		if err := r.enqueue(ctx, refs); err != nil {
			return err
		}
	}

	err = r.repeat(ctx, func(now time.Time) (moved int, err error) {
		return r.recovery.ResumeParked(ctx, now, moveLimit)
	})
	if err != nil {
		return err
	}
	return r.repeat(ctx, func(now time.Time) (moved int, err error) {
		return r.recovery.ExpireUnconfirmed(ctx, now.Add(-r.tuning.Horizon), now, moveLimit)
	})
}

// repeat calls move until it moves fewer touches than the limit.
func (r *Reconciler) repeat(ctx context.Context, move func(now time.Time) (moved int, err error)) error {
	for ctx.Err() == nil {
		moved, err := move(r.now())
		if err != nil || moved < moveLimit {
			return err
		}
	}
	return nil
}
