package workers

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
)

const (
	retentionEvery = time.Hour
	retentionLease = time.Minute
	retentionPage  = 500
	// retentionPause leaves the ledger to the others between two pages.
	retentionPause = 20 * time.Millisecond
)

// Keep says how long the ledger keeps what is over; zero is for ever.
type Keep struct {
	Touches time.Duration // with their contacts and items
	Journal time.Duration // what happened; not shorter than Touches
	// AtLeast is how far back the rules look now: no touch goes earlier.
	AtLeast func() time.Duration
}

// Retention takes what is past out of the ledger, a page at a time.
type Retention struct {
	o    Options
	keep Keep
}

// NewRetention makes a retention; several may run, and one at a time works.
func NewRetention(o Options, keep Keep) *Retention { return &Retention{o, keep} }

// Run works until ctx ends.
func (r *Retention) Run(ctx context.Context) {
	for ctx.Err() == nil {
		touches, records, err := r.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.o.Logger.LogAttrs(ctx, slog.LevelError, "retention failed", slog.Any("error", err))
		case touches+records > 0:
			r.o.Logger.LogAttrs(ctx, slog.LevelInfo, "retention", slog.Int("touches", touches), slog.Int("records", records))
		}
		sleep(ctx, retentionEvery)
	}
}

// Step removes everything that is past by now, and says how much.
func (r *Retention) Step(ctx context.Context) (touches, records int, err error) {
	if r.keep.Touches > 0 {
		before := r.o.Now().Add(-max(r.keep.Touches, r.keep.AtLeast()))
		after := int64(0)
		err = r.pages(ctx, func(l ledger.Retention, now time.Time) (more bool, err error) {
			n, next, err := l.Purge(ctx, before, after, retentionPage, now)
			touches, after = touches+n, next
			return next != 0, err
		})
	}
	if err != nil || r.keep.Journal == 0 {
		return touches, 0, err
	}
	before := r.o.Now().Add(-max(r.keep.Journal, r.keep.AtLeast()))
	err = r.pages(ctx, func(l ledger.Retention, now time.Time) (more bool, err error) {
		n, err := l.TruncateJournal(ctx, before, retentionPage, now)
		records += n
		return n == retentionPage, err
	})
	return touches, records, err
}

// pages repeats one page's work while there is more and this process holds
// the lease.
func (r *Retention) pages(ctx context.Context, page func(l ledger.Retention, now time.Time) (more bool, err error)) error {
	for {
		now := r.o.Now()
		held, err := r.o.Ledger.Leases.Acquire(ctx, "retention", r.o.Name, now, now.Add(retentionLease))
		if err != nil || !held {
			return err
		}
		more, err := page(r.o.Ledger.Retention, now)
		if err != nil || !more || !sleep(ctx, retentionPause) {
			return err
		}
	}
}
