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

// redisServers is the Redis of a run with servers, of one kind or the other.
type redisServers interface {
	// config is how the processes of a side are told of it.
	config(h *house, side int) (map[string]any, error)
	faults() []fault
	heal(ctx context.Context) error
	close()
}

// pair is a Redis of one master and its copy. Each side of the house reaches
// the master by a way of its own: a split brain goes right through the middle.
type pair struct {
	servers [2]*testserver.Redis
	master  int // which of them leads
	ways    []*proxy.Proxy
}

func startPair(ctx context.Context, dir string) (_ *pair, err error) {
	p := &pair{}
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
	return p, p.follow(ctx)
}

func (p *pair) config(h *house, _ int) (map[string]any, error) {
	way, err := h.proxyTo("unix", p.servers[p.master].Socket)
	if err != nil {
		return nil, err
	}
	p.ways = append(p.ways, way)
	return map[string]any{"mode": "single", "addresses": []string{way.Addr()}}, nil
}

func (p *pair) faults() []fault {
	way := func(_ *house, dice *rand.Rand) *proxy.Proxy { return p.ways[dice.IntN(len(p.ways))] }
	return []fault{
		{name: "redis: FLUSHALL", weight: 3, flush: true, do: p.flush},
		{name: "redis: restart", weight: 3, redis: true, do: p.restart},
		{name: "redis: promotion, split brain", weight: 4, redis: true, do: p.promote},
		{name: "redis: black hole", weight: 1, do: network(way, hole)},
		{name: "redis: half open", weight: 1, do: network(way, halfOpen)},
		{name: "redis: slow", weight: 1, do: network(way, slow)},
	}
}

func (p *pair) flush(ctx context.Context, _ *house, _ *rand.Rand) error {
	return p.servers[p.master].FlushAll(ctx)
}

// restart loses everything that Redis had, after a time without one.
func (p *pair) restart(ctx context.Context, _ *house, dice *rand.Rand) error {
	for _, r := range p.servers {
		r.Kill()
	}
	rest(ctx, between(dice, 500*time.Millisecond, 3*time.Second))
	if err := p.heal(ctx); err != nil {
		return err
	}
	p.master = 0
	p.retarget()
	return p.follow(ctx)
}

// promote makes the copy a master that knows nothing of the last second or so,
// while one side of the house goes on with the old one.
func (p *pair) promote(ctx context.Context, _ *house, dice *rand.Rand) error {
	copy := p.servers[1-p.master]
	if err := copy.Promote(ctx); err != nil { // from here on they part
		return err
	}
	rest(ctx, between(dice, 200*time.Millisecond, time.Second))
	first := p.ways[dice.IntN(len(p.ways))]
	first.Retarget("unix", copy.Socket)
	first.Reset()
	rest(ctx, between(dice, 500*time.Millisecond, 4*time.Second)) // the split brain
	p.master = 1 - p.master
	p.retarget()
	return p.follow(ctx)
}

func (p *pair) retarget() {
	for _, way := range p.ways {
		way.Retarget("unix", p.servers[p.master].Socket)
		way.Reset()
	}
}

func (p *pair) follow(ctx context.Context) error {
	copy, master := p.servers[1-p.master], p.servers[p.master]
	if err := copy.ReplicaOf(ctx, master); err != nil {
		return touch.Errorf(touch.Unavailable, "", "the copy does not follow: %w", err)
	}
	return copy.WaitInSync(ctx, startWithin)
}

func (p *pair) heal(context.Context) error {
	for _, r := range p.servers {
		if err := r.Start(startWithin); err != nil {
			return err
		}
	}
	return nil
}

func (p *pair) close() {
	for _, r := range p.servers {
		if r != nil {
			r.Close()
		}
	}
}
