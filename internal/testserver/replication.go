package testserver

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// ReplicaOf makes the server a replica of another one.
func (r *Redis) ReplicaOf(ctx context.Context, master *Redis) error {
	return r.client.ReplicaOf(ctx, "127.0.0.1", master.Port).Err()
}

// Promote makes a replica a master of its own.
func (r *Redis) Promote(ctx context.Context) error { return r.client.ReplicaOf(ctx, "NO", "ONE").Err() }

// TakeOver makes a replica the master of its shard of a cluster. It asks
// neither the present master nor the others.
func (r *Redis) TakeOver(ctx context.Context) error {
	if err := r.client.Do(ctx, "CLUSTER", "FAILOVER", "TAKEOVER").Err(); err != nil {
		return touch.Errorf(touch.Unavailable, r.Name, "does not take over: %w", err)
	}
	return nil
}

// BreakReplication keeps from a master's replicas what the master stores from
// now on. They have to copy all of it again, and the master makes them wait
// five seconds for that.
func (r *Redis) BreakReplication(ctx context.Context) error {
	for _, command := range [][]any{
		{"CONFIG", "SET", "repl-diskless-sync-delay", "5"},
		{"DEBUG", "CHANGE-REPL-ID"},
		{"CLIENT", "KILL", "TYPE", "replica"},
	} {
		if err := r.client.Do(ctx, command...).Err(); err != nil {
			return touch.Errorf(touch.Unavailable, r.Name, "its replication cannot be broken: %w", err)
		}
	}
	return nil
}

// WaitInSync waits until a replica is connected to its master.
func (r *Redis) WaitInSync(ctx context.Context, timeout time.Duration) error {
	return retry(ctx, timeout, func() error {
		state, err := r.replication(ctx)
		if err == nil && state["master_link_status"] != "up" {
			err = touch.Errorf(touch.Unavailable, r.Name, "is not in sync with its master")
		}
		return err
	})
}

// WaitMaster waits until the server is a master.
func (r *Redis) WaitMaster(ctx context.Context, timeout time.Duration) error {
	return retry(ctx, timeout, func() error {
		state, err := r.replication(ctx)
		if err == nil && state["role"] != "master" {
			err = touch.Errorf(touch.Unavailable, r.Name, "is not a master")
		}
		return err
	})
}

// replication returns the section "Replication" of INFO.
func (r *Redis) replication(ctx context.Context) (map[string]string, error) {
	info, err := r.client.InfoMap(ctx, "replication").Result()
	if err != nil {
		return nil, touch.Errorf(touch.Unavailable, r.Name, "does not answer: %w", err)
	}
	return info["Replication"], nil
}

// retry calls try every 50 ms until it returns nil. After timeout it returns
// try's last error.
func retry(ctx context.Context, timeout time.Duration, try func() error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(timeout); ; {
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
