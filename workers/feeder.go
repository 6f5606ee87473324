package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Feeder moves due touches into segments and puts these into the queue. It
// keeps each lane filled a little ahead, and no more: a long queue would slow
// its own workers down, and a touch in the queue is sent before any more urgent
// one that becomes due later. Several feeders may run at once.
type Feeder struct {
	work     ledger.Work
	enqueue  func(context.Context, []ledger.SegmentRef) error
	pool     Pool
	control  Control
	now      func() time.Time
	log      *slog.Logger
	tuning   Tuning
	limiters map[string]*feedLimiter // by lane
}

// NewFeeder makes a feeder.
func NewFeeder(o Options) *Feeder {
	work := o.Ledger.Work
	if o.PriorityGate != nil {
		work = preemptibleWork{Work: work, gate: o.PriorityGate}
	}
	return &Feeder{
		work:     work,
		enqueue:  o.Enqueue,
		pool:     o.Pool,
		control:  o.Control,
		now:      o.Now,
		log:      o.Logger,
		tuning:   o.Tuning.withDefaults(),
		limiters: newFeedLimiters(),
	}
}

// Run feeds every lane until ctx ends.
func (f *Feeder) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	for _, lane := range Lanes() {
		lanes.Go(func() { f.runLane(ctx, lane) })
	}
	lanes.Wait()
}

func (f *Feeder) runLane(ctx context.Context, lane string) {
	pause := time.Duration(0)
	for loop.Sleep(ctx, pause) {
		fed, err := f.Fill(ctx, lane)
		switch {
		case err != nil && ctx.Err() == nil:
			f.log.LogAttrs(ctx, slog.LevelWarn, "lane not fed", slog.String("component", "feeder"),
				slog.String("lane", lane), slog.Any("error", err))
			pause = time.Second
		case fed > 0:
			pause = f.tuning.FeedEvery / 10
		default:
			pause = f.tuning.FeedEvery
		}
	}
}

// Fill moves due touches of the lane into segments, until the lane has Window
// open segments or its channel's providers are busy. It returns how many touches
// it moved.
func (f *Feeder) Fill(ctx context.Context, lane string) (fed int, err error) {
	open, err := f.work.OpenSegments(ctx, lane)
	if err != nil {
		return 0, err
	}

	urgent := IsUrgent(lane)
	size := f.tuning.SegmentSize
	if urgent {
		size = f.tuning.UrgentSegment
	}
	limiter := f.limiters[lane]
	limit := f.tuning.Window * size
	if rate := f.rate(limiter.channel); rate > 0 {
		limit = min(limit, limiter.available(urgent, open, rate, f.tuning.FeedEvery, f.now()))
	}

	for ; open < f.tuning.Window && fed < limit; open++ {
		ref, n, ok, err := f.work.Feed(ctx, lane, f.now(), min(size, limit-fed))
		if err != nil || !ok {
			return fed, err
		}
		limiter.take(urgent, n)
		// If this fails the segment stays in the ledger, and the reconciler
		// queues it later.
		if err := f.enqueue(ctx, []ledger.SegmentRef{ref}); err != nil {
			return fed, err
		}
		fed += n
	}
	return fed, nil
}

// rate is how many touches a second the channel's providers take together; 0
// means no limit. Providers under a kill switch for all touches do not count.
func (f *Feeder) rate(c touch.Channel) float64 {
	var stopped []string
	for _, s := range f.control.Current().KillSwitches {
		if s.Provider != "" && s.Matches(&touch.Touch{}, c, f.now()) {
			stopped = append(stopped, s.Provider)
		}
	}
	return f.pool.Rate(c, stopped)
}
