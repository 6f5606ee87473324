package channels

import "context"

// slots bounds the calls that run at once. Bulk may hold all but an eighth of
// them, so that an urgent message never waits for a campaign's slow calls.
type slots struct{ all, bulk chan struct{} }

func newSlots(n int) slots {
	kept := 0
	if n > 1 {
		kept = max(1, n/8)
	}
	return slots{all: make(chan struct{}, n), bulk: make(chan struct{}, n-kept)}
}

// acquire takes a slot; false: ctx ended first.
func (s slots) acquire(ctx context.Context, urgent bool) bool {
	if !urgent && !take(ctx, s.bulk) {
		return false
	}
	if take(ctx, s.all) {
		return true
	}
	if !urgent {
		<-s.bulk
	}
	return false
}

func (s slots) release(urgent bool) {
	<-s.all
	if !urgent {
		<-s.bulk
	}
}

func take(ctx context.Context, c chan struct{}) bool {
	select {
	case c <- struct{}{}:
		return true
	default:
	}
	select {
	case c <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
