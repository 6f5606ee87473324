package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
)

// disturb spoils the connections through a proxy for a while.
func disturb(choose func(*system, *rand.Rand) *proxy.Proxy, spoil func(*proxy.Proxy, *rand.Rand)) injectFault {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := choose(s, random)
		spoil(p, random)
		sleepBetween(ctx, random, 500*time.Millisecond, 4*time.Second)
		return p.Heal()
	}
}

func blackHole(p *proxy.Proxy, _ *rand.Rand) { p.Hold(proxy.Both) }

func reset(p *proxy.Proxy, _ *rand.Rand) { p.Reset() }

func cut(p *proxy.Proxy, _ *rand.Rand) { p.Cut() }

func halfOpen(p *proxy.Proxy, random *rand.Rand) {
	p.Hold([]proxy.Direction{proxy.Up, proxy.Down}[random.IntN(2)])
}

func slow(p *proxy.Proxy, _ *rand.Rand) {
	p.Delay(proxy.Both, 30*time.Millisecond, 100*time.Millisecond)
}
