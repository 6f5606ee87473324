package contactlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// truth is the part of a ledger that the contact log uses: epochs, what was
// intended, and the refusal of intents judged under an older epoch.
type truth struct {
	mu      sync.Mutex
	epochs  map[int]int64
	intents map[string][]Entry
	told    []string // in which order it was asked
}

func newTruth() *truth { return &truth{epochs: map[int]int64{}, intents: map[string][]Entry{}} }

func (l *truth) options() Options { return Options{Shards: 4, Epochs: l.epoch, RaiseEpochs: l.raise} }

func (l *truth) epoch(shard int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epochs[shard]
}

func (l *truth) raise(_ context.Context, shards []int) (map[int]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(shards)
	l.told = append(l.told, fmt.Sprint("raise ", shards))
	raised := map[int]int64{}
	for _, s := range shards {
		l.epochs[s]++
		raised[s] = l.epochs[s]
	}
	return raised, nil
}

func (l *truth) load(_ context.Context, customers []string) (map[string][]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, "load")
	logs := map[string][]Entry{}
	for _, c := range customers {
		logs[c] = slices.Clone(l.intents[c])
	}
	return logs, nil
}

// intend accepts an intent if the epoch is still the one it was judged under.
func (l *truth) intend(log *Redis, customer string, e Entry, epoch int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epochs[log.Shard(customer)] != epoch {
		return false
	}
	e.Pending = true
	l.intents[customer] = append(l.intents[customer], e)
	return true
}

func reserveOne(t *testing.T, log Log, key string, limit int) Answer {
	t.Helper()
	as, err := log.Reserve(t.Context(), []Reservation{{
		Customer: anna, Entry: entry(key), Keep: month, Questions: []Question{{Limit: limit, Since: day.Add(-time.Hour)}},
	}}, day)
	if err != nil {
		t.Fatal(err)
	}
	return as[0]
}

func TestNewInstallation(t *testing.T) {
	for name, o := range map[string]Options{"with a ledger": newTruth().options(), "without epochs": {}} {
		t.Run(name, func(t *testing.T) {
			client := embedded(t)
			defer client.Close()
			log := NewRedis(client, o)
			if a := reserveOne(t, log, "a", 1); !a.Unknown {
				t.Fatalf("%+v", a)
			}
			if err := log.Rehydrate(t.Context(), []string{anna}, month, newTruth().load); err != nil {
				t.Fatal(err)
			}
			if a := reserveOne(t, log, "a", 1); !a.Admitted {
				t.Fatalf("%+v", a)
			}
		})
	}
}

// TestLostShardVoidsReservations is the race that breaks caps: a worker has a
// reservation that was lost with Redis, and has not intended yet.
func TestLostShardVoidsReservations(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ledger := newTruth()
	log := NewRedis(client, ledger.options())
	rehydrate := func() {
		t.Helper()
		if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
			t.Fatal(err)
		}
	}
	rehydrate()
	shard := log.Shard(anna)
	slow, judged := reserveOne(t, log, "slow", 1), ledger.epoch(shard)
	flush(t, client)
	if a := reserveOne(t, log, "quick", 1); !a.Unknown {
		t.Fatalf("%+v", a)
	}
	ledger.told = nil
	rehydrate()
	// All shards that were lost are raised at once.
	if want := []string{fmt.Sprintf("raise %v", allShards(log.shards)), "load"}; !reflect.DeepEqual(ledger.told, want) {
		t.Fatalf("the ledger was told %v, want %v", ledger.told, want)
	}
	quick := reserveOne(t, log, "quick", 1)
	if !slow.Admitted || !quick.Admitted {
		t.Fatalf("%+v %+v", slow, quick)
	}
	if ledger.intend(log, anna, entry("slow"), judged) {
		t.Fatal("the ledger took an intent whose reservation is gone")
	}
	if !ledger.intend(log, anna, entry("quick"), ledger.epoch(shard)) {
		t.Fatal("the ledger refused a good intent")
	}
	gens, err := log.Generations(t.Context())
	if err != nil || gens[shard] != ledger.epoch(shard) {
		t.Fatal(gens, err)
	}
}

// TestTwoFormatVersions is an upgrade that changes the format: each build has
// reservations of its own, and only those of one build are valid.
func TestTwoFormatVersions(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ledger := newTruth()
	old, young := NewRedis(client, ledger.options()), NewRedis(client, ledger.options())
	young.formatVersion = "2"
	rehydrate := func(log *Redis) {
		t.Helper()
		if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
			t.Fatal(err)
		}
	}
	shard := old.Shard(anna)
	rehydrate(old)
	first, judged := reserveOne(t, old, "old", 1), ledger.epoch(shard)
	rehydrate(young)
	second := reserveOne(t, young, "young", 1)
	if !first.Admitted || !second.Admitted {
		t.Fatalf("%+v %+v", first, second)
	}
	if ledger.intend(old, anna, entry("old"), judged) || !ledger.intend(young, anna, entry("young"), ledger.epoch(shard)) {
		t.Fatal("the ledger took the wrong build's intent")
	}
	if a := reserveOne(t, old, "again", 1); !a.Unknown {
		t.Fatalf("the old build believes what it held before: %+v", a)
	}
	rehydrate(old)
	if a := reserveOne(t, old, "again", 1); a.Admitted || a.Unknown {
		t.Fatalf("the old build does not see what the new one sent: %+v", a)
	}
}

// TestLoadFromBeforeALoss loses the shard and has another worker acquire it while
// a slow one has read the ledger and not yet stored.
func TestLoadFromBeforeALoss(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ledger := newTruth()
	log := NewRedis(client, ledger.options())
	err := log.Rehydrate(t.Context(), []string{anna}, month, func(ctx context.Context, cs []string) (map[string][]Entry, error) {
		read, err := ledger.load(ctx, cs)
		if !ledger.intend(log, anna, past("late", day), ledger.epoch(log.Shard(anna))) {
			t.Error("the intent of before the loss must be taken")
		}
		flush(t, client)
		other := NewRedis(client, ledger.options())
		if err := other.Rehydrate(ctx, []string{"c-other", anna + "'"}, month, ledger.load); err != nil {
			t.Error(err)
		}
		if _, err := ledger.raise(ctx, []int{log.Shard(anna)}); err != nil {
			t.Error(err)
		}
		if err := other.Adopt(ctx, []int{log.Shard(anna)}); err != nil {
			t.Error(err)
		}
		return read, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := reserveOne(t, log, "a", 1); !a.Unknown {
		t.Fatalf("a log without the late intent is believed: %+v", a)
	}
	if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
		t.Fatal(err)
	}
	if a := reserveOne(t, log, "a", 1); a.Admitted || a.Unknown {
		t.Fatalf("%+v", a)
	}
}

// TestSlowRehydrate has another worker acquire the shard under a later epoch,
// load the same customer and reserve, while a slow one has read the ledger and
// not yet stored.
func TestSlowRehydrate(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ledger := newTruth()
	log := NewRedis(client, ledger.options())
	err := log.Rehydrate(t.Context(), []string{anna}, month, func(ctx context.Context, cs []string) (map[string][]Entry, error) {
		flush(t, client)
		if err := log.Rehydrate(ctx, []string{anna}, month, ledger.load); err != nil {
			t.Error(err)
		}
		if a := reserveOne(t, log, "held", 1); !a.Admitted {
			t.Errorf("%+v", a)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := reserveOne(t, log, "other", 1); a.Unknown || a.Admitted {
		t.Fatalf("the reservation held meanwhile is gone: %+v", a)
	}
}

func TestNodeWithOldEpochWaits(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ahead, behind := newTruth(), newTruth()
	for s := range 4 {
		ahead.epochs[s], behind.epochs[s] = 9, 3
	}
	log := NewRedis(client, behind.options())
	if err := log.Rehydrate(t.Context(), []string{anna}, month, behind.load); err != nil {
		t.Fatal(err)
	}
	for s := range 4 {
		behind.epochs[s] = 4 // by the raise of the empty shard, or not
	}
	if err := log.Rehydrate(t.Context(), []string{anna}, month, behind.load); err != nil {
		t.Fatal(err)
	}
	if a := reserveOne(t, log, "a", 9); !a.Admitted {
		t.Fatalf("%+v", a)
	}
	if err := NewRedis(client, ahead.options()).Adopt(t.Context(), []int{0, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	behind.told = nil
	if a := reserveOne(t, log, "b", 9); !a.Unknown {
		t.Fatalf("answered from a log that is void by now: %+v", a)
	}
	if shots, err := log.Read(t.Context(), []string{anna}); err != nil || shots[0].Known {
		t.Fatal(shots, err)
	}
	if err := log.Rehydrate(t.Context(), []string{anna}, month, behind.load); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	if len(behind.told) > 0 {
		t.Fatalf("the ledger was asked: %v", behind.told)
	}
}

func TestFailedRaise(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	boom := errors.New("no ledger")
	log := NewRedis(client, Options{RaiseEpochs: func(context.Context, []int) (map[int]int64, error) { return nil, boom }})
	ledger := newTruth()
	if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); !errors.Is(err, boom) || len(ledger.told) > 0 {
		t.Fatal(err, ledger.told)
	}
}

func TestMissingScriptsAreLoaded(t *testing.T) {
	for name, client := range map[string]func() redis.UniversalClient{
		"redis": func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}) },
		"cluster": func() redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: servertest.RedisCluster(t)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := client()
			r := redisRig(t, client)
			var rs []Reservation
			var customers []string
			for i := range 50 {
				customers = append(customers, fmt.Sprint("c-", i))
				rs = append(rs, Reservation{Customer: customers[i], Entry: entry("a"), Keep: month})
			}
			for range 2 {
				if err := client.ScriptFlush(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				if err := r.Rehydrate(t.Context(), customers, month, newTruth().load); err != nil {
					t.Fatal(err)
				}
				as, err := r.Reserve(t.Context(), rs, day)
				if err != nil {
					t.Fatal(err)
				}
				for i, a := range as {
					if !a.Admitted {
						t.Fatalf("%d: %+v", i, a)
					}
				}
			}
		})
	}
}

func TestErrorsAdmitNothing(t *testing.T) {
	down := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	defer down.Close()
	foreign := embedded(t)
	defer foreign.Close()
	log := NewRedis(foreign, Options{})
	if err := log.Rehydrate(t.Context(), []string{anna}, month, newTruth().load); err != nil {
		t.Fatal(err)
	}
	if err := foreign.Append(t.Context(), log.keyOf(anna), "somebody else").Err(); err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]*Redis{"down": NewRedis(down, Options{}), "foreign data": log} {
		_, err1 := log.Read(t.Context(), []string{anna})
		_, err2 := log.Reserve(t.Context(), []Reservation{{Customer: anna, Entry: entry("a"), Questions: []Question{{}}}}, day)
		errs := []error{err1, err2}
		if name == "down" {
			errs = append(errs, log.Settle(t.Context(), []Settlement{{Customer: anna}, {Customer: anna}}),
				log.Rehydrate(t.Context(), []string{anna}, month, newTruth().load))
		}
		for i, err := range errs {
			if touch.ClassOf(err) != touch.Unavailable || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), anna) {
				t.Errorf("%s, %d: %v", name, i, err)
			}
		}
	}
}

func TestLogExpiry(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	log := NewRedis(client, Options{})
	if err := log.Rehydrate(t.Context(), []string{anna}, month, newTruth().load); err != nil {
		t.Fatal(err)
	}
	key := log.keyOf(anna)
	check := func(what string) {
		t.Helper()
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil || ttl < month+expirySlack-time.Minute || ttl > month+expirySlack {
			t.Fatalf("%s: %v, %v", what, ttl, err)
		}
		if err := client.PExpire(t.Context(), key, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	check("loaded")
	reserveOne(t, log, "a", 9)
	check("reserved")
	if err := log.Settle(t.Context(), []Settlement{{Customer: anna, ID: id("a"), At: day}}); err != nil {
		t.Fatal(err)
	}
	check("settled")
	if n, err := client.PTTL(t.Context(), log.genKey(log.Shard(anna))).Result(); err != nil || n != -1 {
		t.Fatalf("the generation must never expire: %v, %v", n, err)
	}
}

func TestHash(t *testing.T) {
	if Hash("") != 0 {
		t.Fatal("nothing has a hash")
	}
	seen := map[uint64]string{}
	for i := range 20000 {
		s := fmt.Sprint("campaign-", i)
		h := Hash(s)
		if h == 0 || h>>24 != 0 {
			t.Fatalf("%s: %x is not of 24 bits", s, h)
		}
		if other, ok := seen[h]; ok {
			t.Logf("%s and %s share a hash", s, other) // strict, and rare
		}
		seen[h] = s
	}
	if len(seen) < 19970 { // 12 collisions are to be expected
		t.Fatalf("%d hashes for 20000 names", len(seen))
	}
}

// TestReserveAfterFailover: a promoted replica has the generations of its old
// master and may lack the latest contacts. So may the old master, once the new
// one was acquired.
func TestReserveAfterFailover(t *testing.T) {
	oldAddr, newAddr := servertest.Redis(t), servertest.Redis(t)
	older, newer := redis.NewClient(&redis.Options{Addr: oldAddr}), redis.NewClient(&redis.Options{Addr: newAddr})
	t.Cleanup(func() { older.Close(); newer.Close() })
	ledger := newTruth()
	left, right := NewRedis(older, ledger.options()), NewRedis(newer, ledger.options())
	load := func(log *Redis) {
		t.Helper()
		if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
			t.Fatal(err)
		}
	}
	follow(t, newer, oldAddr)
	load(left)
	lead(t, newer, left.genKey(left.Shard(anna)))
	if a := reserveOne(t, left, "a", 1); !a.Admitted {
		t.Fatalf("the old server: %+v", a)
	}
	if a := reserveOne(t, right, "b", 1); !a.Unknown {
		t.Fatalf("the promoted copy believes what it copied: %+v", a)
	}
	load(right)
	if a := reserveOne(t, right, "b", 1); !a.Admitted {
		t.Fatalf("taken up, the promoted copy: %+v", a)
	}
	if a := reserveOne(t, left, "c", 5); !a.Unknown {
		t.Fatalf("the old server goes on: %+v", a)
	}
	before := ledger.epoch(left.Shard(anna))
	load(left)
	if ledger.epoch(left.Shard(anna)) <= before {
		t.Error("the old server was taken up again under the new one's epoch")
	}
}

// follow makes a server the replica of another.
func follow(t *testing.T, copy *redis.Client, addr string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	if err := copy.ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	await(t, "the copy does not follow", func() bool {
		return strings.Contains(copy.Info(t.Context(), "replication").Val(), "master_link_status:up")
	})
}

// lead promotes a replica, once it has a key of its master.
func lead(t *testing.T, copy *redis.Client, key string) {
	t.Helper()
	await(t, "the copy lacks "+key, func() bool { return copy.Exists(t.Context(), key).Val() == 1 })
	if err := copy.ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, otherwise string, until func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !until(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise)
		}
	}
}

// TestFormerReplicaIsStale: nobody acquired the shard on the other server, from
// which this one got its own generations back, with an older log.
func TestFormerReplicaIsStale(t *testing.T) {
	addrs := [2]string{servertest.Redis(t), servertest.Redis(t)}
	first, second := redis.NewClient(&redis.Options{Addr: addrs[0]}), redis.NewClient(&redis.Options{Addr: addrs[1]})
	t.Cleanup(func() { first.Close(); second.Close() })
	ledger := newTruth()
	log := NewRedis(first, ledger.options())
	follow(t, second, addrs[0])
	if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
		t.Fatal(err)
	}
	gen := log.genKey(log.Shard(anna))
	lead(t, second, gen)
	if a := reserveOne(t, log, "a", 1); !a.Admitted {
		t.Fatalf("%+v", a)
	}
	follow(t, first, addrs[1])
	lead(t, first, gen)
	if a := reserveOne(t, log, "b", 1); !a.Unknown {
		t.Fatalf("the server believes what it had back from its copy: %+v", a)
	}
}

// TestOldReplicaReleasesNothing: a message is released while the log is
// unknown, reserved again and sent. Then Redis comes back with an older copy.
func TestOldReplicaReleasesNothing(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(t)})
	defer client.Close()
	ledger := newTruth()
	log := NewRedis(client, ledger.options())
	load := func() {
		t.Helper()
		if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
			t.Fatal(err)
		}
	}
	late := past("late", day) // a word that keeps a copy of the log worth having
	if err := log.Settle(t.Context(), []Settlement{{Customer: anna, ID: id("a"), Release: true}, {Customer: anna, ID: late.ID, At: day, Entry: &late}}); err != nil {
		t.Fatal(err)
	}
	key := log.logKey(log.Shard(anna), anna)
	old := client.Dump(t.Context(), key).Val()
	load()
	if a := reserveOne(t, log, "a", 2); !a.Admitted {
		t.Fatalf("%+v", a)
	}
	if !ledger.intend(log, anna, past("a", day), ledger.epoch(log.Shard(anna))) {
		t.Fatal("the intent was refused")
	}
	client.FlushAll(t.Context())
	if err := client.Restore(t.Context(), key, 0, old).Err(); err != nil {
		t.Fatal(err)
	}
	load()
	if a := reserveOne(t, log, "b", 2); a.Admitted || a.Unknown {
		t.Fatalf("the place of what may have been sent was given away: %+v", a)
	}
}

// TestSplitBrain has the other side acquire the shard after our raise and
// before we write our generations. The ledger's epoch is theirs then.
func TestSplitBrain(t *testing.T) {
	ledger := newTruth()
	right := NewRedis(redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}), ledger.options())
	defer right.client.Close()
	o := ledger.options()
	o.RaiseEpochs = func(ctx context.Context, shards []int) (map[int]int64, error) {
		raised, err := ledger.raise(ctx, shards)
		if err != nil {
			return nil, err
		}
		return raised, right.Rehydrate(ctx, []string{anna}, month, ledger.load)
	}
	left := NewRedis(redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}), o)
	defer left.client.Close()
	if err := left.Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil && touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	if a := reserveOne(t, right, "right", 1); !a.Admitted {
		t.Fatalf("%+v", a)
	}
	if a := reserveOne(t, left, "left", 1); !a.Unknown {
		t.Fatalf("both servers gave the one place: %+v", a)
	}
}

// TestRedirectedClientWritesNothing: the epochs were raised for one server, and
// the client talks to another by then.
func TestRedirectedClientWritesNothing(t *testing.T) {
	first, second := servertest.Redis(t), servertest.Redis(t)
	var target atomic.Pointer[string]
	target.Store(&first)
	client := redis.NewClient(&redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		network := "tcp"
		if strings.HasPrefix(*target.Load(), "/") {
			network = "unix"
		}
		return new(net.Dialer).DialContext(ctx, network, *target.Load())
	}})
	defer client.Close()
	ledger := newTruth()
	o := ledger.options()
	o.RaiseEpochs = func(ctx context.Context, shards []int) (map[int]int64, error) {
		target.Store(&second)
		_ = client.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no").Err()
		return ledger.raise(ctx, shards)
	}
	log := NewRedis(client, o)
	if err := log.Rehydrate(t.Context(), []string{anna}, month, ledger.load); touch.ClassOf(err) != touch.Unavailable {
		t.Fatalf("adopted on a server that nothing was raised for: %v", err)
	}
	if gens, err := log.Generations(t.Context()); err != nil || len(gens) != 0 {
		t.Fatalf("the second server holds %v, %v", gens, err)
	}
	if err := NewRedis(client, ledger.options()).Rehydrate(t.Context(), []string{anna}, month, ledger.load); err != nil {
		t.Errorf("taken up anew: %v", err)
	}
}
