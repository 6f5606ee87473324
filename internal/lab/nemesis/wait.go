package nemesis

import (
	"context"
	"math/rand/v2"
	"time"
)

// sleep waits for d. It returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// between draws a duration from shortest up to longest.
func between(random *rand.Rand, shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(random.Int64N(int64(longest-shortest)))
}

// sleepBetween sleeps for a random time.
func sleepBetween(ctx context.Context, random *rand.Rand, shortest, longest time.Duration) {
	sleep(ctx, between(random, shortest, longest))
}
