package gateway

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Dead lists touches that were put aside, of every caller; see ledger.DeadFilter.
func (s *Service) Dead(ctx context.Context, f ledger.DeadLetterFilter) ([]ledger.DeadLetter, int64, error) {
	if err := checkDead(&f); err != nil {
		return nil, 0, err
	}
	return s.ledger.DeadLetters.List(ctx, f)
}

// RedriveOrder says which touches to give back to the workers.
type RedriveOrder struct {
	ledger.DeadLetterFilter
	All bool // allows a filter that selects everything
	Dry bool // only count
}

// Redrive gives touches that were put aside back to the workers, page by page;
// what was moved before an error stays moved. See ledger.DeadLetters.
func (s *Service) Redrive(ctx context.Context, p *Principal, o RedriveOrder) (sum ledger.Redriven, err error) {
	f := o.DeadLetterFilter
	f.After, f.Limit = 0, touch.MaxBatch
	if err := checkDead(&f); err != nil {
		return sum, err
	}
	if all := (ledger.DeadLetterFilter{Limit: f.Limit}); f == all && !o.All {
		return sum, touch.Errorf(touch.Invalid, "all", "name a touch, caller, campaign, reason, channel or time, or say all")
	}
	for {
		n, next, err := s.ledger.DeadLetters.Redrive(ctx, f, o.Dry, p.Key, s.now())
		if err != nil {
			return sum, err
		}
		sum.Due, sum.Asked, sum.Expired = sum.Due+n.Due, sum.Asked+n.Asked, sum.Expired+n.Expired
		if f.After = next; next == 0 {
			return sum, nil
		}
	}
}

func checkDead(f *ledger.DeadLetterFilter) error {
	if f.Channel != "" && !f.Channel.Valid() {
		return touch.Errorf(touch.Invalid, "channel", "%q is not a channel", f.Channel)
	}
	if f.Limit < 0 || f.Limit > touch.MaxBatch {
		return touch.Errorf(touch.Invalid, "limit", "must be 1 to %d", touch.MaxBatch)
	}
	return nil
}
