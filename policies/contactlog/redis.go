package contactlog

import (
	"context"
	_ "embed"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/touch"
)

// Options are the parts of Redis that may differ.
type Options struct {
	// Shards is how many shards customers are spread over; a Cluster spreads
	// shards over masters. It must never change for a Redis in use; 0 is 256.
	Shards int
	// Prefix begins every key; "" is "tg".
	Prefix string
	// Epochs gives the epoch of a shard as the ledger has it; nil: 0 for all.
	// A log that was loaded under another epoch is unknown.
	Epochs func(shard int) int64
	// RaiseEpochs is told of shards that Redis has lost, before anything is loaded
	// into them again. It must raise their epochs in the ledger, return
	// when Epochs knows, and say to which it raised them: only that voids the reservations which were lost
	// with the shard and not yet intended. Nil: lost shards are taken up as
	// they are, which is right where every worker went down with Redis.
	RaiseEpochs func(ctx context.Context, shards []int) (map[int]int64, error)
}

// Redis is the contact log in Redis: one server, a Cluster, or the embedded
// one. It is safe for concurrent use, by many processes at once.
//
// A customer's log is one string, "tg:{shard}:1:log:customer": the epoch under
// which it was loaded, how far back it is complete, and some 30 bytes for each
// contact. "tg:{shard}:1:gen" is the shard's generation: the epoch that was
// adopted when it was last found empty and, once the shard is complete (see
// Rebuild), how far back. A log counts as known when its own epoch, the
// generation's and the ledger's agree; an absent one is known, and empty, in a
// complete shard only. So after a FLUSHALL, or a restart without data, nothing
// is known, and absence is not taken for innocence. The 1 is the format's number:
// a build with another one keeps keys of its own, and is to this one as another
// server is, whose taking up of a shard voids ours. Redis must not evict keys.
type Redis struct {
	client    redis.UniversalClient
	cluster   bool
	format    string
	o         Options
	scripts   scripts
	acquiring sync.Mutex // one takeUp at a time
}

var _ Log = (*Redis)(nil)

type scripts struct{ reserve, settle, load, writeGenerations, markComplete, readGenerations *redis.Script }

var (
	//go:embed common.lua
	commonLua string
	//go:embed reserve.lua
	reserveLua string
	//go:embed settle.lua
	settleLua string
	//go:embed load.lua
	loadLua string
	//go:embed write_generations.lua
	writeGenerationsLua string
	//go:embed mark_complete.lua
	markCompleteLua string
	//go:embed read_generations.lua
	readGenerationsLua string
)

const (
	// expirySlack is how much longer than needed an unused log stays.
	expirySlack = time.Hour
	// deferredTTL is how long an unknown log stays that has notes. It is long, for
	// once such a log is gone from a complete shard nobody would miss it.
	deferredTTL = 90 * 24 * time.Hour
)

const (
	defaultShards = 256
	// formatVersion is raised with every change of what common.lua reads and writes.
	formatVersion = "1"
)

func (o *Options) shards() int {
	if o.Shards <= 0 {
		return defaultShards
	}
	return o.Shards
}

// allShards are the numbers of all shards.
func (o *Options) allShards() []int {
	all := make([]int, o.shards())
	for shard := range all {
		all[shard] = shard
	}
	return all
}

// NewRedis makes a log over a client, which stays its owner's to close. It
// does no input or output.
func NewRedis(client redis.UniversalClient, o Options) *Redis {
	o.Shards = o.shards()
	if o.Prefix == "" {
		o.Prefix = "tg"
	}
	if o.Epochs == nil {
		o.Epochs = func(int) int64 { return 0 }
	}
	_, cluster := client.(*redis.ClusterClient)
	return &Redis{client: client, cluster: cluster, format: formatVersion, o: o, scripts: scripts{
		reserve:          redis.NewScript(commonLua + reserveLua),
		settle:           redis.NewScript(commonLua + settleLua),
		load:             redis.NewScript(commonLua + loadLua),
		writeGenerations: redis.NewScript(commonLua + writeGenerationsLua),
		markComplete:     redis.NewScript(commonLua + markCompleteLua),
		readGenerations:  redis.NewScript(commonLua + readGenerationsLua),
	}}
}

// Shard is the shard of a customer.
func (r *Redis) Shard(customer string) int { return int(fnv1a(customer) % uint64(r.o.Shards)) }

func (r *Redis) genKey(shard int) string { return r.key(shard) + ":gen" }

func (r *Redis) logKey(shard int, customer string) string { return r.key(shard) + ":log:" + customer }

// key begins every key of a shard. The braces keep them in one slot of a Cluster.
func (r *Redis) key(shard int) string {
	return r.o.Prefix + ":{" + strconv.Itoa(shard) + "}:" + r.format
}

// epoch is a shard's epoch in the ledger, as Redis keeps it.
func (r *Redis) epoch(shard int) string { return string(appendNumber(nil, r.o.Epochs(shard))) }

// Read implements Log.
func (r *Redis) Read(ctx context.Context, customers []string) ([]Snapshot, error) {
	shots := make([]Snapshot, len(customers))
	calls := r.shardCalls(len(customers), func(i int) string { return customers[i] }, func(int, *call, byte) int { return 1 })
	for part := range pipelines(calls) {
		pipe := r.client.Pipeline()
		got := make([]*redis.SliceCmd, len(part))
		for k, c := range part {
			got[k] = pipe.MGet(ctx, c.keys(r)...) // at once: log and generation must be of one instant
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, unavailable(err)
		}
		for k, c := range part {
			logs, gens := got[k].Val()[:len(c.items)], got[k].Val()[len(c.items):]
			for p, i := range c.items {
				shard := r.Shard(customers[i])
				gen, _ := gens[slices.Index(c.shards, shard)].(string)
				gen = gen[:max(0, len(gen)-replidSize)] // a forecast may believe a copy
				log, found := logs[p].(string)
				var err error
				if shots[i], err = snapshot(log, found, gen, r.epoch(shard)); err != nil {
					return nil, err
				}
			}
		}
	}
	return shots, nil
}

func snapshot(log string, found bool, gen, epoch string) (Snapshot, error) {
	if !found {
		log = gen // absent from a complete shard is empty
	}
	if len(gen) < numberSize || gen[:numberSize] != epoch || (!found && len(gen) < headSize) {
		return Snapshot{}, nil
	}
	if len(log) < headSize {
		return Snapshot{}, errUnreadable
	}
	if log[:numberSize] != epoch {
		return Snapshot{}, nil
	}
	es, err := readEntries(log)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Known: true, Entries: es, Keep: readSpan(log[numberSize:])}, nil
}

// errUnreadable keeps the gate shut where a log holds what this version cannot
// read: another program's key, or a later version's.
var errUnreadable = &touch.Error{Class: touch.Unavailable, Message: "the contact log holds what cannot be read"}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the contact log does not answer", Cause: err}
}
