package operations

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// DeadLetters lists the dead letters of every caller; see ledger.DeadLetterFilter.
func (s *Service) DeadLetters(ctx context.Context, f ledger.DeadLetterFilter) (found []ledger.DeadLetter, next int64, err error) {
	if err := checkFilter(&f); err != nil {
		return nil, 0, err
	}
	return s.deadLetters.List(ctx, f)
}

// RedriveOrder selects the dead letters to send back to the workers.
type RedriveOrder struct {
	ledger.DeadLetterFilter
	All    bool // allows a filter that selects everything
	DryRun bool // only count
}

// Redrive sends dead letters back to the workers, page by page. After an
// error, what was sent back before it stays sent back, and the counts say how
// much. See ledger.DeadLetters.
func (s *Service) Redrive(ctx context.Context, p *access.Principal, o RedriveOrder) (sum ledger.Redriven, err error) {
	f := o.DeadLetterFilter
	f.After = 0
	f.Limit = touch.MaxBatch
	if err := checkFilter(&f); err != nil {
		return sum, err
	}
	everything := ledger.DeadLetterFilter{Limit: f.Limit}
	if f == everything && !o.All {
		return sum, touch.Errorf(touch.Invalid, "all", "name a touch, caller, campaign, reason, channel or time, or say all")
	}
	for {
		n, next, err := s.deadLetters.Redrive(ctx, f, o.DryRun, p.Key, s.now())
		if err != nil {
			return sum, err
		}
		sum.Due += n.Due
		sum.Asked += n.Asked
		sum.Expired += n.Expired
		if next == 0 {
			return sum, nil
		}
		f.After = next
	}
}

func checkFilter(f *ledger.DeadLetterFilter) error {
	if f.Channel != "" && !f.Channel.Valid() {
		return touch.Errorf(touch.Invalid, "channel", "%q is not a channel", f.Channel)
	}
	if f.Limit < 0 || f.Limit > touch.MaxBatch {
		return touch.Errorf(touch.Invalid, "limit", "must be 1 to %d", touch.MaxBatch)
	}
	return nil
}
