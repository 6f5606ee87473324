package contactlog

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// TestRandomHistories runs the same random histories, disasters included, on
// the model and both kinds of Redis, and wants equal answers.
func TestRandomHistories(t *testing.T) {
	all := []rig{rigs()["model"](t), redisRig(t, embedded(t))}
	t.Run("redis", func(t *testing.T) {
		all = append(all, redisRig(t, redis.NewClient(&redis.Options{Addr: servertest.Redis(t)})))
		rapid.Check(t, func(rt *rapid.T) { newHistory(rt, all).run() })
	})
	if len(all) == 2 { // no redis-server: the embedded one at least
		rapid.Check(t, func(rt *rapid.T) { newHistory(rt, all).run() })
	}
}

// story is one random history.
type story struct {
	*rapid.T
	all []rig
	now time.Time
}

func newHistory(t *rapid.T, all []rig) *story {
	for _, r := range all {
		r.lose()
	}
	return &story{T: t, all: all, now: day}
}

func (s *story) run() {
	s.Repeat(map[string]func(*rapid.T){
		"reserve":   s.reserve,
		"reserve2":  s.reserve, // the more common ones
		"settle":    s.settle,
		"settle2":   s.settle,
		"rehydrate": s.rehydrate,
		"read":      s.read,
		"wait":      s.wait,
		"disaster":  s.disaster,
		"complete":  s.complete,
	})
}

// same runs an action on every implementation and compares the results.
func (s *story) same(t *rapid.T, what string, do func(r rig) (any, error)) {
	var first any
	for i, r := range s.all {
		got, err := do(r)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if i == 0 {
			first = got
		} else if !reflect.DeepEqual(first, got) {
			t.Fatalf("%s: the model says\n%+v\nRedis (%d) says\n%+v", what, first, i, got)
		}
	}
}

var (
	whos  = rapid.SampledFrom([]string{anna, "c-bob"})
	ids   = rapid.SampledFrom([]string{id("1"), id("2"), id("3"), id("4"), touch.DispatchID(touch.NewID("kit", "1"), 7)})
	keeps = rapid.SampledFrom([]time.Duration{time.Minute, time.Hour})
	kinds = rapid.Custom(func(t *rapid.T) Kind { return Kind(rapid.IntRange(0, int(Conversation)).Draw(t, "kind")) })
	names = rapid.SampledFrom([]uint64{0, 0, Hash("x"), Hash("y")})
)

func channels(t *rapid.T) touch.Channel {
	return rapid.SampledFrom(append(touch.Channels(), "")).Draw(t, "channel")
}

func categories(t *rapid.T) touch.Category {
	return rapid.SampledFrom(append(touch.Categories(), "")).Draw(t, "category")
}

// instant returns a time near now, mostly on the edge of a window.
func (s *story) instant(t *rapid.T) time.Time {
	d := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, time.Minute, time.Minute + time.Millisecond, time.Hour, time.Hour + time.Millisecond}).Draw(t, "ago")
	return s.now.Add(-d)
}

func (s *story) entry(t *rapid.T) Entry {
	return Entry{
		ID: ids.Draw(t, "id"), Pending: rapid.Bool().Draw(t, "pending"), At: s.instant(t), Kind: kinds.Draw(t, "kind"),
		Channel: channels(t), Category: categories(t), Subject: names.Draw(t, "subject"), Campaign: names.Draw(t, "campaign"),
		Address: names.Draw(t, "address"), Caller: names.Draw(t, "caller"), Template: names.Draw(t, "template"),
	}
}

func (s *story) question(t *rapid.T) Question {
	q := Question{Limit: rapid.IntRange(-1, 4).Draw(t, "limit"), Since: s.instant(t)}
	if rapid.Bool().Draw(t, "narrow") {
		q.Match = Match{
			MinKind: kinds.Draw(t, "least"), Subject: names.Draw(t, "subject"), Campaign: names.Draw(t, "campaign"),
			Address: names.Draw(t, "address"), Caller: names.Draw(t, "caller"), Template: names.Draw(t, "template"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "channels") {
			q.Match.Channels = append(q.Match.Channels, channels(t))
		}
		for range rapid.IntRange(0, 3).Draw(t, "categories") {
			q.Match.Categories = append(q.Match.Categories, categories(t))
		}
	}
	if rapid.Bool().Draw(t, "kinds") {
		for range rapid.IntRange(1, 3).Draw(t, "kinds") {
			q.Match.Kinds = append(q.Match.Kinds, ChannelKind{Channel: channels(t), Kind: kinds.Draw(t, "kind")})
		}
	}
	if rapid.Bool().Draw(t, "further") {
		for range rapid.IntRange(1, 3).Draw(t, "alternatives") {
			q.Match.AnyOf = append(q.Match.AnyOf, alternative(t))
		}
	}
	return q
}

func alternative(t *rapid.T) (a Alternative) {
	for range rapid.IntRange(0, 2).Draw(t, "channels") {
		a.Channels = append(a.Channels, channels(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "categories") {
		a.Categories = append(a.Categories, categories(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "terms") {
		term := Term{Field: Field(rapid.IntRange(0, int(FieldTemplate)).Draw(t, "field")), Not: rapid.Bool().Draw(t, "not")}
		for range rapid.IntRange(0, 2).Draw(t, "hashes") {
			term.Hashes = append(term.Hashes, names.Draw(t, "hash"))
		}
		a.Terms = append(a.Terms, term)
	}
	return a
}

func (s *story) reserve(t *rapid.T) {
	rs := make([]Reservation, rapid.IntRange(1, 3).Draw(t, "batch"))
	for i := range rs {
		rs[i] = Reservation{Customer: whos.Draw(t, "who"), Entry: s.entry(t), Keep: keeps.Draw(t, "keep")}
		for range rapid.IntRange(0, 3).Draw(t, "questions") {
			rs[i].Questions = append(rs[i].Questions, s.question(t))
		}
	}
	s.same(t, fmt.Sprintf("reserve %+v", rs), func(r rig) (any, error) { return r.Reserve(context.Background(), rs, s.now) })
	s.read(t)
}

func (s *story) settle(t *rapid.T) {
	ss := make([]Settlement, rapid.IntRange(1, 3).Draw(t, "batch"))
	for i := range ss {
		ss[i] = Settlement{Customer: whos.Draw(t, "who"), ID: ids.Draw(t, "id"), Release: rapid.Bool().Draw(t, "release"), Kind: kinds.Draw(t, "kind")}
		if rapid.Bool().Draw(t, "timed") {
			ss[i].At = s.instant(t)
		}
		if rapid.Bool().Draw(t, "whole") {
			e := s.entry(t)
			ss[i].Entry = &e
		}
	}
	s.same(t, fmt.Sprintf("settle %+v", ss), func(r rig) (any, error) { return nil, r.Settle(context.Background(), ss) })
	s.read(t)
}

func (s *story) rehydrate(t *rapid.T) {
	who, keep := whos.Draw(t, "who"), keeps.Draw(t, "keep")
	es := s.truth(t)
	load := func(context.Context, []string) (map[string][]Entry, error) { return map[string][]Entry{who: es}, nil }
	s.same(t, fmt.Sprintf("rehydrate %s: %+v", who, es), func(r rig) (any, error) {
		return nil, r.Rehydrate(context.Background(), []string{who}, keep, load)
	})
	s.read(t)
}

// complete makes the log complete with all contacts of the ledger.
func (s *story) complete(t *rapid.T) {
	keep, logs := keeps.Draw(t, "keep"), map[string][]Entry{}
	for _, who := range []string{anna, "c-bob"} {
		logs[who] = s.truth(t)
	}
	s.same(t, fmt.Sprintf("complete %v: %+v", keep, logs), func(r rig) (any, error) {
		r.complete(logs, keep)
		return nil, nil
	})
	s.read(t)
}

// truth returns what the ledger may hold of a customer.
func (s *story) truth(t *rapid.T) (es []Entry) {
	seen := map[string]bool{} // the ledger names each dispatch once
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		if e := s.entry(t); !seen[e.ID] {
			seen[e.ID] = true
			es = append(es, e)
		}
	}
	return es
}

func (s *story) read(t *rapid.T) {
	s.same(t, "read", func(r rig) (any, error) { return r.Read(context.Background(), []string{anna, "c-bob"}) })
}

func (s *story) wait(t *rapid.T) {
	s.now = s.now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour}).Draw(t, "wait"))
}

func (s *story) disaster(t *rapid.T) {
	lose := rapid.Bool().Draw(t, "lose")
	for _, r := range s.all {
		if lose {
			r.lose()
		} else {
			r.raise()
		}
	}
}
