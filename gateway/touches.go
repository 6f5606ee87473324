package gateway

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Touches lists the caller's touches; see ledger.TouchFilter.
func (s *Service) Touches(ctx context.Context, f ledger.TouchFilter) (views []ledger.TouchView, next int64, err error) {
	if f.Limit < 0 || f.Limit > 1000 {
		return nil, 0, touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	if f.State != "" && !slices.Contains(touch.States(), f.State) {
		return nil, 0, touch.Errorf(touch.Invalid, "state", "%q is not a state", f.State)
	}
	return s.ledger.Touches.List(ctx, f)
}
