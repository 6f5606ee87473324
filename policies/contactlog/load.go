package contactlog

import (
	"context"
	"slices"
	"time"
)

// Rehydrate implements Log. The order makes a lost shard safe:
//
//  1. If a shard has no generation it was lost: the ledger raises its epoch, and
//     from then on refuses every intent judged before.
//  2. The shard's generation becomes that epoch.
//  3. Only then are the contacts read from the ledger. Everything that was ever
//     intended under an older epoch is there by now.
//  4. They are stored under the epoch of step 2, or not at all.
func (r *Redis) Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error {
	shards := make([]int, len(customers))
	for i, c := range customers {
		shards[i] = r.Shard(c)
	}
	slices.Sort(shards)
	epochs, err := r.acquire(ctx, slices.Compact(shards))
	if err != nil {
		return err
	}
	logs, err := load(ctx, customers)
	if err != nil {
		return err
	}
	return r.store(ctx, customers, logs, keep, epochs)
}

// store stores logs under the given epochs. Where a shard has another epoch by
// now it does nothing.
func (r *Redis) store(ctx context.Context, customers []string, logs map[string][]Entry, keep time.Duration, epochs map[int]string) error {
	customer := func(i int) string { return customers[i] }
	calls := r.shardCalls(len(customers), customer, func(i int, c *call, shard byte) (weight int) {
		entries := logs[customers[i]]
		b := make([]byte, 0, itemRoom*(1+len(entries)))
		b = append(b, shard)
		b = appendSpan(b, keep)
		for k := range entries {
			b = appendEntry(b, &entries[k])
		}
		c.args = append(c.args, b)
		return 1 + len(entries)/entriesWeight
	})

	for part := range pipelines(calls) {
		commands := make([]command, len(part))
		for k, c := range part {
			ofShards := c.epochs(func(shard int) string { return epochs[shard] })
			args := append([]any{expirySlack.Milliseconds(), ofShards}, c.args...)
			commands[k] = command{keys: c.keys(r), args: args}
		}
		if _, err := r.run(ctx, r.scripts.load, commands); err != nil {
			return err
		}
	}
	return nil
}
