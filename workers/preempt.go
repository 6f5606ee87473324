package workers

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// preemptible has each step that bulk takes at a store wait while something
// urgent is on its way. Its calls to vendors do so where they are made.
func (o Options) preemptible() Options {
	if o.PriorityGate != nil {
		o.Ledger = o.Ledger.With(func(l *ledger.Ledger) { l.Work = preemptibleWork{l.Work, o.PriorityGate} })
		o.Guard = preemptibleGuard{o.Guard, o.PriorityGate}
	}
	return o
}

type preemptibleWork struct {
	ledger.Work
	way *priority.Gate
}

func (w preemptibleWork) giveWay(ctx context.Context, lane string) {
	if !IsUrgent(lane) {
		w.way.WaitForUrgent(ctx)
	}
}

// Feed implements ledger.Work.
func (w preemptibleWork) Feed(ctx context.Context, lane string, now time.Time, limit int) (ledger.SegmentRef, int, bool, error) {
	w.giveWay(ctx, lane)
	return w.Work.Feed(ctx, lane, now, limit)
}

// Claim implements ledger.Work.
func (w preemptibleWork) Claim(ctx context.Context, ref ledger.SegmentRef, worker string, now, until time.Time) (*ledger.Segment, error) {
	w.giveWay(ctx, ref.Lane)
	return w.Work.Claim(ctx, ref, worker, now, until)
}

// Intend implements ledger.Work.
func (w preemptibleWork) Intend(ctx context.Context, ref ledger.SegmentRef, fence int64, intents []ledger.Intent) ([]int, error) {
	w.giveWay(ctx, ref.Lane)
	return w.Work.Intend(ctx, ref, fence, intents)
}

// Apply implements ledger.Work.
func (w preemptibleWork) Apply(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	w.giveWay(ctx, ref.Lane)
	return w.Work.Apply(ctx, ref, transitions)
}

type preemptibleGuard struct {
	Guard
	way *priority.Gate
}

// atOnce is how many contacts of bulk go to the contact log at once: Redis does
// nothing else meanwhile, for about two milliseconds.
const atOnce = 100

// Reserve implements Guard.
func (g preemptibleGuard) Reserve(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	verdicts := make([]touch.Verdict, 0, len(qs))
	for part := range slices.Chunk(qs, atOnce) {
		if !part[0].Touch.Urgent() {
			g.way.WaitForUrgent(ctx)
		}
		vs, err := g.Guard.Reserve(ctx, part)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, vs...)
	}
	return verdicts, nil
}

// Settle implements Guard. So many contacts at once are bulk's.
func (g preemptibleGuard) Settle(ctx context.Context, ss []contactlog.Settlement) error {
	for part := range slices.Chunk(ss, atOnce) {
		if len(ss) > atOnce {
			g.way.WaitForUrgent(ctx)
		}
		if err := g.Guard.Settle(ctx, part); err != nil {
			return err
		}
	}
	return nil
}
