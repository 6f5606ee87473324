package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

const (
	masters     = 3
	nodeTimeout = 2 * time.Second // after which a silent master is replaced
)

// cluster is a Redis Cluster of three masters with a replica each. Its nodes
// tell clients their own addresses, so no proxy stands before them.
type cluster struct {
	nodes []*testserver.Redis
}

func startCluster(ctx context.Context, dir string) (_ *cluster, err error) {
	c := &cluster{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for i := range 2 * masters {
		port, err := testserver.FreePort()
		if err != nil {
			return nil, err
		}
		node, err := testserver.StartRedis(dir, fmt.Sprintf("redis-%d", i), port,
			"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-replica-validity-factor", "0",
			"--cluster-node-timeout", fmt.Sprint(nodeTimeout.Milliseconds()), "--enable-debug-command", "yes")
		if err != nil {
			return nil, err
		}
		c.nodes = append(c.nodes, node)
	}
	return c, testserver.FormCluster(ctx, c.nodes, masters, startWithin)
}

func (c *cluster) config(*house, int) (map[string]any, error) {
	addresses := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addresses[i] = "127.0.0.1:" + n.Port
	}
	return map[string]any{"mode": "cluster", "addresses": addresses}, nil
}

func (c *cluster) faults() []fault {
	return []fault{
		{name: "redis: FLUSHALL", weight: 3, flush: true, do: c.flush},
		{name: "redis: restart of a master", weight: 3, redis: true, do: c.restart},
		{name: "redis: death of a master", weight: 2, redis: true, do: c.death},
		{name: "redis: promotion, split brain", weight: 3, redis: true, do: c.promote},
		{name: "redis: master stands still", weight: 1, do: c.freeze},
	}
}

// pick draws a shard's master and its replica.
func (c *cluster) pick(ctx context.Context, dice *rand.Rand) (master, replica *testserver.Redis, err error) {
	shards, err := testserver.Shards(ctx, c.nodes)
	if err != nil {
		return nil, nil, err
	}
	if len(shards) != masters {
		return nil, nil, touch.Errorf(touch.Unavailable, "", "the Redis Cluster has %d masters with a replica", len(shards))
	}
	s := shards[dice.IntN(len(shards))]
	return s.Master, s.Replica, nil
}

func (c *cluster) flush(ctx context.Context, _ *house, dice *rand.Rand) error {
	shards, err := testserver.Shards(ctx, c.nodes)
	if err != nil {
		return err
	}
	for _, s := range shards {
		if err := s.Master.FlushAll(ctx); err != nil {
			return touch.Errorf(touch.Unavailable, "", "no FLUSHALL: %w", err)
		}
	}
	return nil
}

// restart loses what one master had: it is back before anybody takes its place.
func (c *cluster) restart(ctx context.Context, _ *house, dice *rand.Rand) error {
	master, _, err := c.pick(ctx, dice)
	if err != nil {
		return err
	}
	master.Kill()
	return master.Start(startWithin)
}

// death leaves a shard to its replica, which the other masters elect.
func (c *cluster) death(ctx context.Context, _ *house, dice *rand.Rand) error {
	master, replica, err := c.pick(ctx, dice)
	if err != nil {
		return err
	}
	master.Kill()
	return replica.WaitMaster(ctx, startWithin)
}

// promote makes a replica a master that knows nothing of the last second or
// so, while the old one stands still with requests on its doorstep; when it
// wakes up it goes on as a master until the others tell it.
func (c *cluster) promote(ctx context.Context, _ *house, dice *rand.Rand) error {
	master, replica, err := c.pick(ctx, dice)
	if err != nil {
		return err
	}
	if err := master.BreakReplication(ctx); err != nil { // from here on they part
		return err
	}
	rest(ctx, between(dice, 200*time.Millisecond, time.Second))
	master.Freeze()
	defer master.Thaw()
	if err := replica.TakeOver(ctx); err != nil {
		return err
	}
	rest(ctx, between(dice, 500*time.Millisecond, 3*time.Second))
	return nil
}

// freeze stands a master still for less than it takes to replace it.
func (c *cluster) freeze(ctx context.Context, _ *house, dice *rand.Rand) error {
	master, _, err := c.pick(ctx, dice)
	if err != nil {
		return err
	}
	master.Freeze()
	defer master.Thaw()
	rest(ctx, between(dice, 300*time.Millisecond, nodeTimeout*2/3))
	return nil
}

func (c *cluster) heal(ctx context.Context) error {
	for _, n := range c.nodes {
		n.Thaw()
		if err := n.Start(startWithin); err != nil {
			return err
		}
	}
	return testserver.WaitClusterReady(ctx, c.nodes, masters, startWithin)
}

func (c *cluster) close() {
	for _, n := range c.nodes {
		n.Close()
	}
}
