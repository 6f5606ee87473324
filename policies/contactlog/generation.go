package contactlog

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/touch"
)

// Rehydrate implements Log, in the order that makes a lost shard safe:
//
//  1. Shards without a generation were lost: the ledger raises their epochs,
//     after which it refuses every intent judged before.
//  2. Each shard's generation becomes its epoch.
//  3. Only then are contacts read from the ledger: all that will ever have
//     been intended under an older epoch are there.
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

// store loads logs under the epochs given; where a shard has another one by
// now it does nothing.
func (r *Redis) store(ctx context.Context, customers []string, logs map[string][]Entry, keep time.Duration, epochs map[int]string) error {
	calls := r.shardCalls(len(customers), func(i int) string { return customers[i] }, func(i int, c *call, shard byte) int {
		entries := logs[customers[i]]
		b := append(make([]byte, 0, itemRoom*(1+len(entries))), shard)
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
			of := c.epochs(func(shard int) string { return epochs[shard] })
			commands[k] = command{c.keys(r), append([]any{expirySlack.Milliseconds(), of}, c.args...)}
		}
		if _, err := r.run(ctx, r.scripts.load, commands); err != nil {
			return err
		}
	}
	return nil
}

// acquire readies shards for loading, and gives their epochs. A shard is lost
// where the server has adopted nothing, or an older epoch than the ledger's:
// then another server may have taken it up meanwhile. All that are lost are
// raised at once, by one at a time, since every raise voids work under way.
// What is not lost is left as it is.
func (r *Redis) acquire(ctx context.Context, shards []int) (map[int]string, error) {
	if r.o.RaiseEpochs == nil {
		return r.writeGenerations(ctx, r.ledgerEpochs(shards), nil)
	}
	r.acquiring.Lock()
	defer r.acquiring.Unlock()
	lost, held, err := r.staleShards(ctx, shards)
	if err != nil || len(lost) == 0 {
		return held.epochs(shards), err
	}
	return r.bumpEpochs(ctx, shards)
}

const (
	bumpWithin = 5 * time.Second
	bumpLook   = 50 * time.Millisecond
)

// bumpEpochs has the ledger raise all lost shards and adopts them, while others who
// ask the same server wait. The claim only saves work: whoever holds none and
// raises too does no harm.
func (r *Redis) bumpEpochs(ctx context.Context, shards []int) (map[int]string, error) {
	claim := r.o.Prefix + ":raising"
	for deadline := time.Now().Add(bumpWithin); time.Now().Before(deadline); {
		mine, err := r.client.SetNX(ctx, claim, 1, bumpWithin).Result()
		if err != nil {
			return nil, unavailable(err)
		}
		if mine {
			break
		}
		select {
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		case <-time.After(bumpLook):
		}
	}
	defer r.client.Del(context.WithoutCancel(ctx), claim)
	lost, held, err := r.staleShards(ctx, r.o.allShards())
	if err != nil || len(lost) == 0 {
		return held.epochs(shards), err
	}
	raised, err := r.o.RaiseEpochs(ctx, lost)
	if err != nil {
		return nil, err
	}
	// No epoch but our own: one that the ledger has reached since is of whoever
	// took the shard up on another server.
	own := make(map[int]string, len(lost))
	for _, s := range lost {
		own[s] = string(appendNumber(nil, raised[s]))
	}
	if own, err = r.writeGenerations(ctx, own, held); err != nil {
		return nil, err
	}
	epochs := held.epochs(shards)
	maps.Copy(epochs, own)
	return epochs, nil
}

// staleShards gives those of the shards that are, and what the server holds of all.
func (r *Redis) staleShards(ctx context.Context, shards []int) (lost []int, held generations, err error) {
	held, err = r.generations(ctx, shards)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range shards {
		switch gen := held[s].gen; {
		case gen == "" || gen[:numberSize] < r.epoch(s):
			lost = append(lost, s)
		case gen[:numberSize] > r.epoch(s):
			return nil, nil, errSuperseded
		}
	}
	return lost, held, nil
}

// errSuperseded is the answer where Redis knows of a later epoch than we do, or is
// another server than it was a moment ago.
var errSuperseded = &touch.Error{Class: touch.Unavailable, Message: "the contact log was taken up by others meanwhile: try again"}

func (r *Redis) ledgerEpochs(shards []int) map[int]string {
	epochs := make(map[int]string, len(shards))
	for _, s := range shards {
		epochs[s] = r.epoch(s)
	}
	return epochs
}

// writeGenerations sets shards' generations to epochs, on the servers that held names
// (nil: wherever they are), and gives the epochs.
func (r *Redis) writeGenerations(ctx context.Context, epochs map[int]string, held generations) (map[int]string, error) {
	shards := slices.Sorted(maps.Keys(epochs))
	server := func(part []int) []any { return []any{held[part[0]].server} } // one call is one server's
	err := r.runOnShards(ctx, r.scripts.writeGenerations, shards, epochs, server, func(part []int, reply any) error {
		text, _ := reply.(string)
		for i, s := range part {
			if len(text) != numberSize*len(part) || text[i*numberSize:(i+1)*numberSize] != epochs[s] {
				return errSuperseded
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return epochs, nil
}

// runOnShards runs a script on the generations of shards, with their epochs and
// what more gives for those of a call (nil: nothing), and hands each answer on.
func (r *Redis) runOnShards(ctx context.Context, s *redis.Script, shards []int, epochs map[int]string, more func(part []int) []any, heard func(part []int, reply any) error) error {
	size := callWeight
	if r.cluster {
		size = 1
	}
	parts := slices.Collect(slices.Chunk(shards, size))
	commands := make([]command, len(parts))
	for k, part := range parts {
		c := call{shards: part}
		args := []any{c.epochs(func(shard int) string { return epochs[shard] })}
		if more != nil {
			args = append(args, more(part)...)
		}
		commands[k] = command{c.keys(r), args}
	}
	replies, err := r.run(ctx, s, commands)
	if err != nil {
		return err
	}
	for k, reply := range replies {
		if err := heard(parts[k], reply); err != nil {
			return err
		}
	}
	return nil
}

// Adopt sets the generations of shards to their epochs as the ledger has them,
// wherever they are. Class Unavailable, too, where Redis knows of a later epoch.
func (r *Redis) Adopt(ctx context.Context, shards []int) error {
	_, err := r.writeGenerations(ctx, r.ledgerEpochs(shards), nil)
	return err
}

// Generations gives the epoch in the generation of every shard that has one. A
// shard without has lost its data, or never had any.
func (r *Redis) Generations(ctx context.Context) (map[int]int64, error) {
	held, err := r.generations(ctx, r.o.allShards())
	if err != nil {
		return nil, err
	}
	epochs := make(map[int]int64, len(held))
	for s, h := range held {
		if h.gen != "" {
			epochs[s] = readNumber(h.gen)
		}
	}
	return epochs, nil
}

// generations is what servers hold of shards.
type generations map[int]struct {
	gen    string // "": not adopted on the server
	server string // its reign
}

// epochs are those in the generations of shards that have one.
func (g generations) epochs(shards []int) map[int]string {
	epochs := make(map[int]string, len(shards))
	for _, s := range shards {
		if gen := g[s].gen; gen != "" {
			epochs[s] = gen[:numberSize]
		}
	}
	return epochs
}

// generations reads those of shards.
func (r *Redis) generations(ctx context.Context, shards []int) (generations, error) {
	held := make(generations, len(shards))
	err := r.runOnShards(ctx, r.scripts.readGenerations, shards, nil, nil, func(part []int, reply any) error {
		all, ok := reply.([]any)
		if !ok || len(all) != len(part)+1 {
			return errUnreadable
		}
		for i, s := range part {
			h := held[s]
			gen, ok := all[i].(string)
			if !ok || (gen != "" && len(gen) != numberSize && len(gen) != headSize) {
				return errUnreadable
			}
			h.gen = gen
			h.server, _ = all[len(part)].(string)
			held[s] = h
		}
		return nil
	})
	return held, err
}
