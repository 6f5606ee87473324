package workers

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
)

const (
	retentionEvery = time.Hour
	retentionLease = time.Minute
	retentionPage  = 500 // touches or records deleted in one transaction
	// retentionPause leaves the ledger to the others between two pages.
	retentionPause = 20 * time.Millisecond
)

// Keep says for how long the ledger keeps what is over; zero is for ever.
type Keep struct {
	Touches time.Duration // with their contacts and items
	Journal time.Duration // not shorter than Touches
	// AtLeast is how far back the rules look now. Nothing younger is deleted.
	AtLeast func() time.Duration
}

// Retention deletes what is older than it must be kept, a page at a time.
// Several may run; one at a time holds the lease and works.
type Retention struct {
	retention ledger.Retention
	leases    ledger.Leases
	name      string
	now       func() time.Time
	log       *slog.Logger
	keep      Keep
}

// NewRetention makes a retention.
func NewRetention(o Options, keep Keep) *Retention {
	return &Retention{
		retention: o.Ledger.Retention,
		leases:    o.Ledger.Leases,
		name:      o.Name,
		now:       o.Now,
		log:       o.Logger,
		keep:      keep,
	}
}

// Run deletes once an hour until ctx ends, the first time at once.
func (r *Retention) Run(ctx context.Context) {
	pause := time.Duration(0)
	for loop.Sleep(ctx, pause) {
		touches, records, err := r.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.LogAttrs(ctx, slog.LevelError, "step failed", slog.String("component", "retention"), slog.Any("error", err))
		case touches+records > 0:
			r.log.LogAttrs(ctx, slog.LevelInfo, "deleted", slog.String("component", "retention"),
				slog.Int("touches", touches), slog.Int("records", records))
		}
		pause = retentionEvery
	}
}

// Step deletes everything that is too old by now. It returns how many touches
// and journal records it deleted, also with an error.
func (r *Retention) Step(ctx context.Context) (touches, records int, err error) {
	if r.keep.Touches > 0 {
		touches, err = r.deleteTouches(ctx)
	}
	if err != nil || r.keep.Journal == 0 {
		return touches, 0, err
	}
	records, err = r.deleteRecords(ctx)
	return touches, records, err
}

func (r *Retention) deleteTouches(ctx context.Context) (deleted int, err error) {
	before := r.now().Add(-max(r.keep.Touches, r.keep.AtLeast()))
	cursor := int64(0)
	err = r.eachPage(ctx, func(now time.Time) (more bool, err error) {
		n, next, err := r.retention.Purge(ctx, before, cursor, retentionPage, now)
		deleted += n
		cursor = next
		return next != 0, err
	})
	return deleted, err
}

func (r *Retention) deleteRecords(ctx context.Context) (deleted int, err error) {
	before := r.now().Add(-max(r.keep.Journal, r.keep.AtLeast()))
	err = r.eachPage(ctx, func(now time.Time) (more bool, err error) {
		n, err := r.retention.TruncateJournal(ctx, before, retentionPage, now)
		deleted += n
		return n == retentionPage, err
	})
	return deleted, err
}

// eachPage calls deletePage while there is more and this process holds the lease.
func (r *Retention) eachPage(ctx context.Context, deletePage func(now time.Time) (more bool, err error)) error {
	for {
		now := r.now()
		held, err := r.leases.Acquire(ctx, "retention", r.name, now, now.Add(retentionLease))
		if err != nil || !held {
			return err
		}
		more, err := deletePage(now)
		if err != nil || !more || !loop.Sleep(ctx, retentionPause) {
			return err
		}
	}
}
