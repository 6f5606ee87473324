package contactlog

import (
	"context"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"
)

// One call of a script serves many customers, because a large part of its cost
// does not depend on their number (on the embedded Redis nearly all of it).
// These limits keep one call below about a millisecond of Redis's time, and the
// replies of one pipeline within the socket buffers: the embedded Redis writes
// each reply before it reads on.
const (
	callWeight    = 50  // customers in one call; see entriesWeight
	pipelineItems = 256 // customers in one pipeline
	entriesWeight = 16  // loaded entries that weigh as much as one customer
)

// call is one call of a script, for some of the items of a batch.
type call struct {
	items  []int // their places in the batch
	shards []int // their shards, each one once
	logs   []string
	args   []any
	weight int
}

// keys returns the keys that every script gets: see common.lua.
func (c *call) keys(r *Redis) []string {
	keys := slices.Grow(c.logs, len(c.shards))
	for _, s := range c.shards {
		keys = append(keys, r.genKey(s))
	}
	return keys
}

// epochs returns the epochs of the call's shards, one after the other.
func (c *call) epochs(epoch func(shard int) string) []byte {
	b := make([]byte, 0, numberSize*len(c.shards))
	for _, s := range c.shards {
		b = append(b, epoch(s)...)
	}
	return b
}

// shardCalls divides the n customers of a batch among calls, and keeps the order
// of the items of one customer. In a Cluster one call serves one shard, because
// its keys must lie in one slot. encode adds an item to its call, where its
// shard has the given number, and returns its weight.
func (r *Redis) shardCalls(n int, customer func(i int) string, encode func(i int, c *call, shard byte) (weight int)) []*call {
	var calls []*call
	open := map[int]*call{} // by shard in a Cluster, otherwise one
	for i := range n {
		name := customer(i)
		shard := r.Shard(name)
		group := 0
		if r.cluster {
			group = shard
		}

		c := open[group]
		if c == nil || c.weight >= callWeight {
			c = &call{}
			open[group] = c
			calls = append(calls, c)
		}

		number := slices.Index(c.shards, shard)
		if number < 0 {
			number = len(c.shards)
			c.shards = append(c.shards, shard)
		}
		c.items = append(c.items, i)
		c.logs = append(c.logs, r.logKey(shard, name))
		c.weight += encode(i, c, byte(number+1))
	}
	return calls
}

// pipelines divides calls among pipelines.
func pipelines(calls []*call) iter.Seq[[]*call] {
	return func(yield func([]*call) bool) {
		for from := 0; from < len(calls); {
			to := from
			items := 0
			for to < len(calls) && (to == from || items+len(calls[to].items) <= pipelineItems) {
				items += len(calls[to].items)
				to++
			}
			if !yield(calls[from:to]) {
				return
			}
			from = to
		}
	}
}

// command is the keys and arguments of one call of a script.
type command struct {
	keys []string
	args []any
}

// run makes the calls of one pipeline and returns their replies. If the server
// does not have the script yet, run loads it and repeats the calls that failed.
func (r *Redis) run(ctx context.Context, s *redis.Script, commands []command) ([]any, error) {
	cmds := r.evaluate(ctx, s, commands)
	var missing []int
	for i, cmd := range cmds {
		if err := cmd.Err(); redis.HasErrorPrefix(err, "NOSCRIPT") {
			missing = append(missing, i)
		} else if err != nil {
			return nil, unavailable(err)
		}
	}

	if len(missing) > 0 {
		if err := s.Load(ctx, r.client).Err(); err != nil {
			return nil, unavailable(err)
		}
		repeated := make([]command, len(missing))
		for i, m := range missing {
			repeated[i] = commands[m]
		}
		for i, cmd := range r.evaluate(ctx, s, repeated) {
			if err := cmd.Err(); err != nil {
				return nil, unavailable(err)
			}
			cmds[missing[i]] = cmd
		}
	}

	replies := make([]any, len(cmds))
	for i, cmd := range cmds {
		replies[i] = cmd.Val()
	}
	return replies, nil
}

// evaluate makes the calls. Each command holds its own error. A single call goes
// without a pipeline, which costs go-redis less.
func (r *Redis) evaluate(ctx context.Context, s *redis.Script, commands []command) []*redis.Cmd {
	if len(commands) == 1 {
		return []*redis.Cmd{r.client.EvalSha(ctx, s.Hash(), commands[0].keys, commands[0].args...)}
	}
	pipe := r.client.Pipeline()
	cmds := make([]*redis.Cmd, len(commands))
	for i, c := range commands {
		cmds[i] = pipe.EvalSha(ctx, s.Hash(), c.keys, c.args...)
	}
	_, _ = pipe.Exec(ctx)
	return cmds
}
