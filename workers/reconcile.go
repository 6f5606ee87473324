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
// was lost, touches of campaigns that were resumed or cancelled, touches of kill
// switches that have ended, and sent touches that no vendor ever confirmed. Several reconcilers may run at once.
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

	if err := r.letGo(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		now := r.now()
		ended, err := r.recovery.ExpireUnconfirmed(ctx, now.Add(-r.tuning.Horizon), now, moveLimit)
		if err != nil || ended < moveLimit {
			return err
		}
	}
	return nil
}

// letGo moves on what pauses and kill switches that have ended held back, until
// nothing is left. Both have their turn: a campaign of millions does not make
// the touches of a kill switch wait.
func (r *Reconciler) letGo(ctx context.Context) error {
	for ctx.Err() == nil {
		resumed, err := r.recovery.ResumeParked(ctx, r.now(), moveLimit)
		if err != nil {
			return err
		}
		released, err := r.recovery.ReleaseHeld(ctx, r.now(), moveLimit)
		if err != nil || resumed+released == 0 {
			return err
		}
	}
	return nil
}
