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

// courteous has each step that bulk takes at a store wait while something
// urgent is on its way. Its calls to vendors do so where they are made.
func (o Options) courteous() Options {
	if o.PriorityGate != nil {
		o.Ledger, o.Guard = courteousLedger{o.Ledger, o.PriorityGate}, courteousGuard{o.Guard, o.PriorityGate}
	}
	return o
}

type courteousLedger struct {
	ledger.Ledger
	way *priority.Gate
}

func (l courteousLedger) giveWay(ctx context.Context, lane string) {
	if !Urgent(lane) {
		l.way.WaitForUrgent(ctx)
	}
}

// Feed implements ledger.Ledger.
func (l courteousLedger) Feed(ctx context.Context, lane string, now time.Time, limit int) (ledger.SegmentRef, int, bool, error) {
	l.giveWay(ctx, lane)
	return l.Ledger.Feed(ctx, lane, now, limit)
}

// Claim implements ledger.Ledger.
func (l courteousLedger) Claim(ctx context.Context, ref ledger.SegmentRef, worker string, now, until time.Time) (*ledger.Segment, error) {
	l.giveWay(ctx, ref.Lane)
	return l.Ledger.Claim(ctx, ref, worker, now, until)
}

// Intend implements ledger.Ledger.
func (l courteousLedger) Intend(ctx context.Context, ref ledger.SegmentRef, fence int64, intents []ledger.Intent) ([]int, error) {
	l.giveWay(ctx, ref.Lane)
	return l.Ledger.Intend(ctx, ref, fence, intents)
}

// Settle implements ledger.Ledger.
func (l courteousLedger) Settle(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	l.giveWay(ctx, ref.Lane)
	return l.Ledger.Settle(ctx, ref, transitions)
}

type courteousGuard struct {
	Guard
	way *priority.Gate
}

// atOnce is how many contacts of bulk go to the contact log at once: Redis does
// nothing else meanwhile, for about two milliseconds.
const atOnce = 100

// Reserve implements Guard.
func (g courteousGuard) Reserve(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error) {
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
func (g courteousGuard) Settle(ctx context.Context, ss []contactlog.Settlement) error {
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
