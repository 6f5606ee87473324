package testserver

import (
	"context"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// hashSlots is how many hash slots a Redis Cluster has.
const hashSlots = 16384

// Shard is one part of a Redis Cluster: a master, and its replica.
type Shard struct {
	Master  *Redis
	Replica *Redis
}

// FormCluster makes a Redis Cluster of empty nodes. The first nodes become
// masters; each of the others becomes a replica of one of them, in order. It
// returns when the cluster is ready.
func FormCluster(ctx context.Context, nodes []*Redis, masters int, timeout time.Duration) error {
	ids, err := assignSlots(ctx, nodes[:masters])
	if err != nil {
		return err
	}
	for _, n := range nodes[1:] {
		if err := nodes[0].client.ClusterMeet(ctx, "127.0.0.1", n.Port).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "does not join the cluster: %w", err)
		}
	}
	for i, n := range nodes[masters:] {
		replicate := func() error { return n.client.ClusterReplicate(ctx, ids[i%masters]).Err() }
		// It fails until the node has heard of its master.
		if err := retry(ctx, timeout, replicate); err != nil {
			return touch.Errorf(touch.Unavailable, n.Name, "does not become a replica: %w", err)
		}
	}
	return WaitClusterReady(ctx, nodes, masters, timeout)
}

// assignSlots divides the hash slots among the masters, and returns the
// masters' ids.
func assignSlots(ctx context.Context, masters []*Redis) (ids []string, err error) {
	for i, n := range masters {
		first := i * hashSlots / len(masters)
		last := (i+1)*hashSlots/len(masters) - 1
		if err := n.client.ClusterAddSlotsRange(ctx, first, last).Err(); err != nil {
			return nil, touch.Errorf(touch.Unavailable, n.Name, "takes no slots: %w", err)
		}
		if err := n.client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return nil, touch.Errorf(touch.Unavailable, n.Name, "takes no epoch: %w", err)
		}
		id, err := n.client.Do(ctx, "CLUSTER", "MYID").Text()
		if err != nil {
			return nil, touch.Errorf(touch.Unavailable, n.Name, "has no id: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Shards lists the shards of which the replica is in sync, in the order of the
// nodes.
func Shards(ctx context.Context, nodes []*Redis) (shards []Shard, err error) {
	masters := map[string]*Redis{}  // by their port
	replicas := map[string]*Redis{} // by their master's port
	for _, n := range nodes {
		state, err := n.replication(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case state["role"] == "master":
			masters[n.Port] = n
		case state["master_link_status"] == "up":
			replicas[state["master_port"]] = n
		}
	}
	// In the nodes' order, so that a trial's seed draws the same shards again.
	for _, n := range nodes {
		if masters[n.Port] != nil && replicas[n.Port] != nil {
			shards = append(shards, Shard{Master: n, Replica: replicas[n.Port]})
		}
	}
	return shards, nil
}

// WaitClusterReady waits until every node sees all slots served and, where
// there are more nodes than masters, each master has a replica in sync.
func WaitClusterReady(ctx context.Context, nodes []*Redis, masters int, timeout time.Duration) error {
	return retry(ctx, timeout, func() error {
		for _, n := range nodes {
			info, err := n.client.ClusterInfo(ctx).Result()
			if err != nil {
				return err
			}
			if !strings.HasPrefix(info, "cluster_state:ok") {
				return touch.Errorf(touch.Unavailable, n.Name, "does not see all slots served")
			}
		}
		if len(nodes) == masters {
			return nil
		}
		shards, err := Shards(ctx, nodes)
		if err == nil && len(shards) != masters {
			err = touch.Errorf(touch.Unavailable, "", "%d masters have a replica in sync", len(shards))
		}
		return err
	})
}
