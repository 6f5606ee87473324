package workers

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Feeder moves due touches into lanes, and keeps each lane filled a little
// ahead and no more: an unbounded queue would starve its own workers, and what
// is fed has lost its turn to whatever more urgent comes later.
type Feeder struct {
	o       Options
	rations map[string]*feedLimiter // by lane
}

// NewFeeder makes a feeder; several may run at once.
func NewFeeder(o Options) *Feeder {
	o = o.preemptible()
	o.Tuning = o.Tuning.withDefaults()
	return &Feeder{o: o, rations: newRations()}
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

// Fill tops the lane up to its window of open segments, and no faster than its
// channel's providers take; it answers how many touches it moved.
func (f *Feeder) Fill(ctx context.Context, lane string) (fed int, err error) {
	open, err := f.o.Ledger.Work.OpenSegments(ctx, lane)
	if err != nil {
		return 0, err
	}
	urgent, size := IsUrgent(lane), f.o.Tuning.SegmentSize
	if urgent {
		size = f.o.Tuning.UrgentSegment
	}
	ration := f.rations[lane]
	left := f.o.Tuning.Window * size
	if rate := f.rate(ration.channel); rate > 0 {
		left = min(left, ration.take(urgent, open, rate, f.o.Tuning.FeedEvery, f.o.Now()))
	}
	for ; open < f.o.Tuning.Window && fed < left; open++ {
		ref, n, ok, err := f.o.Ledger.Work.Feed(ctx, lane, f.o.Now(), min(size, left-fed))
		if err != nil || !ok {
			return fed, err
		}
		ration.spend(urgent, n)
		// A segment that fails to be enqueued stays in the ledger; the
		// reconciler enqueues it later.
		if err := f.o.Enqueue(ctx, []ledger.SegmentRef{ref}); err != nil {
			return fed, err
		}
		fed += n
	}
	return fed, nil
}

// rate is how many touches a second the channel's providers take, but for those
// that a stop holds back altogether; 0: no limit.
func (f *Feeder) rate(c touch.Channel) float64 {
	var stopped []string
	for _, s := range f.o.Control.Current().KillSwitches {
		if s.Provider != "" && s.Matches(&touch.Touch{}, c, f.o.Now()) {
			stopped = append(stopped, s.Provider)
		}
	}
	return f.o.Pool.Rate(c, stopped)
}

// IsUrgent reports whether a lane is for urgent touches.
func IsUrgent(lane string) bool { return strings.HasSuffix(lane, ".urgent") }

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
