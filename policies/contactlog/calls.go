package contactlog

import (
	"context"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"
)

// One call of a script serves many customers, because much of what a call
// costs is its own: on the embedded Redis nearly all of it. The numbers below
// keep one call under about a millisecond of Redis's time, and the answers of
// one pipeline within socket buffers (the embedded Redis writes each answer
// before it reads on).
const (
	callWeight    = 50  // customers in one call; their entries weigh too where all are rewritten
	pipelineItems = 256 // customers in one pipeline
	entriesWeight = 16  // so many loaded entries weigh as much as a customer
)

// call is one call of a script, for some of a batch's items.
type call struct {
	items  []int // their places in the batch
	shards []int // theirs, each once
	logs   []string
	args   []any
	weight int
}

// keys are those that every script takes: see common.lua.
func (c *call) keys(r *Redis) []string {
	keys := slices.Grow(c.logs, len(c.shards))
	for _, s := range c.shards {
		keys = append(keys, r.genKey(s))
	}
	return keys
}

// epochs are those of the call's shards.
func (c *call) epochs(epoch func(shard int) string) []byte {
	b := make([]byte, 0, numberSize*len(c.shards))
	for _, s := range c.shards {
		b = append(b, epoch(s)...)
	}
	return b
}

// shardCalls parts the n customers of a batch among calls, in order for each
// customer. In a Cluster one call serves one shard, since its keys must lie in
// one slot. The function given packs an item for a call, in which its shard has
// the number given, and says what it weighs.
func (r *Redis) shardCalls(n int, customer func(i int) string, pack func(i int, c *call, shard byte) (weight int)) []*call {
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
		c.items, c.logs = append(c.items, i), append(c.logs, r.logKey(shard, name))
		c.weight += pack(i, c, byte(number+1))
	}
	return calls
}

// pipelines parts calls among pipelines.
func pipelines(calls []*call) iter.Seq[[]*call] {
	return func(yield func([]*call) bool) {
		for from := 0; from < len(calls); {
			to, items := from, 0
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

// command is a script's keys and arguments.
type command struct {
	keys []string
	args []any
}

// run makes the calls of one pipeline and gives their answers. Where the script
// is not loaded yet it is, and the calls that failed for it are made again.
func (r *Redis) run(ctx context.Context, s *redis.Script, commands []command) ([]any, error) {
	cmds := r.pipe(ctx, s, commands)
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
		again := make([]command, len(missing))
		for i, m := range missing {
			again[i] = commands[m]
		}
		for i, cmd := range r.pipe(ctx, s, again) {
			if err := cmd.Err(); err != nil {
				return nil, unavailable(err)
			}
			cmds[missing[i]] = cmd
		}
	}
	answers := make([]any, len(cmds))
	for i, cmd := range cmds {
		answers[i] = cmd.Val()
	}
	return answers, nil
}

// pipe calls without looking at the answers. A single call goes alone, which
// go-redis sends with less ado.
func (r *Redis) pipe(ctx context.Context, s *redis.Script, commands []command) []*redis.Cmd {
	if len(commands) == 1 {
		return []*redis.Cmd{r.client.EvalSha(ctx, s.Hash(), commands[0].keys, commands[0].args...)}
	}
	pipe := r.client.Pipeline()
	cmds := make([]*redis.Cmd, len(commands))
	for i, c := range commands {
		cmds[i] = pipe.EvalSha(ctx, s.Hash(), c.keys, c.args...)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	return cmds
}
