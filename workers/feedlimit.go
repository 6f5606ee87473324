package workers

import (
	"cmp"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// idleBoost is how many times as fast a lane earns while it is empty: then
// much of what it was fed was not sent, but deferred, refused or expired.
const idleBoost = 4

// feedLimiter deals out to the two lanes of a channel what its providers take a
// second, so that what has to wait does so in the ledger, where priority and
// expiry decide again at every feed who is next.
type feedLimiter struct {
	channel touch.Channel

	mu           sync.Mutex
	urgent, bulk bucket
}

// bucket is what one lane may be fed, in touches. Bulk's is negative while it
// pays back what urgent was fed.
type bucket struct {
	tokens float64
	at     time.Time
}

// newRations makes the ration of each lane; the lanes of a channel share one.
func newRations() map[string]*feedLimiter {
	all := map[string]*feedLimiter{}
	for _, c := range touch.Channels() {
		r := &feedLimiter{channel: c}
		all[touch.Lane(c, true)], all[touch.Lane(c, false)] = r, r
	}
	return all
}

// take is how many touches the lane may be fed now, at a rate a second and a
// look at the lane every so often. Less than a look's worth is not dealt out,
// or segments would be tiny, unless the lane is empty. Where many segments are
// open the vendor is slow: it gets fewer and larger ones. Little more than
// that is saved, since providers let bulk wait little.
func (r *feedLimiter) take(urgent bool, open int, rate float64, every time.Duration, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.bulk
	if urgent {
		s = &r.urgent
	}
	least := rate * every.Seconds() * max(1, float64(open)/2)
	if open == 0 && s.tokens >= 0 {
		rate *= idleBoost
	}
	s.tokens = min(s.tokens+rate*max(now.Sub(s.at), 0).Seconds(), max(1, least*3/2))
	s.at = now
	if open == 0 {
		least = 1
	}
	if s.tokens < max(1, least) {
		return 0
	}
	return int(s.tokens)
}

// spend takes what the lane was fed. Urgent goes first: bulk has to earn the
// same again before it is fed.
func (r *feedLimiter) spend(urgent bool, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if urgent {
		r.urgent.tokens -= float64(n)
		r.bulk.tokens = min(r.bulk.tokens, 0)
	}
	r.bulk.tokens -= float64(n)
}

// byPriority orders the jobs of a segment as the ledger orders what waits: by
// priority, and of equal ones what expires first.
func byPriority(a, b *job) int {
	if by := cmp.Compare(b.touch().Priority, a.touch().Priority); by != 0 {
		return by
	}
	switch x, y := a.touch().ExpiresAt, b.touch().ExpiresAt; {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	default:
		return x.Compare(*y)
	}
}
