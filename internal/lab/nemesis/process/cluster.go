package process

import (
	"context"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// slots is how many hash slots a Redis Cluster has.
const slots = 16384

// JoinCluster makes a Redis Cluster of empty nodes: the first become masters,
// the others a replica of one each, in order.
func JoinCluster(ctx context.Context, nodes []*Redis, masters int, within time.Duration) error {
	ids := make([]string, masters)
	for i, n := range nodes[:masters] {
		if err := n.client.ClusterAddSlotsRange(ctx, i*slots/masters, (i+1)*slots/masters-1).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "takes no slots: %w", err)
		}
		if err := n.client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "takes no epoch: %w", err)
		}
		var err error
		if ids[i], err = n.client.Do(ctx, "CLUSTER", "MYID").Text(); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "has no id: %w", err)
		}
	}
	for _, n := range nodes[1:] {
		if err := nodes[0].client.ClusterMeet(ctx, "127.0.0.1", n.Port).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "is not met: %w", err)
		}
	}
	for i, n := range nodes[masters:] {
		if err := until(ctx, within, func() error { return n.client.ClusterReplicate(ctx, ids[i%masters]).Err() }); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "does not follow its master: %w", err)
		}
	}
	return Settled(ctx, nodes, masters, within)
}

// Shards lists the masters of a Redis Cluster, each with a replica in sync.
func Shards(ctx context.Context, nodes []*Redis) (shards [][2]*Redis, err error) {
	leaders := map[string]*Redis{}
	followers := map[string]*Redis{}
	for _, n := range nodes {
		info, err := n.client.InfoMap(ctx, "replication").Result()
		if err != nil {
			return nil, touch.Errorf(touch.Unavailable, n.Name, "does not answer: %w", err)
		}
		switch r := info["Replication"]; {
		case r["role"] == "master":
			leaders[n.Port] = n
		case r["master_link_status"] == "up":
			followers[r["master_port"]] = n
		}
	}
	for _, n := range nodes { // in an order that a seed repeats
		if leaders[n.Port] != nil && followers[n.Port] != nil {
			shards = append(shards, [2]*Redis{n, followers[n.Port]})
		}
	}
	return shards, nil
}

// Settled waits until every node sees a whole cluster of so many masters, each
// with a replica in sync.
func Settled(ctx context.Context, nodes []*Redis, masters int, within time.Duration) error {
	return until(ctx, within, func() error {
		for _, n := range nodes {
			info, err := n.client.ClusterInfo(ctx).Result()
			if err != nil {
				return err
			}
			if !strings.HasPrefix(info, "cluster_state:ok") {
				return touch.Errorf(touch.Unavailable, n.Name, "sees no whole cluster")
			}
		}
		shards, err := Shards(ctx, nodes)
		if err == nil && len(shards) != masters {
			err = touch.Errorf(touch.Unavailable, "", "%d masters have a replica in sync", len(shards))
		}
		return err
	})
}

// Leads waits until the node is a master.
func (r *Redis) Leads(ctx context.Context, within time.Duration) error {
	return until(ctx, within, func() error {
		info, err := r.client.InfoMap(ctx, "replication").Result()
		if err == nil && info["Replication"]["role"] != "master" {
			err = touch.Errorf(touch.Unavailable, r.Name, "is no master")
		}
		return err
	})
}

// TakeOver makes a replica the master of its shard without asking anybody.
func (r *Redis) TakeOver(ctx context.Context) error {
	if err := r.client.Do(ctx, "CLUSTER", "FAILOVER", "TAKEOVER").Err(); err != nil {
		return touch.Errorf(touch.Unavailable, r.Name, "does not take over: %w", err)
	}
	return nil
}

// Estrange cuts a master's replicas off from what it writes from now on: they
// must copy everything anew, and have to wait some seconds for that.
func (r *Redis) Estrange(ctx context.Context) error {
	for _, command := range [][]any{
		{"CONFIG", "SET", "repl-diskless-sync-delay", "5"}, {"DEBUG", "CHANGE-REPL-ID"}, {"CLIENT", "KILL", "TYPE", "replica"},
	} {
		if err := r.client.Do(ctx, command...).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, r.Name, "cannot be parted from its replica: %w", err)
		}
	}
	return nil
}

// until tries until it goes well, and gives the last failure when it never does.
func until(ctx context.Context, within time.Duration, try func() error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); ; {
		err := try()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
