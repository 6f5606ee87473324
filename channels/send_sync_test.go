package channels

import (
	"context"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Send sends ds and returns one result for each, in order.
func (p *Pool) Send(ctx context.Context, provider string, ds []adapter.Dispatch) []touch.Result {
	results := make([]touch.Result, len(ds))
	p.SendEach(ctx, provider, ds, nil, func(i int, r touch.Result) { results[i] = r })
	return results
}
