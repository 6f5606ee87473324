package contactlog

import (
	"context"
	"errors"
	"strconv"
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
	epochs, err := r.takeUp(ctx, customers)
	if err != nil {
		return err
	}
	logs, err := load(ctx, customers)
	if err != nil {
		return err
	}
	commands := make([]command, len(customers))
	for i, c := range customers {
		keys, shard := r.keys(c)
		args := []any{epochs[shard], keep.Milliseconds(), slack.Milliseconds()}
		for k := range logs[c] {
			e := &logs[c][k]
			args = append(args, fieldOf(e.ID), appendEntry(nil, e))
		}
		commands[i] = command{keys, args}
	}
	_, err = r.run(ctx, r.scripts.rehydrate, commands)
	return err
}

// takeUp readies the customers' shards for loading, and gives their epochs.
func (r *Redis) takeUp(ctx context.Context, customers []string) (map[int]string, error) {
	shards := map[int]bool{}
	for _, c := range customers {
		shards[r.Shard(c)] = true
	}
	list := make([]int, 0, len(shards))
	for s := range shards {
		list = append(list, s)
	}
	gens, err := r.generations(ctx, list)
	if err != nil {
		return nil, err
	}
	var lost []int
	for _, s := range list {
		if _, ok := gens[s]; !ok {
			lost = append(lost, s)
		}
	}
	if len(lost) > 0 && r.o.Raise != nil {
		if err := r.o.Raise(ctx, lost); err != nil {
			return nil, err
		}
	}
	return r.adopt(ctx, list)
}

// errBehind is the answer where Redis knows of a later epoch than we do.
var errBehind = &touch.Error{Class: touch.Unavailable, Message: "the contact log was taken up under an epoch not yet heard of here: try again"}

// adopt sets the shards' generations to their epochs, and gives those.
func (r *Redis) adopt(ctx context.Context, shards []int) (map[int]string, error) {
	epochs := make(map[int]string, len(shards))
	commands := make([]command, len(shards))
	for i, s := range shards {
		epochs[s] = r.epoch(s)
		commands[i] = command{[]string{r.genKey(s)}, []any{epochs[s]}}
	}
	gens, err := r.run(ctx, r.scripts.adopt, commands)
	if err != nil {
		return nil, err
	}
	for i, s := range shards {
		if gens[i] != epochs[s] {
			return nil, errBehind
		}
	}
	return epochs, nil
}

// Adopt sets the generations of shards to their epochs as the ledger has them,
// as Rehydrate does for those that it meets. Class Unavailable, too, where
// Redis knows of a later epoch.
func (r *Redis) Adopt(ctx context.Context, shards []int) error {
	_, err := r.adopt(ctx, shards)
	return err
}

// Generations gives the generation of every shard that has one. A shard
// without has lost its data, or never had any.
func (r *Redis) Generations(ctx context.Context) (map[int]int64, error) {
	all := make([]int, r.o.Shards)
	for i := range all {
		all[i] = i
	}
	return r.generations(ctx, all)
}

func (r *Redis) generations(ctx context.Context, shards []int) (map[int]int64, error) {
	gens := map[int]int64{}
	for part := range parts(shards) {
		pipe := r.client.Pipeline()
		cmds := make([]*redis.StringCmd, len(part))
		for i, s := range part {
			cmds[i] = pipe.Get(ctx, r.genKey(s))
		}
		_, _ = pipe.Exec(ctx) // each command has its own error
		for i, s := range part {
			text, err := cmds[i].Result()
			if errors.Is(err, redis.Nil) {
				continue
			}
			if err != nil {
				return nil, unavailable(err)
			}
			if gens[s], err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, errBroken
			}
		}
	}
	return gens, nil
}
