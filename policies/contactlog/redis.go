package contactlog

import (
	"context"
	_ "embed"
	"errors"
	"strconv"
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
	// Raise is told of shards that Redis has lost, before anything is loaded
	// into them again. It must raise their epochs in the ledger and return
	// when Epochs knows: only that voids the reservations which were lost
	// with the shard and not yet intended. Nil: lost shards are taken up as
	// they are, which is right where every worker went down with Redis.
	Raise func(ctx context.Context, shards []int) error
}

// Redis is the contact log in Redis: one server, a Cluster, or the embedded
// one. It is safe for concurrent use, by many processes at once.
//
// A customer's log is a hash, "tg:{shard}:log:customer", of one field for each
// contact and a marker: the epoch under which it was loaded, and how far back.
// "tg:{shard}:gen" is the shard's generation, the epoch that was adopted when
// it was last found empty. A log counts as known when marker, generation and
// the ledger's epoch agree; so after a FLUSHALL, or a restart without data,
// nothing is known, and absence is never taken for innocence.
type Redis struct {
	client  redis.UniversalClient
	o       Options
	scripts scripts
}

var _ Log = (*Redis)(nil)

type scripts struct{ reserve, settle, rehydrate, adopt *redis.Script }

var (
	//go:embed entry.lua
	entryLua string
	//go:embed reserve.lua
	reserveLua string
	//go:embed settle.lua
	settleLua string
	//go:embed rehydrate.lua
	rehydrateLua string
	//go:embed adopt.lua
	adoptLua string
)

// slack is how much longer than needed an unused log stays, and how long the
// notes on an unknown one do.
const slack = time.Hour

// NewRedis makes a log over a client, which stays its owner's to close. It
// does no input or output.
func NewRedis(client redis.UniversalClient, o Options) *Redis {
	if o.Shards <= 0 {
		o.Shards = 256
	}
	if o.Prefix == "" {
		o.Prefix = "tg"
	}
	if o.Epochs == nil {
		o.Epochs = func(int) int64 { return 0 }
	}
	return &Redis{client: client, o: o, scripts: scripts{
		reserve:   redis.NewScript(reserveLua),
		settle:    redis.NewScript(entryLua + settleLua),
		rehydrate: redis.NewScript(entryLua + rehydrateLua),
		adopt:     redis.NewScript(adoptLua),
	}}
}

// Shard is the shard of a customer.
func (r *Redis) Shard(customer string) int { return int(fnv1a(customer) % uint64(r.o.Shards)) }

func (r *Redis) genKey(shard int) string {
	return r.o.Prefix + ":{" + strconv.Itoa(shard) + "}:gen"
}

func (r *Redis) logKey(shard int, customer string) string {
	return r.o.Prefix + ":{" + strconv.Itoa(shard) + "}:log:" + customer
}

// keys are those of every script on one customer.
func (r *Redis) keys(customer string) (keys []string, shard int) {
	shard = r.Shard(customer)
	return []string{r.logKey(shard, customer), r.genKey(shard)}, shard
}

func (r *Redis) epoch(shard int) string { return strconv.FormatInt(r.o.Epochs(shard), 10) }

// Read implements Log.
func (r *Redis) Read(ctx context.Context, customers []string) ([]Snapshot, error) {
	shots := make([]Snapshot, 0, len(customers))
	for part := range parts(customers) {
		pipe := r.client.Pipeline()
		gens := map[int]*redis.StringCmd{}
		logs := make([]*redis.MapStringStringCmd, len(part))
		for i, c := range part {
			keys, shard := r.keys(c)
			if gens[shard] == nil {
				gens[shard] = pipe.Get(ctx, keys[1])
			}
			logs[i] = pipe.HGetAll(ctx, keys[0])
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, unavailable(err)
		}
		for i, c := range part {
			shard := r.Shard(c)
			if err := gens[shard].Err(); err != nil && !errors.Is(err, redis.Nil) {
				return nil, unavailable(err)
			}
			shot, err := snapshot(logs[i], gens[shard].Val(), r.epoch(shard))
			if err != nil {
				return nil, err
			}
			shots = append(shots, shot)
		}
	}
	return shots, nil
}

func snapshot(log *redis.MapStringStringCmd, gen, epoch string) (Snapshot, error) {
	fields, err := log.Result()
	if err != nil {
		return Snapshot{}, unavailable(err)
	}
	loaded, keep, ok := readMarker(fields[marker])
	if !ok || loaded != epoch || gen != epoch {
		return Snapshot{}, nil
	}
	es := make([]Entry, 0, len(fields)-1)
	for f, v := range fields {
		if f == marker {
			continue
		}
		e, ok := readEntry(f, v)
		if !ok {
			return Snapshot{}, errBroken
		}
		es = append(es, e)
	}
	sortEntries(es)
	return Snapshot{Known: true, Entries: es, Keep: keep}, nil
}

// errBroken keeps the gate shut where a log holds what this version cannot
// read: another program's key, or a later version's.
var errBroken = &touch.Error{Class: touch.Unavailable, Message: "the contact log holds what cannot be read"}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the contact log does not answer", Cause: err}
}
