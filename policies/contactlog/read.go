package contactlog

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Read implements Log.
func (r *Redis) Read(ctx context.Context, customers []string) ([]Snapshot, error) {
	snapshots := make([]Snapshot, len(customers))
	customer := func(i int) string { return customers[i] }
	calls := r.shardCalls(len(customers), customer, func(int, *call, byte) (weight int) { return 1 })

	for part := range pipelines(calls) {
		pipe := r.client.Pipeline()
		replies := make([]*redis.SliceCmd, len(part))
		for k, c := range part {
			// One MGET, because log and generation must be of the same instant.
			replies[k] = pipe.MGet(ctx, c.keys(r)...)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, unavailable(err)
		}
		for k, c := range part {
			values := replies[k].Val()
			logs := values[:len(c.items)]
			generations := values[len(c.items):]
			for p, i := range c.items {
				shard := r.Shard(customers[i])
				gen, _ := generations[slices.Index(c.shards, shard)].(string)
				// A forecast may believe a replica, so the replication id is
				// not compared.
				gen = gen[:max(0, len(gen)-replidSize)]
				log, found := logs[p].(string)
				var err error
				if snapshots[i], err = readSnapshot(log, found, gen, r.epoch(shard)); err != nil {
					return nil, err
				}
			}
		}
	}
	return snapshots, nil
}

// readSnapshot reads a customer's log, given the generation of its shard and the
// epoch of the shard in the ledger.
func readSnapshot(log string, found bool, gen, epoch string) (Snapshot, error) {
	if !found {
		log = gen // a log that is absent from a complete shard is empty
	}
	complete := len(gen) >= headSize
	if len(gen) < numberSize || gen[:numberSize] != epoch || (!found && !complete) {
		return Snapshot{}, nil
	}
	if len(log) < headSize {
		return Snapshot{}, errUnreadable
	}
	if log[:numberSize] != epoch {
		return Snapshot{}, nil
	}
	entries, err := readEntries(log)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Known: true, Entries: entries, Keep: readSpan(log[numberSize:])}, nil
}
