package workers

import (
	"context"
	"log/slog"
	"time"
)

const (
	recoverLimit = 200  // segments recovered in one step
	sweepLimit   = 1000 // touches moved in one step
)

// Reconciler finds what stalled: segments whose worker died or whose task was
// lost, touches of campaigns that were resumed or cancelled, and sent touches
// that no vendor ever confirmed.
type Reconciler struct {
	o Options
}

// NewReconciler makes a reconciler; several may run at once.
func NewReconciler(o Options) *Reconciler {
	o.Tuning = o.Tuning.withDefaults()
	return &Reconciler{o: o}
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) {
	for sleep(ctx, r.o.Tuning.ReconcileEvery) {
		if err := r.Step(ctx); err != nil && ctx.Err() == nil {
			r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "reconciling failed", slog.Any("error", err))
		}
	}
}

// Step does everything that is due once.
func (r *Reconciler) Step(ctx context.Context) error {
	now := r.o.Now()
	refs, err := r.o.Ledger.Recovery.ReclaimExpired(ctx, now, now.Add(-r.o.Tuning.Unclaimed), recoverLimit)
	if err != nil {
		return err
	}
	if len(refs) > 0 {
		if err := r.o.Enqueue(ctx, refs); err != nil {
			return err
		}
	}
	if err := r.repeat(ctx, func(now time.Time) (int, error) { return r.o.Ledger.Recovery.ResumeParked(ctx, now, sweepLimit) }); err != nil {
		return err
	}
	return r.repeat(ctx, func(now time.Time) (int, error) {
		return r.o.Ledger.Recovery.ExpireUnconfirmed(ctx, now.Add(-r.o.Tuning.Horizon), now, sweepLimit)
	})
}

// repeat repeats step until it finds less than a full portion.
func (r *Reconciler) repeat(ctx context.Context, step func(now time.Time) (int, error)) error {
	for ctx.Err() == nil {
		n, err := step(r.o.Now())
		if err != nil || n < sweepLimit {
			return err
		}
	}
	return nil
}
