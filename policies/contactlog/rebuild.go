package contactlog

import (
	"context"
	"time"
)

// Pages names, page by page, the customers that the ledger knows contacts of:
// up to limit of them after the one given, in an order of its own; none at the
// end. It may name others too, but leaves none out.
type Pages = func(ctx context.Context, after string, limit int) ([]string, error)

// rebuildPage is how many customers are loaded at a time: a few milliseconds of
// Redis's time, in calls between which others get their turn.
const rebuildPage = 500

// Rebuild makes every shard complete for as far back as keep that is not, and
// gives their number. From then on a customer who is absent from such a shard
// is known to have no contacts, and costs neither a load nor a look into the
// ledger. It takes Rehydrate's steps, once for all customers:
//
//  1. Lost shards' epochs are raised, and the shards' generations become their
//     epochs. From now on whoever is contacted has a log in Redis: nobody can
//     reserve for a customer whose log is unknown, and a settlement of an
//     unknown log leaves a note that keeps it unknown.
//  2. All that were contacted before are read from the ledger and stored.
//  3. A shard is marked complete where its epoch is still that of step 1; one
//     that was lost meanwhile is left for the next call.
//
// Several processes may do this at once; it is a waste, and no harm.
func (r *Redis) Rebuild(ctx context.Context, keep time.Duration, pages Pages, load Loader) (int, error) {
	todo, err := r.incomplete(ctx, keep)
	if err != nil || len(todo) == 0 {
		return 0, err
	}
	epochs, err := r.acquire(ctx, todo)
	if err != nil {
		return 0, err
	}
	for after, more := "", true; more; {
		page, err := pages(ctx, after, rebuildPage)
		if err != nil {
			return 0, err
		}
		if more = len(page) > 0; more {
			after = page[len(page)-1]
			err = r.storeContacted(ctx, page, keep, epochs, load)
		}
		if err != nil {
			return 0, err
		}
	}
	done := 0
	err = r.runOnShards(ctx, r.scripts.markComplete, todo, epochs, func([]int) []any { return []any{appendSpan(nil, keep)} }, func(_ []int, reply any) error {
		n, ok := reply.(int64)
		if done += int(n); !ok {
			return errUnreadable
		}
		return nil
	})
	return done, err
}

// incomplete are the shards that are not complete for keep under the ledger's epoch.
func (r *Redis) incomplete(ctx context.Context, keep time.Duration) (shards []int, err error) {
	all := r.o.allShards()
	held, err := r.generations(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if gen := held[s].gen; len(gen) < headSize || gen[:numberSize] != r.epoch(s) || readSpan(gen[numberSize:]) < keep.Truncate(time.Millisecond) {
			shards = append(shards, s)
		}
	}
	return shards, nil
}

// storeContacted loads those of the customers who belong to the shards and have
// contacts; for the others absence will do.
func (r *Redis) storeContacted(ctx context.Context, customers []string, keep time.Duration, epochs map[int]string, load Loader) error {
	mine := make([]string, 0, len(customers))
	for _, c := range customers {
		if _, ok := epochs[r.Shard(c)]; ok {
			mine = append(mine, c)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	logs, err := load(ctx, mine)
	if err != nil {
		return err
	}
	contacted := mine[:0]
	for _, c := range mine {
		if len(logs[c]) > 0 {
			contacted = append(contacted, c)
		}
	}
	return r.store(ctx, contacted, logs, keep, epochs)
}
