package contactlog

import (
	"context"
	"time"
)

// Pages returns, page by page, the customers that the ledger knows contacts of:
// up to limit of them after the given one, in an order of its own, and none at
// the end. It may return others too, but must leave none out.
type Pages = func(ctx context.Context, after string, limit int) ([]string, error)

// rebuildPage is how many customers are loaded at once. It takes a few
// milliseconds of Redis's time, in several calls between which others get their
// turn.
const rebuildPage = 500

// Rebuild makes every incomplete shard complete for as far back as keep, and
// returns how many it completed. From then on a customer who is absent from such
// a shard is known to have no contacts, and costs neither a load nor a query of
// the ledger. Its steps are those of Rehydrate, once for all customers:
//
//  1. It acquires the shards. From now on every contact leaves a log in Redis:
//     nobody can reserve for a customer whose log is unknown, and a commit to an
//     unknown log is deferred in it, which keeps it unknown.
//  2. It reads everybody who was contacted before from the ledger, and stores
//     their logs.
//  3. It marks a shard as complete if its epoch is still that of step 1. A shard
//     that was lost meanwhile is left for the next call.
//
// Several processes may do this at once; it costs work and does no harm.
func (r *Redis) Rebuild(ctx context.Context, keep time.Duration, pages Pages, load Loader) (completed int, err error) {
	shards, err := r.incompleteShards(ctx, keep)
	if err != nil || len(shards) == 0 {
		return 0, err
	}
	epochs, err := r.acquire(ctx, shards)
	if err != nil {
		return 0, err
	}

	after := ""
	for {
		page, err := pages(ctx, after, rebuildPage)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			break
		}
		if err := r.storeContacted(ctx, page, keep, epochs, load); err != nil {
			return 0, err
		}
		after = page[len(page)-1]
	}
	return r.markComplete(ctx, shards, epochs, keep)
}

// markComplete marks shards as complete whose epochs are still the given ones,
// and returns how many they are.
func (r *Redis) markComplete(ctx context.Context, shards []int, epochs map[int]string, keep time.Duration) (marked int, err error) {
	howFarBack := func([]int) []any { return []any{appendSpan(nil, keep)} }
	err = r.runOnShards(ctx, r.scripts.markComplete, shards, epochs, howFarBack, func(_ []int, reply any) error {
		n, ok := reply.(int64)
		if !ok {
			return errUnreadable
		}
		marked += int(n)
		return nil
	})
	return marked, err
}

// incompleteShards returns the shards that are not complete for keep under the
// epoch of the ledger.
func (r *Redis) incompleteShards(ctx context.Context, keep time.Duration) ([]int, error) {
	all := allShards(r.shards)
	held, err := r.readGenerations(ctx, all)
	if err != nil {
		return nil, err
	}
	var incomplete []int
	for _, s := range all {
		h := held[s]
		complete := len(h.gen) >= headSize && h.epoch() == r.epoch(s) &&
			readSpan(h.gen[numberSize:]) >= keep.Truncate(time.Millisecond)
		if !complete {
			incomplete = append(incomplete, s)
		}
	}
	return incomplete, nil
}

// storeContacted loads the logs of those customers who belong to the shards and
// have contacts. The others need no log in a complete shard.
func (r *Redis) storeContacted(ctx context.Context, customers []string, keep time.Duration, epochs map[int]string, load Loader) error {
	wanted := make([]string, 0, len(customers))
	for _, c := range customers {
		if _, ok := epochs[r.Shard(c)]; ok {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	logs, err := load(ctx, wanted)
	if err != nil {
		return err
	}
	contacted := wanted[:0]
	for _, c := range wanted {
		if len(logs[c]) > 0 {
			contacted = append(contacted, c)
		}
	}
	return r.store(ctx, contacted, logs, keep, epochs)
}
