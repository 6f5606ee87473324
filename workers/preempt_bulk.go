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

// preemptibleWork makes each step of a bulk segment in the ledger wait while
// urgent work runs. Calls to vendors wait in package channels.
type preemptibleWork struct {
	ledger.Work
	gate *priority.Gate
}

func (w preemptibleWork) waitIfBulk(ctx context.Context, lane string) {
	if !IsUrgent(lane) {
		w.gate.WaitForUrgent(ctx)
	}
}

// Feed implements ledger.Work.
func (w preemptibleWork) Feed(ctx context.Context, lane string, now time.Time, limit int) (ledger.SegmentRef, int, bool, error) {
	w.waitIfBulk(ctx, lane)
	return w.Work.Feed(ctx, lane, now, limit)
}

// Claim implements ledger.Work.
func (w preemptibleWork) Claim(ctx context.Context, ref ledger.SegmentRef, worker string, now, until time.Time) (*ledger.Segment, error) {
	w.waitIfBulk(ctx, ref.Lane)
	return w.Work.Claim(ctx, ref, worker, now, until)
}

// Intend implements ledger.Work.
func (w preemptibleWork) Intend(ctx context.Context, ref ledger.SegmentRef, controlVersion ledger.ControlVersion, intents []ledger.Intent) ([]int, error) {
	w.waitIfBulk(ctx, ref.Lane)
	return w.Work.Intend(ctx, ref, controlVersion, intents)
}

// Apply implements ledger.Work.
func (w preemptibleWork) Apply(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	w.waitIfBulk(ctx, ref.Lane)
	return w.Work.Apply(ctx, ref, transitions)
}

// preemptibleGuard makes bulk wait before each call to the contact log while
// urgent work runs.
type preemptibleGuard struct {
	Guard
	gate *priority.Gate
}

// contactsPerCall is how many contacts go to the contact log in one call. Redis
// does nothing else meanwhile, for about two milliseconds.
const contactsPerCall = 100

// Reserve implements Guard.
func (g preemptibleGuard) Reserve(ctx context.Context, questions []policies.Question) ([]touch.Verdict, error) {
	verdicts := make([]touch.Verdict, 0, len(questions))
	for part := range slices.Chunk(questions, contactsPerCall) {
		if !part[0].Touch.Urgent() {
			g.gate.WaitForUrgent(ctx)
		}
		judged, err := g.Guard.Reserve(ctx, part)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, judged...)
	}
	return verdicts, nil
}

// Settle implements Guard. A settlement does not say whether it is urgent, but
// only bulk settles more than one call's worth at once.
func (g preemptibleGuard) Settle(ctx context.Context, settlements []contactlog.Settlement) error {
	isBulk := len(settlements) > contactsPerCall
	for part := range slices.Chunk(settlements, contactsPerCall) {
		if isBulk {
			g.gate.WaitForUrgent(ctx)
		}
		if err := g.Guard.Settle(ctx, part); err != nil {
			return err
		}
	}
	return nil
}
