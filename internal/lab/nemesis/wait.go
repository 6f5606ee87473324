package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/loop"
)

// between draws a duration from shortest up to longest.
func between(random *rand.Rand, shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(random.Int64N(int64(longest-shortest)))
}

// sleepBetween sleeps for a random time.
func sleepBetween(ctx context.Context, random *rand.Rand, shortest, longest time.Duration) {
	loop.Sleep(ctx, between(random, shortest, longest))
}
