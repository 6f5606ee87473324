package workers

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"touchgate.dev/ledger"
)

// Feeder moves due touches into lanes, and keeps each lane filled a little
// ahead and no more: an unbounded queue would starve its own workers.
type Feeder struct {
	o Options
}

// NewFeeder makes a feeder; several may run at once.
func NewFeeder(o Options) *Feeder {
	o.Tuning = o.Tuning.withDefaults()
	return &Feeder{o: o}
}

// Run feeds every lane until ctx ends.
func (f *Feeder) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, lane := range Lanes() {
		wg.Go(func() { f.runLane(ctx, lane) })
	}
	wg.Wait()
}

func (f *Feeder) runLane(ctx context.Context, lane string) {
	wait := time.Duration(0)
	for sleep(ctx, wait) {
		fed, err := f.Fill(ctx, lane)
		switch {
		case err != nil && ctx.Err() == nil:
			f.o.Logger.LogAttrs(ctx, slog.LevelWarn, "feeding failed", slog.String("lane", lane), slog.Any("error", err))
			wait = time.Second
		case fed > 0:
			wait = f.o.Tuning.FeedEvery / 10
		default:
			wait = f.o.Tuning.FeedEvery
		}
	}
}

// Fill tops the lane up to its window of open segments; it answers how many
// touches it moved.
func (f *Feeder) Fill(ctx context.Context, lane string) (fed int, err error) {
	open, err := f.o.Ledger.OpenSegments(ctx, lane)
	if err != nil {
		return 0, err
	}
	size := f.o.Tuning.SegmentSize
	if Urgent(lane) {
		size = f.o.Tuning.UrgentSegment
	}
	for ; open < f.o.Tuning.Window; open++ {
		ref, n, ok, err := f.o.Ledger.Feed(ctx, lane, f.o.Now(), size)
		if err != nil || !ok {
			return fed, err
		}
		// A segment that fails to be enqueued stays in the ledger; the
		// reconciler enqueues it later.
		if err := f.o.Enqueue(ctx, []ledger.SegmentRef{ref}); err != nil {
			return fed, err
		}
		fed += n
	}
	return fed, nil
}

// Urgent reports whether a lane is for urgent touches.
func Urgent(lane string) bool { return strings.HasSuffix(lane, ".urgent") }

// sleep waits and reports whether ctx is still live.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
