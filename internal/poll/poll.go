// SPDX-License-Identifier: Apache-2.0

// Package poll is the one loop that looks at something every so often.
package poll

import (
	"context"
	"time"
)

// Every calls look each time a period has passed, until ctx ends. An error
// goes to report and does not end it; the error of a look that ctx cut short
// is none. Looks never overlap: one that takes longer than a period delays
// the next.
func Every(ctx context.Context, period time.Duration, look func(context.Context) error, report func(error)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := look(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}
