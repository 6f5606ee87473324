package workers

import (
	"sync"
	"time"

	"touchgate.dev/touch"
)

// idleBoost is how many times as fast the bucket of an empty lane fills. A lane
// runs empty although touches are due when many of those it was fed were not
// sent, but deferred, refused or expired.
const idleBoost = 4

// feedLimiter is a token bucket for each of the two lanes of a channel. It lets
// the feeder move as many touches a second as the channel's providers take. What
// must wait then waits in the ledger, where priority and expiry decide again at
// every feed which touch is next. It is safe for concurrent use.
type feedLimiter struct {
	channel touch.Channel

	mu     sync.Mutex
	urgent bucket
	bulk   bucket
}

// bucket holds the touches that one lane may be fed now.
type bucket struct {
	tokens float64   // negative while bulk pays back what urgent was fed
	filled time.Time // when tokens was computed
}

// newFeedLimiters makes a limiter for each channel, by lane: the lanes of a
// channel share one.
func newFeedLimiters() map[string]*feedLimiter {
	all := map[string]*feedLimiter{}
	for _, c := range touch.Channels() {
		l := &feedLimiter{channel: c}
		all[touch.Lane(c, true)] = l
		all[touch.Lane(c, false)] = l
	}
	return all
}

// available returns how many touches the lane may be fed now. open is its
// number of open segments, rate what the providers take a second, and every the
// pause between two looks at the lane.
func (l *feedLimiter) available(urgent bool, open int, rate float64, every time.Duration, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.bulk
	if urgent {
		b = &l.urgent
	}

	// portion is what comes in between two looks. Less is not fed, or segments
	// would be tiny. If many segments are open the vendor is slow: then it gets
	// fewer and larger ones.
	portion := rate * every.Seconds() * max(1, float64(open)/2)

	// The bucket holds little more than a portion: providers let bulk wait only
	// for a short time.
	fillRate := rate
	if open == 0 && b.tokens >= 0 {
		fillRate *= idleBoost
	}
	elapsed := max(now.Sub(b.filled), 0).Seconds()
	b.tokens = min(b.tokens+fillRate*elapsed, max(1, portion*3/2))
	b.filled = now

	// An empty lane is fed at once, however little there is.
	if open == 0 {
		portion = 1
	}
	if b.tokens < max(1, portion) {
		return 0
	}
	return int(b.tokens)
}

// take removes n tokens of the lane. Urgent touches go first: their tokens are
// taken from bulk as well, which must earn them again before it is fed.
func (l *feedLimiter) take(urgent bool, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if urgent {
		l.urgent.tokens -= float64(n)
		l.bulk.tokens = min(l.bulk.tokens, 0)
	}
	l.bulk.tokens -= float64(n)
}
