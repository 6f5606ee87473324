package contactlog

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/redisembed"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// rig is one implementation under test, and the disasters that can happen to
// it.
type rig struct {
	Log
	lose  func() // everything is gone, as after FLUSHALL
	raise func() // the epochs of all shards were raised and adopted
	// complete makes the log complete: nobody but those given was contacted.
	complete func(logs map[string][]Entry, keep time.Duration)
}

// rigs returns the implementations; the kit runs over each.
func rigs() map[string]func(t testing.TB) rig {
	return map[string]func(t testing.TB) rig{
		"model": func(testing.TB) rig {
			m := NewModel()
			return rig{m, m.Lose, m.invalidate, m.markComplete}
		},
		"embedded": func(t testing.TB) rig { return redisRig(t, embedded(t)) },
		"redis": func(t testing.TB) rig {
			return redisRig(t, redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}))
		},
		"cluster": func(t testing.TB) rig {
			return redisRig(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: servertest.RedisCluster(t)}))
		},
	}
}

func embedded(t testing.TB) redis.UniversalClient {
	t.Helper()
	s, err := redisembed.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return redis.NewClient(s.Options())
}

// redisRig makes an empty log whose shards are all acquired.
func redisRig(t testing.TB, client redis.UniversalClient) rig {
	t.Helper()
	t.Cleanup(func() { _ = client.Close() })
	var epoch atomic.Int64
	log := NewRedis(client, Options{Shards: 16, Epochs: func(int) int64 { return epoch.Load() }})
	all := make([]int, 16)
	for i := range all {
		all[i] = i
	}
	return rig{
		Log:  log,
		lose: func() { flush(t, client) },
		raise: func() {
			epoch.Add(1)
			if err := log.Adopt(context.Background(), all); err != nil {
				t.Fatal(err)
			}
		},
		complete: func(logs map[string][]Entry, keep time.Duration) {
			customers := slices.Sorted(maps.Keys(logs))
			pages := func(_ context.Context, after string, _ int) ([]string, error) {
				if after != "" {
					return nil, nil
				}
				return customers, nil
			}
			load := func(context.Context, []string) (map[string][]Entry, error) { return logs, nil }
			if _, err := log.Rebuild(context.Background(), keep, pages, load); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func flush(t testing.TB, client redis.UniversalClient) {
	t.Helper()
	err := client.FlushAll(context.Background()).Err()
	if c, ok := client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(context.Background(), func(ctx context.Context, m *redis.Client) error { return m.FlushAll(ctx).Err() })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// day is the instant at which the cases take place.
var day = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	month = 30 * 24 * time.Hour
	anna  = "c-anna"
)

// user is a rig with short helpers.
type user struct {
	rig
	t   *testing.T
	now time.Time
}

func newUser(t *testing.T, r rig) *user {
	u := &user{rig: r, t: t, now: day}
	u.load(nil)
	return u
}

func (u *user) load(logs map[string][]Entry, customers ...string) {
	u.t.Helper()
	if len(customers) == 0 {
		customers = []string{anna}
	}
	err := u.Rehydrate(u.t.Context(), customers, month, func(context.Context, []string) (map[string][]Entry, error) { return logs, nil })
	if err != nil {
		u.t.Fatal(err)
	}
}

// id returns dispatch ids like those of the product.
func id(key string) string { return touch.DispatchID(touch.NewID("kit", key), 0) }

func entry(key string) Entry {
	return Entry{ID: id(key), Channel: touch.SMS, Category: touch.Marketing, Caller: Hash("kit")}
}

func past(key string, at time.Time) Entry {
	e := entry(key)
	e.At = at
	return e
}

// within is a cap of limit contacts per span, back from now.
func (u *user) within(limit int, span time.Duration) Question {
	return Question{Limit: limit, Since: u.now.Add(-span)}
}

func (u *user) reserve(e Entry, qs ...Question) Answer {
	u.t.Helper()
	as, err := u.Reserve(u.t.Context(), []Reservation{{Customer: anna, Entry: e, Questions: qs, Keep: month}}, u.now)
	if err != nil {
		u.t.Fatal(err)
	}
	return as[0]
}

func (u *user) admitted(e Entry, qs ...Question) {
	u.t.Helper()
	if a := u.reserve(e, qs...); !a.Admitted || a.Already || a.Unknown {
		u.t.Fatalf("%+v, want a new reservation", a)
	}
}

func (u *user) denied(by int, e Entry, qs ...Question) Answer {
	u.t.Helper()
	a := u.reserve(e, qs...)
	if a.Admitted || a.Unknown || a.Denied != by {
		u.t.Fatalf("%+v, want a denial by question %d", a, by)
	}
	return a
}

func (u *user) unknown(e Entry, qs ...Question) {
	u.t.Helper()
	if a := u.reserve(e, qs...); !a.Unknown || a.Admitted {
		u.t.Fatalf("%+v, want unknown", a)
	}
}

func (u *user) settle(ss ...Settlement) {
	u.t.Helper()
	for i := range ss {
		ss[i].Customer = anna
	}
	if err := u.Settle(u.t.Context(), ss); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) read() []Entry {
	u.t.Helper()
	shots, err := u.Read(u.t.Context(), []string{anna})
	if err != nil {
		u.t.Fatal(err)
	}
	if !shots[0].Known {
		u.t.Fatal("the log is unknown")
	}
	return shots[0].Entries
}

// holds checks the content of the log, oldest first.
func (u *user) holds(want ...Entry) {
	u.t.Helper()
	got := u.read()
	if len(got) != len(want) {
		u.t.Fatalf("holds %+v, want %+v", got, want)
	}
	for i := range want {
		if !got[i].At.Equal(want[i].At) {
			u.t.Fatalf("entry %d at %v, want %v", i, got[i].At, want[i].At)
		}
		got[i].At = want[i].At
		if got[i] != want[i] {
			u.t.Fatalf("entry %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

// Adopt sets the generations of shards to their epochs in the ledger, on
// whatever server they are. Class Unavailable if Redis knows a later epoch.
func (r *Redis) Adopt(ctx context.Context, shards []int) error {
	epochs := make(map[int]string, len(shards))
	for _, s := range shards {
		epochs[s] = r.epoch(s)
	}
	_, err := r.writeGenerations(ctx, epochs, nil)
	return err
}

// Generations returns the epoch in the generation of every shard that has one.
func (r *Redis) Generations(ctx context.Context) (map[int]int64, error) {
	held, err := r.readGenerations(ctx, allShards(r.shards))
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
