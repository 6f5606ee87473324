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

// redisCluster is a Redis Cluster of three masters with a replica each. Its
// nodes tell clients their own addresses, so clients would bypass a proxy.
type redisCluster struct {
	nodes []*testserver.Redis
}

func startRedisCluster(ctx context.Context, dir string) (_ *redisCluster, err error) {
	c := &redisCluster{}
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
	return c, testserver.FormCluster(ctx, c.nodes, masters, startTimeout)
}

func (c *redisCluster) config(*system) (map[string]any, error) {
	addresses := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addresses[i] = n.Address()
	}
	return map[string]any{"mode": "cluster", "addresses": addresses}, nil
}

func (c *redisCluster) faults() []fault {
	return []fault{
		{name: "redis: FLUSHALL", weight: 3, redisFlush: true, inject: c.flush},
		{name: "redis: restart of a master", weight: 3, redisFails: true, inject: c.restart},
		{name: "redis: death of a master", weight: 2, redisFails: true, inject: c.die},
		{name: "redis: promotion, split brain", weight: 3, redisFails: true, inject: c.promote},
		{name: "redis: master stands still", weight: 1, inject: c.freeze},
	}
}

// randomShard draws a shard.
func (c *redisCluster) randomShard(ctx context.Context, random *rand.Rand) (testserver.Shard, error) {
	shards, err := testserver.Shards(ctx, c.nodes)
	if err != nil {
		return testserver.Shard{}, err
	}
	if len(shards) != masters {
		return testserver.Shard{}, touch.Errorf(touch.Unavailable, "", "the Redis Cluster has %d masters with a replica", len(shards))
	}
	return shards[random.IntN(len(shards))], nil
}

func (c *redisCluster) flush(ctx context.Context, _ *system, _ *rand.Rand) error {
	shards, err := testserver.Shards(ctx, c.nodes)
	if err != nil {
		return err
	}
	for _, s := range shards {
		if err := s.Master.FlushAll(ctx); err != nil {
			return touch.Errorf(touch.Unavailable, "", "FLUSHALL failed: %w", err)
		}
	}
	return nil
}

// restart loses what one master stored. The master is back before a replica
// replaces it.
func (c *redisCluster) restart(ctx context.Context, _ *system, random *rand.Rand) error {
	shard, err := c.randomShard(ctx, random)
	if err != nil {
		return err
	}
	shard.Master.Kill()
	return shard.Master.Start(startTimeout)
}

// die kills a master, and waits until the other masters have elected its
// replica.
func (c *redisCluster) die(ctx context.Context, _ *system, random *rand.Rand) error {
	shard, err := c.randomShard(ctx, random)
	if err != nil {
		return err
	}
	shard.Master.Kill()
	return shard.Replica.WaitMaster(ctx, startTimeout)
}

// promote makes a replica a master that misses what was written in the last
// second or so, while the old master is frozen with requests in its socket
// buffers. When it continues it acts as a master until the others tell it.
func (c *redisCluster) promote(ctx context.Context, _ *system, random *rand.Rand) error {
	shard, err := c.randomShard(ctx, random)
	if err != nil {
		return err
	}
	if err := shard.Master.BreakReplication(ctx); err != nil { // from now on the two differ
		return err
	}
	sleepBetween(ctx, random, 200*time.Millisecond, time.Second)
	shard.Master.Freeze()
	defer shard.Master.Thaw()
	if err := shard.Replica.TakeOver(ctx); err != nil {
		return err
	}
	sleepBetween(ctx, random, 500*time.Millisecond, 3*time.Second)
	return nil
}

// freeze suspends a master for less time than it takes to replace it.
func (c *redisCluster) freeze(ctx context.Context, _ *system, random *rand.Rand) error {
	shard, err := c.randomShard(ctx, random)
	if err != nil {
		return err
	}
	shard.Master.Freeze()
	defer shard.Master.Thaw()
	sleepBetween(ctx, random, 300*time.Millisecond, nodeTimeout*2/3)
	return nil
}

func (c *redisCluster) heal(ctx context.Context) error {
	for _, n := range c.nodes {
		n.Thaw()
		if err := n.Start(startTimeout); err != nil {
			return err
		}
	}
	return testserver.WaitClusterReady(ctx, c.nodes, masters, startTimeout)
}

func (c *redisCluster) close() {
	for _, n := range c.nodes {
		n.Close()
	}
}
