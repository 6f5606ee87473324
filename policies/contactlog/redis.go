package contactlog

import (
	"context"
	_ "embed"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/touch"
)

// Options are the parts of a contact log that may differ.
type Options struct {
	// Shards is how many shards the customers are spread over; a Cluster
	// spreads the shards over its masters. It must never change for a Redis in
	// use; 0 is 256.
	Shards int
	// Prefix begins every key; "" is "tg".
	Prefix string
	// Epochs returns the epoch of a shard in the ledger; nil: 0 for all. A log
	// that was loaded under another epoch is unknown.
	Epochs func(shard int) int64
	// RaiseEpochs is called with the shards that Redis has lost, before anything
	// is loaded into them again. It must raise their epochs in the ledger and
	// return the new ones, when Epochs returns them too. Only this makes void
	// the reservations that were lost with the shard and are not yet intended.
	//
	// Nil: lost shards are loaded as they are. That is right if every worker
	// goes down with Redis.
	RaiseEpochs func(ctx context.Context, shards []int) (map[int]int64, error)
}

// Redis is the contact log in Redis: one server, a Cluster, or the embedded
// server. It is safe for concurrent use, by many processes at once.
//
// A customer's log is one string, "tg:{shard}:1:log:customer": the epoch under
// which it was loaded, how far back it is complete, and some 30 bytes for each
// contact. "tg:{shard}:1:gen" is the generation of the shard: its epoch when
// this server acquired it and, once the shard is complete (see Rebuild), how far
// back.
//
// A log is known if its own epoch, the generation's and the ledger's are the
// same. An absent log is known, and empty, only in a complete shard. So after a
// FLUSHALL, or a restart without data, nothing is known: an absent log is not
// treated as empty.
//
// The "1" is the format version. Builds with different versions use different
// keys. When one acquires a shard, the other's reservations become void, as if
// they were on another server. Redis must not evict keys.
type Redis struct {
	client        redis.UniversalClient
	cluster       bool
	formatVersion string
	prefix        string
	shards        int
	ledgerEpoch   func(shard int) int64
	raiseEpochs   func(ctx context.Context, shards []int) (map[int]int64, error)
	scripts       scripts
	acquiring     sync.Mutex // one acquire at a time
}

var _ Log = (*Redis)(nil)

type scripts struct {
	reserve          *redis.Script
	settle           *redis.Script
	load             *redis.Script
	readGenerations  *redis.Script
	writeGenerations *redis.Script
	markComplete     *redis.Script
}

var (
	//go:embed common.lua
	commonLua string
	//go:embed reserve.lua
	reserveLua string
	//go:embed settle.lua
	settleLua string
	//go:embed load.lua
	loadLua string
	//go:embed read_generations.lua
	readGenerationsLua string
	//go:embed write_generations.lua
	writeGenerationsLua string
	//go:embed mark_complete.lua
	markCompleteLua string
)

const (
	defaultShards = 256
	// formatVersion is raised with every change of what common.lua reads and
	// writes.
	formatVersion = "1"
	// expirySlack is for how much longer than needed an unused log stays.
	expirySlack = time.Hour
	// deferredTTL is for how long an unknown log with deferred settlements
	// stays. It is long: if such a log were gone from a complete shard, the
	// customer would count as never contacted.
	deferredTTL = 90 * 24 * time.Hour
)

// NewRedis makes a log over a client, which the caller closes. It does no input
// or output.
func NewRedis(client redis.UniversalClient, o Options) *Redis {
	_, cluster := client.(*redis.ClusterClient)
	r := &Redis{
		client:        client,
		cluster:       cluster,
		formatVersion: formatVersion,
		prefix:        o.Prefix,
		shards:        o.shards(),
		ledgerEpoch:   o.Epochs,
		raiseEpochs:   o.RaiseEpochs,
		scripts: scripts{
			reserve:          redis.NewScript(commonLua + reserveLua),
			settle:           redis.NewScript(commonLua + settleLua),
			load:             redis.NewScript(commonLua + loadLua),
			readGenerations:  redis.NewScript(commonLua + readGenerationsLua),
			writeGenerations: redis.NewScript(commonLua + writeGenerationsLua),
			markComplete:     redis.NewScript(commonLua + markCompleteLua),
		},
	}
	if r.prefix == "" {
		r.prefix = "tg"
	}
	if r.ledgerEpoch == nil {
		r.ledgerEpoch = func(int) int64 { return 0 }
	}
	return r
}

func (o *Options) shards() int {
	if o.Shards <= 0 {
		return defaultShards
	}
	return o.Shards
}

// allShards returns the numbers of n shards.
func allShards(n int) []int {
	all := make([]int, n)
	for shard := range all {
		all[shard] = shard
	}
	return all
}

// Shard returns the shard of a customer.
func (r *Redis) Shard(customer string) int { return int(fnv1a(customer) % uint64(r.shards)) }

func (r *Redis) genKey(shard int) string { return r.key(shard) + ":gen" }

func (r *Redis) logKey(shard int, customer string) string { return r.key(shard) + ":log:" + customer }

// key begins every key of a shard. The braces keep them in one slot of a Cluster.
func (r *Redis) key(shard int) string {
	return r.prefix + ":{" + strconv.Itoa(shard) + "}:" + r.formatVersion
}

// epoch returns the epoch of a shard in the ledger, in the form that Redis keeps.
func (r *Redis) epoch(shard int) string { return string(appendNumber(nil, r.ledgerEpoch(shard))) }

// errUnreadable is returned if a key holds what this version cannot read:
// another program's data, or a later version's. Nothing may be sent then.
var errUnreadable = &touch.Error{Class: touch.Unavailable, Message: "the contact log holds what cannot be read"}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the contact log does not answer", Cause: err}
}
