package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// redisPair is a master with a replica. Each partition reaches the master
// through a proxy of its own, so that in a split brain the partitions can use
// different servers.
type redisPair struct {
	servers [2]*testserver.Redis
	master  int // the index of the master
	proxies []*proxy.Proxy
}

func startRedisPair(ctx context.Context, dir string) (_ *redisPair, err error) {
	p := &redisPair{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for i := range p.servers {
		port, err := testserver.FreePort()
		if err != nil {
			return nil, err
		}
		if p.servers[i], err = testserver.StartRedis(dir, fmt.Sprintf("redis-%d", i), port); err != nil {
			return nil, err
		}
	}
	return p, p.replicate(ctx)
}

func (p *redisPair) config(s *system) (map[string]any, error) {
	toMaster, err := s.proxyTo("unix", p.servers[p.master].Socket)
	if err != nil {
		return nil, err
	}
	p.proxies = append(p.proxies, toMaster)
	return map[string]any{"mode": "single", "addresses": []string{toMaster.Addr()}}, nil
}

func (p *redisPair) faults() []fault {
	anyProxy := func(_ *system, random *rand.Rand) *proxy.Proxy { return p.proxies[random.IntN(len(p.proxies))] }
	return []fault{
		{name: "redis: FLUSHALL", weight: 3, redisFlush: true, inject: p.flush},
		{name: "redis: restart", weight: 3, redisFails: true, inject: p.restart},
		{name: "redis: promotion, split brain", weight: 4, redisFails: true, inject: p.promote},
		{name: "redis: black hole", weight: 1, inject: disturb(anyProxy, blackHole)},
		{name: "redis: half open", weight: 1, inject: disturb(anyProxy, halfOpen)},
		{name: "redis: slow", weight: 1, inject: disturb(anyProxy, slow)},
	}
}

func (p *redisPair) flush(ctx context.Context, _ *system, _ *rand.Rand) error {
	return p.servers[p.master].FlushAll(ctx)
}

// restart loses everything that Redis stored, after a time without Redis.
func (p *redisPair) restart(ctx context.Context, _ *system, random *rand.Rand) error {
	for _, r := range p.servers {
		r.Kill()
	}
	sleepBetween(ctx, random, 500*time.Millisecond, 3*time.Second)
	if err := p.heal(ctx); err != nil {
		return err
	}
	p.master = 0
	p.retarget()
	return p.replicate(ctx)
}

// promote makes the replica a master that misses what was written in the last
// second or so, while one partition still uses the old master.
func (p *redisPair) promote(ctx context.Context, _ *system, random *rand.Rand) error {
	replica := p.servers[1-p.master]
	if err := replica.Promote(ctx); err != nil { // from now on the two differ
		return err
	}
	sleepBetween(ctx, random, 200*time.Millisecond, time.Second)
	first := p.proxies[random.IntN(len(p.proxies))]
	first.Retarget("unix", replica.Socket)
	first.Reset()
	sleepBetween(ctx, random, 500*time.Millisecond, 4*time.Second) // the split brain
	p.master = 1 - p.master
	p.retarget()
	return p.replicate(ctx)
}

// retarget makes all partitions use the master.
func (p *redisPair) retarget() {
	for _, toMaster := range p.proxies {
		toMaster.Retarget("unix", p.servers[p.master].Socket)
		toMaster.Reset()
	}
}

// replicate makes the other server a replica of the master.
func (p *redisPair) replicate(ctx context.Context) error {
	replica, master := p.servers[1-p.master], p.servers[p.master]
	if err := replica.ReplicaOf(ctx, master); err != nil {
		return touch.Errorf(touch.Unavailable, "", "Redis does not become a replica: %w", err)
	}
	return replica.WaitInSync(ctx, startTimeout)
}

func (p *redisPair) heal(context.Context) error {
	for _, r := range p.servers {
		if err := r.Start(startTimeout); err != nil {
			return err
		}
	}
	return nil
}

func (p *redisPair) close() {
	for _, r := range p.servers {
		if r != nil {
			r.Close()
		}
	}
}
