package contactlog

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// pages returns the customers that the ledger has intents for, one by one.
func (l *truth) pages(_ context.Context, after string, _ int) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, "page")
	for _, c := range slices.Sorted(maps.Keys(l.intents)) {
		if c > after {
			return []string{c}, nil
		}
	}
	return nil, nil
}

func rebuild(t *testing.T, log *Redis, l *truth) int {
	t.Helper()
	n, err := log.Rebuild(t.Context(), month, l.pages, l.load)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func reserveFor(t *testing.T, log Log, customer, key string, keep time.Duration) Answer {
	t.Helper()
	as, err := log.Reserve(t.Context(), []Reservation{{
		Customer: customer, Entry: entry(key), Keep: keep, Questions: []Question{{Limit: 1, Since: day.Add(-time.Hour)}},
	}}, day)
	if err != nil {
		t.Fatal(err)
	}
	return as[0]
}

func TestCompleteShardKnowsAbsence(t *testing.T) {
	for name, client := range map[string]func() redis.UniversalClient{
		"embedded": func() redis.UniversalClient { return embedded(t) },
		"redis":    func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}) },
		"cluster": func() redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: servertest.RedisCluster(t)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := client()
			defer client.Close()
			ledger := newTruth()
			log := NewRedis(client, ledger.options())
			ledger.intents[anna] = []Entry{past("a", day)}
			if n := rebuild(t, log, ledger); n != 4 {
				t.Fatalf("%d shards are complete, want 4", n)
			}
			if first := ledger.told[0]; !strings.HasPrefix(first, "raise") {
				t.Fatalf("lost shards must be raised before anything is read: %v", ledger.told)
			}
			ledger.told = nil
			if n := rebuild(t, log, ledger); n != 0 || len(ledger.told) > 0 {
				t.Fatalf("done again: %d %v", n, ledger.told)
			}
			shots, err := log.Read(t.Context(), []string{anna, "c-new"})
			if err != nil || !shots[0].Known || len(shots[0].Entries) != 1 || !shots[1].Known || len(shots[1].Entries) != 0 || shots[1].Keep != month {
				t.Fatalf("%+v, %v", shots, err)
			}
			if a := reserveFor(t, log, anna, "b", month); a.Admitted || a.Unknown {
				t.Fatalf("%+v", a)
			}
			if a := reserveFor(t, log, "c-new", "b", 2*month); !a.Unknown {
				t.Fatalf("nobody knows that far back: %+v", a)
			}
			if a := reserveFor(t, log, "c-new", "b", month); !a.Admitted {
				t.Fatalf("%+v", a)
			}
			e := past("made", day)
			if err := log.Settle(t.Context(), []Settlement{{Customer: "c-late", ID: e.ID, Entry: &e}, {Customer: "c-none", ID: e.ID, At: day}, {Customer: "c-none", ID: id("x"), Release: true}}); err != nil {
				t.Fatal(err)
			}
			for customer, want := range map[string]bool{"c-new": false, "c-late": false, "c-none": true} {
				if a := reserveFor(t, log, customer, "c", month); a.Unknown || a.Admitted != want {
					t.Errorf("%s: %+v", customer, a)
				}
			}
			if n, err := log.Rebuild(t.Context(), 2*month, ledger.pages, ledger.load); err != nil || n != 4 {
				t.Fatal(n, err)
			}
			if a := reserveFor(t, log, "c-more", "b", 2*month); !a.Admitted {
				t.Fatalf("%+v", a)
			}
			flush(t, client)
			if a := reserveFor(t, log, "c-new2", "b", month); !a.Unknown {
				t.Fatalf("absence is taken for innocence after a loss: %+v", a)
			}
		})
	}
}

// TestContactDuringRebuild makes contacts elsewhere after the ledger was read
// and before the shards are marked.
func TestContactDuringRebuild(t *testing.T) {
	const bob = "c-bob"
	type elsewhere = func(t *testing.T, log *Redis, l *truth)
	load := func(t *testing.T, log *Redis, l *truth) {
		if err := log.Rehydrate(t.Context(), []string{bob}, month, l.load); err != nil {
			t.Fatal(err)
		}
	}
	contact := func(t *testing.T, log *Redis, l *truth) {
		load(t, log, l)
		if a := reserveFor(t, log, bob, "quick", month); !a.Admitted {
			t.Fatalf("%+v", a)
		}
		if !l.intend(log, bob, entry("quick"), l.epoch(log.Shard(bob))) {
			t.Fatal("the intent was refused")
		}
		if err := log.Settle(t.Context(), []Settlement{{Customer: bob, ID: id("quick"), At: day}}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		before, during elsewhere
		complete       int
		known          bool // at once
	}{
		"a whole contact": {nil, contact, 4, true},
		"a late receipt of what was released": {nil, func(t *testing.T, log *Redis, l *truth) {
			e := past("late", day)
			l.intents[bob] = []Entry{e}
			if err := log.Settle(t.Context(), []Settlement{{Customer: bob, ID: e.ID, Entry: &e}}); err != nil {
				t.Fatal(err)
			}
		}, 4, false},
		"a loss": {nil, func(t *testing.T, log *Redis, l *truth) {
			flush(t, log.client)
			contact(t, log, l)
		}, 3, true},
		"a loss that nobody has noticed": {contact, func(t *testing.T, log *Redis, l *truth) { flush(t, log.client) }, 0, false},
		"an epoch raised": {contact, func(t *testing.T, log *Redis, l *truth) {
			if _, err := l.raise(t.Context(), []int{log.Shard(bob)}); err != nil {
				t.Fatal(err)
			}
			if err := log.Adopt(t.Context(), []int{log.Shard(bob)}); err != nil {
				t.Fatal(err)
			}
		}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := embedded(t)
			defer client.Close()
			ledger := newTruth()
			log, other := NewRedis(client, ledger.options()), NewRedis(client, ledger.options())
			if err := log.Rehydrate(t.Context(), []string{anna, "c-other", "c-more", "c-1"}, month, ledger.load); err != nil {
				t.Fatal(err)
			}
			if c.before != nil {
				c.before(t, other, ledger)
			}
			read := false
			n, err := log.Rebuild(t.Context(), month, func(ctx context.Context, after string, limit int) ([]string, error) {
				page, err := ledger.pages(ctx, after, limit)
				if len(page) == 0 && !read {
					read = true
					c.during(t, other, ledger)
				}
				return page, err
			}, ledger.load)
			if err != nil || n > c.complete {
				t.Fatalf("%d shards are complete, want at most %d: %v", n, c.complete, err)
			}
			a := reserveFor(t, log, bob, "second", month)
			if a.Admitted || a.Unknown == c.known {
				t.Fatalf("%+v", a)
			}
			load(t, log, ledger)
			if a := reserveFor(t, log, bob, "second", month); a.Admitted || a.Unknown {
				t.Fatalf("%+v", a)
			}
		})
	}
}

func TestFailedRebuild(t *testing.T) {
	client := embedded(t)
	defer client.Close()
	ledger := newTruth()
	log := NewRedis(client, ledger.options())
	ledger.intents[anna] = []Entry{past("a", day)}
	down := touch.Errorf(touch.Unavailable, "", "no ledger")
	fails := func(context.Context, []string) (map[string][]Entry, error) { return nil, down }
	if _, err := log.Rebuild(t.Context(), month, ledger.pages, fails); !errors.Is(err, down) {
		t.Fatal(err)
	}
	if _, err := log.Rebuild(t.Context(), month, func(context.Context, string, int) ([]string, error) { return nil, down }, ledger.load); !errors.Is(err, down) {
		t.Fatal(err)
	}
	for _, c := range []string{anna, "c-new"} {
		if a := reserveFor(t, log, c, "b", month); !a.Unknown {
			t.Fatalf("%s: %+v", c, a)
		}
	}
}
