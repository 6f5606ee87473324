package contactlog

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// A shard's generation says under which epoch of the ledger a server's data of
// the shard is valid. To acquire a shard is to give it a generation on this
// server. If the server lost the shard, the ledger raises its epoch before that:
// then the ledger refuses every intent that was judged by the lost data.

const (
	// bumpWithin is for how long one process may raise epochs before another
	// one raises them as well.
	bumpWithin = 5 * time.Second
	bumpLook   = 50 * time.Millisecond
)

// errSuperseded is returned if Redis knows a later epoch than this process, or
// if the client was led to another server than a moment ago.
var errSuperseded = &touch.Error{
	Class:   touch.Unavailable,
	Message: "the contact log was acquired by another process meanwhile: try again",
}

// heldGeneration is the generation of one shard, as a server has it.
type heldGeneration struct {
	gen    string // the epoch and, if complete, how far back; "": none
	replid string // the server's replication id
}

// epoch returns the epoch in the generation, which must not be "".
func (h heldGeneration) epoch() string { return h.gen[:numberSize] }

// heldGenerations are generations by shard.
type heldGenerations map[int]heldGeneration

// epochs returns the epochs of those shards that have a generation.
func (g heldGenerations) epochs(shards []int) map[int]string {
	epochs := make(map[int]string, len(shards))
	for _, s := range shards {
		if h := g[s]; h.gen != "" {
			epochs[s] = h.epoch()
		}
	}
	return epochs
}

// acquire makes sure that shards have a generation, so that logs can be loaded
// into them, and returns their epochs. Shards that are not stale stay as they
// are.
//
// One goroutine at a time raises all stale shards together, because every raise
// makes void what is under way.
func (r *Redis) acquire(ctx context.Context, shards []int) (map[int]string, error) {
	if r.raiseEpochs == nil {
		epochs := make(map[int]string, len(shards))
		for _, s := range shards {
			epochs[s] = r.epoch(s)
		}
		return r.writeGenerations(ctx, epochs, nil)
	}

	r.acquiring.Lock()
	defer r.acquiring.Unlock()
	stale, current, err := r.staleShards(ctx, shards)
	if err != nil || len(stale) == 0 {
		return current.epochs(shards), err
	}
	return r.bumpEpochs(ctx, shards)
}

// bumpEpochs has the ledger raise the epochs of all stale shards and writes
// their generations. It returns the epochs of the given shards.
func (r *Redis) bumpEpochs(ctx context.Context, shards []int) (map[int]string, error) {
	// Processes that use the same server do this one after the other. That only
	// saves work: two that raise at the same time do no harm.
	claim := r.prefix + ":raising"
	if err := r.waitForClaim(ctx, claim); err != nil {
		return nil, err
	}
	defer r.client.Del(context.WithoutCancel(ctx), claim)

	// Another process may have done it meanwhile.
	stale, current, err := r.staleShards(ctx, allShards(r.shards))
	if err != nil || len(stale) == 0 {
		return current.epochs(shards), err
	}
	raised, err := r.raiseEpochs(ctx, stale)
	if err != nil {
		return nil, err
	}

	// Write exactly the epochs that this call has raised. If the ledger has
	// reached a later one since, another process acquired the shard on another
	// server.
	own := make(map[int]string, len(stale))
	for _, s := range stale {
		own[s] = string(appendNumber(nil, raised[s]))
	}
	if own, err = r.writeGenerations(ctx, own, current); err != nil {
		return nil, err
	}
	epochs := current.epochs(shards)
	maps.Copy(epochs, own)
	return epochs, nil
}

// waitForClaim waits until this process has the claim, for bumpWithin at most.
func (r *Redis) waitForClaim(ctx context.Context, claim string) error {
	for deadline := time.Now().Add(bumpWithin); time.Now().Before(deadline); {
		mine, err := r.client.SetNX(ctx, claim, 1, bumpWithin).Result()
		if err != nil {
			return unavailable(err)
		}
		if mine {
			return nil
		}
		if !loop.Sleep(ctx, bumpLook) {
			return unavailable(ctx.Err())
		}
	}
	return nil
}

// staleShards returns those of the shards that this server has lost, and the
// generations of all of them. A shard is stale if it has no generation, or one
// of an older epoch than the ledger's: then another server may have acquired it
// in between.
func (r *Redis) staleShards(ctx context.Context, shards []int) (stale []int, current heldGenerations, err error) {
	current, err = r.readGenerations(ctx, shards)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range shards {
		h := current[s]
		switch {
		case h.gen == "" || h.epoch() < r.epoch(s):
			stale = append(stale, s)
		case h.epoch() > r.epoch(s):
			return nil, nil, errSuperseded
		}
	}
	return stale, current, nil
}

// readGenerations reads the generations of shards.
func (r *Redis) readGenerations(ctx context.Context, shards []int) (heldGenerations, error) {
	held := make(heldGenerations, len(shards))
	err := r.runOnShards(ctx, r.scripts.readGenerations, shards, nil, nil, func(part []int, reply any) error {
		all, ok := reply.([]any)
		if !ok || len(all) != len(part)+1 {
			return errUnreadable
		}
		replid, _ := all[len(part)].(string)
		for i, s := range part {
			gen, ok := all[i].(string)
			if !ok || (gen != "" && len(gen) != numberSize && len(gen) != headSize) {
				return errUnreadable
			}
			held[s] = heldGeneration{gen: gen, replid: replid}
		}
		return nil
	})
	return held, err
}

// writeGenerations sets the generations of shards to epochs and returns them. If
// current is given, each is only written on the server that current was read
// from.
func (r *Redis) writeGenerations(ctx context.Context, epochs map[int]string, current heldGenerations) (map[int]string, error) {
	shards := slices.Sorted(maps.Keys(epochs))
	onServer := func(part []int) []any { return []any{current[part[0]].replid} } // the shards of one call are on one server
	err := r.runOnShards(ctx, r.scripts.writeGenerations, shards, epochs, onServer, func(part []int, reply any) error {
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

// runOnShards runs a script on the generations of shards. A call gets the epochs
// of its shards and, unless more is nil, the arguments that more returns. Each
// reply is passed to read.
func (r *Redis) runOnShards(ctx context.Context, s *redis.Script, shards []int, epochs map[int]string,
	more func(part []int) []any, read func(part []int, reply any) error) error {
	size := callWeight
	if r.cluster {
		size = 1 // the keys of a call must lie in one slot
	}
	parts := slices.Collect(slices.Chunk(shards, size))
	commands := make([]command, len(parts))
	for k, part := range parts {
		c := call{shards: part}
		args := []any{c.epochs(func(shard int) string { return epochs[shard] })}
		if more != nil {
			args = append(args, more(part)...)
		}
		commands[k] = command{keys: c.keys(r), args: args}
	}
	replies, err := r.run(ctx, s, commands)
	if err != nil {
		return err
	}
	for k, reply := range replies {
		if err := read(parts[k], reply); err != nil {
			return err
		}
	}
	return nil
}
