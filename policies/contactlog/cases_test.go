package contactlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touchgate.dev/touch"
)

// TestKit runs every case over every implementation. Servers are started once
// for each; a case begins with an empty, known log of Anna's.
func TestKit(t *testing.T) {
	for name, start := range rigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			for _, c := range cases {
				r.lose()
				t.Run(c.name, func(t *testing.T) { c.run(newUser(t, r)) })
			}
		})
	}
}

var cases = []struct {
	name string
	run  func(u *user)
}{
	{"a place is reserved once for each id", func(u *user) {
		u.admitted(entry("a"), u.within(1, time.Hour))
		if a := u.reserve(entry("a"), u.within(1, time.Hour)); !a.Admitted || !a.Already {
			u.t.Fatalf("%+v", a)
		}
		u.denied(0, entry("b"), u.within(1, time.Hour))
	}},
	{"all questions or none", func(u *user) {
		u.admitted(entry("a"))
		a := u.denied(1, entry("b"), u.within(9, time.Hour), u.within(1, time.Hour), u.within(0, time.Hour))
		if len(a.Entries) != 1 || a.Entries[0].ID != id("a") || !a.Entries[0].Pending {
			u.t.Fatalf("a denial must show the log: %+v", a.Entries)
		}
		u.admitted(entry("b"), u.within(2, time.Hour))
	}},
	{"a pending reservation never ages", func(u *user) {
		u.admitted(entry("a"))
		u.now = u.now.Add(2 * month)
		u.denied(0, entry("b"), u.within(1, time.Second))
		conversations := u.within(1, time.Second)
		conversations.Match.MinKind = Conversation
		u.denied(0, entry("b"), conversations)
	}},
	{"a commit counts from its own time, and the window is closed", func(u *user) {
		u.admitted(entry("a"))
		sent := u.now.Add(300 * time.Millisecond)
		u.settle(Settlement{ID: id("a"), At: sent})
		u.now = sent.Add(time.Hour)
		u.denied(0, entry("b"), u.within(1, time.Hour))
		u.now = u.now.Add(time.Millisecond)
		u.admitted(entry("b"), u.within(1, time.Hour))
	}},
	{"a release of an earlier reservation leaves the later one alone", func(u *user) {
		u.admitted(entry("a"), u.within(1, time.Hour))
		first := u.now
		u.now = u.now.Add(time.Second)
		if a := u.reserve(entry("a"), u.within(1, time.Hour)); !a.Already {
			u.t.Fatalf("%+v", a)
		}
		u.settle(Settlement{ID: id("a"), Release: true, At: first})
		u.denied(0, entry("b"), u.within(1, time.Hour))
		u.settle(Settlement{ID: id("a"), Release: true, At: u.now})
		u.admitted(entry("b"), u.within(1, time.Hour))
	}},
	{"a release frees the place, a commit keeps it", func(u *user) {
		u.admitted(entry("a"), u.within(1, time.Hour))
		u.settle(Settlement{ID: id("a"), Release: true})
		u.holds()
		u.admitted(entry("b"), u.within(1, time.Hour))
		u.settle(Settlement{ID: id("b"), At: u.now}, Settlement{ID: id("b"), Release: true})
		u.denied(0, entry("c"), u.within(1, time.Hour))
	}},
	{"settling twice is settling once; the kind only grows; the later time holds", func(u *user) {
		u.admitted(entry("a"))
		s := Settlement{ID: id("a"), At: u.now.Add(time.Second), Kind: Delivered}
		u.settle(s, s)
		want := past("a", u.now.Add(time.Second))
		want.Kind = Delivered
		u.holds(want)
		u.settle(Settlement{ID: id("a"), At: u.now, Kind: Attempt})
		u.holds(want)
		u.settle(Settlement{ID: id("a"), Kind: Conversation})
		want.Kind = Conversation
		u.holds(want)
		u.settle(Settlement{ID: id("a"), At: u.now.Add(time.Minute)})
		want.At = u.now.Add(time.Minute)
		u.holds(want)
	}},
	{"a late delivered re-creates what was released, others stay missing", func(u *user) {
		e := entry("a")
		e.Campaign, e.Template = Hash("spring"), Hash("hello")
		u.admitted(e)
		u.settle(Settlement{ID: e.ID, Release: true}, Settlement{ID: e.ID, At: u.now, Kind: Delivered})
		u.holds()
		u.settle(Settlement{ID: e.ID, At: u.now, Kind: Delivered, Entry: &e})
		want := e
		want.At, want.Kind = u.now, Delivered
		u.holds(want)
	}},
	{"an entry's own time serves a re-created contact without another", func(u *user) {
		e := past("a", u.now.Add(-time.Hour))
		u.settle(Settlement{ID: e.ID, Entry: &e})
		u.holds(e)
		later := past("a", u.now)
		u.settle(Settlement{ID: e.ID, Kind: Connected, Entry: &later})
		e.Kind = Connected
		u.holds(e)
	}},
	{"the settlement's time wins over a re-created contact's own", func(u *user) {
		e := past("a", u.now)
		u.settle(Settlement{ID: e.ID, At: u.now.Add(-time.Hour), Entry: &e})
		u.holds(past("a", u.now.Add(-time.Hour)))
	}},
	{"a question counts what it selects", counts},
	{"every attribute comes back", func(u *user) {
		e := Entry{ID: id("a"), Channel: touch.RMTask, Category: touch.Collection, Subject: Hash("s"), Address: Hash("+1")}
		f := Entry{ID: touch.DispatchID(touch.NewID("kit", "f"), touch.MaxLegs-1), Channel: touch.Push, Category: touch.Service, Campaign: Hash("c"), Caller: Hash("d"), Template: Hash("e")}
		u.admitted(e)
		u.now = u.now.Add(time.Millisecond)
		u.admitted(f)
		e.Pending, e.At = true, day
		f.Pending, f.At = true, day.Add(time.Millisecond)
		u.holds(e, f)
	}},
	{"an id of another form is one of its own", func(u *user) {
		for _, id := range []string{"", "raw", "RAW", strings.Repeat("long", 40)} {
			e := entry("a")
			e.ID = id
			u.admitted(e)
			if a := u.reserve(e); !a.Already {
				u.t.Fatalf("%q: %+v", id, a)
			}
			u.settle(Settlement{ID: id, Release: true})
			u.holds()
		}
	}},
	{"what no rule looks back to is dropped, and pending ones are not", func(u *user) {
		u.admitted(entry("p"))
		u.admitted(entry("a"))
		u.settle(Settlement{ID: id("a"), At: u.now})
		u.now = u.now.Add(month)
		u.denied(0, entry("b"), u.within(0, time.Hour))
		if n := len(u.read()); n != 2 {
			u.t.Fatalf("%d entries, want 2: exactly as old still counts", n)
		}
		u.now = u.now.Add(time.Millisecond)
		if a := u.denied(0, entry("b"), u.within(0, time.Hour)); len(a.Entries) != 1 {
			u.t.Fatalf("%+v", a.Entries)
		}
		u.holds(Entry{ID: id("p"), Pending: true, At: day, Channel: touch.SMS, Category: touch.Marketing, Caller: Hash("kit")})
	}},
	{"a log loaded for less than a rule looks back is unknown", func(u *user) {
		ask := func(keep time.Duration) Answer {
			as, err := u.Reserve(u.t.Context(), []Reservation{{Customer: anna, Entry: entry("a"), Keep: keep, Questions: []Question{u.within(1, keep)}}}, u.now)
			if err != nil {
				u.t.Fatal(err)
			}
			return as[0]
		}
		if a := ask(2 * month); !a.Unknown {
			u.t.Fatalf("%+v", a)
		}
		old := past("old", u.now.Add(-month-time.Hour))
		err := u.Rehydrate(u.t.Context(), []string{anna}, 2*month, func(context.Context, []string) (map[string][]Entry, error) {
			return map[string][]Entry{anna: {old}}, nil
		})
		if err != nil {
			u.t.Fatal(err)
		}
		if a := ask(2 * month); a.Admitted || a.Unknown {
			u.t.Fatalf("%+v", a)
		}
		if a := ask(month); !a.Admitted {
			u.t.Fatalf("%+v", a)
		}
		shots, err := u.Read(u.t.Context(), []string{anna})
		if err != nil || shots[0].Keep != 2*month {
			u.t.Fatalf("complete for %v, %v", shots[0].Keep, err)
		}
	}},
	{"nobody is known after everything was lost", func(u *user) {
		u.admitted(entry("a"))
		u.lose()
		u.unknown(entry("b"))
		shots, err := u.Read(u.t.Context(), []string{anna, "c-bob"})
		if err != nil || shots[0].Known || shots[1].Known {
			u.t.Fatalf("%+v, %v", shots, err)
		}
		u.load(map[string][]Entry{anna: {past("a", u.now)}})
		u.denied(0, entry("b"), u.within(1, time.Hour))
	}},
	{"settling an unknown log does not make it known, and no commit is forgotten", func(u *user) {
		u.lose()
		e := entry("late")
		u.settle(
			Settlement{ID: id("sent"), At: u.now.Add(time.Second)},
			Settlement{ID: id("sent"), Kind: Delivered},
			Settlement{ID: id("freed"), Release: true},
			Settlement{ID: id("late"), At: u.now, Entry: &e},
			Settlement{ID: id("late"), Release: true},
			Settlement{ID: id("nothing"), At: u.now},
		)
		u.unknown(entry("b"))
		sent, freed := past("sent", u.now), past("freed", u.now)
		sent.Pending, freed.Pending = true, true // as the ledger saw them before it was told
		u.load(map[string][]Entry{anna: {sent, freed}})
		sent = past("sent", u.now.Add(time.Second))
		sent.Kind = Delivered
		u.holds(past("late", u.now), freed, sent) // freed may have been intended again since
	}},
	{"rehydrating a known log adds what was made, and keeps its own word on what is pending", func(u *user) {
		u.admitted(entry("p"))
		u.admitted(entry("sent"))
		gone := past("gone", u.now)
		gone.Pending = true
		strong := past("sent", u.now.Add(time.Second))
		strong.Kind = Delivered
		u.load(map[string][]Entry{anna: {gone, strong, past("more", u.now.Add(-time.Hour))}})
		p := past("p", u.now)
		p.Pending = true
		u.holds(past("more", u.now.Add(-time.Hour)), p, strong)
	}},
	{"a raised epoch makes reservations void, and keeps commits", func(u *user) {
		u.admitted(entry("void"))
		u.admitted(entry("sent"))
		u.admitted(entry("intended"))
		u.settle(Settlement{ID: id("sent"), At: u.now.Add(time.Second)})
		u.raise()
		u.unknown(entry("x"))
		if shots, err := u.Read(u.t.Context(), []string{anna}); err != nil || shots[0].Known {
			u.t.Fatalf("%+v, %v", shots, err)
		}
		sent, intended := past("sent", u.now), past("intended", u.now)
		sent.Pending, intended.Pending = true, true
		u.load(map[string][]Entry{anna: {sent, intended}})
		sent.Pending, sent.At = false, u.now.Add(time.Second)
		u.holds(intended, sent)
	}},
	{"what is settled after the epoch was raised is not lost with the old log", func(u *user) {
		u.admitted(entry("freed"))
		u.raise()
		late := past("late", u.now)
		u.settle(Settlement{ID: id("freed"), Release: true}, Settlement{ID: id("late"), At: u.now, Entry: &late})
		u.load(nil, anna) // the ledger was told before
		u.holds(late)
	}},
	{"a batch keeps its order for each customer", func(u *user) {
		u.load(nil, anna, "c-bob")
		r := func(customer, key string) Reservation {
			return Reservation{Customer: customer, Entry: entry(key), Keep: month, Questions: []Question{u.within(1, time.Hour)}}
		}
		as, err := u.Reserve(u.t.Context(), []Reservation{r(anna, "a"), r("c-bob", "b"), r(anna, "c"), r("c-carl", "d"), r(anna, "a")}, u.now)
		if err != nil {
			u.t.Fatal(err)
		}
		got := fmt.Sprint(as[0].Admitted, as[1].Admitted, as[2].Admitted, as[4].Already)
		if got != "true true false true" {
			u.t.Fatalf("%s: %+v", got, as)
		}
	}},
	{"a batch may be larger than a pipeline", func(u *user) {
		rs := make([]Reservation, 2*pipelineItems+10)
		customers := make([]string, len(rs))
		for i := range rs {
			customers[i] = fmt.Sprint("c-", i)
			rs[i] = Reservation{Customer: customers[i], Entry: entry(customers[i]), Keep: month}
		}
		u.load(nil, customers...)
		as, err := u.Reserve(u.t.Context(), rs, u.now)
		if err != nil {
			u.t.Fatal(err)
		}
		shots, err := u.Read(u.t.Context(), customers)
		if err != nil {
			u.t.Fatal(err)
		}
		for i := range as {
			if !as[i].Admitted || len(shots[i].Entries) != 1 || shots[i].Entries[0].ID != rs[i].Entry.ID {
				u.t.Fatalf("%d: %+v %+v", i, as[i], shots[i])
			}
		}
	}},
	{"what the loader says of errors is passed on", func(u *user) {
		boom := errors.New("no ledger")
		err := u.Rehydrate(u.t.Context(), []string{"c-new"}, month, func(context.Context, []string) (map[string][]Entry, error) { return nil, boom })
		if !errors.Is(err, boom) {
			u.t.Fatal(err)
		}
	}},
	{"many at once take exactly the places that there are", func(u *user) {
		var admitted atomic.Int32
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				as, err := u.Reserve(u.t.Context(), []Reservation{{
					Customer: anna, Entry: entry(fmt.Sprint(i)), Keep: month, Questions: []Question{u.within(7, time.Hour)},
				}}, u.now)
				if err != nil {
					u.t.Error(err)
				} else if as[0].Admitted {
					admitted.Add(1)
				}
			})
		}
		all.Wait()
		if admitted.Load() != 7 {
			u.t.Fatalf("%d admitted, want 7", admitted.Load())
		}
	}},
}

// counts tries each part of a match alone, against an entry that has it and one
// that has not.
func counts(u *user) {
	has := Entry{
		ID: id("has"), At: u.now, Kind: Connected, Channel: touch.AICall, Category: touch.Collection, Subject: Hash("debt 1"),
		Campaign: Hash("autumn"), Address: Hash("+4912"), Caller: Hash("engine"), Template: Hash("t"),
	}
	other := Entry{ID: id("other"), At: u.now, Kind: Delivered, Channel: touch.SMS, Category: touch.Service, Campaign: Hash("winter"), Template: Hash("u")}
	u.settle(Settlement{ID: has.ID, Entry: &has}, Settlement{ID: other.ID, Entry: &other})
	matches := map[string]Match{
		"channel":     {Channels: []touch.Channel{touch.AICall, touch.RMTask}},
		"category":    {Categories: []touch.Category{touch.Marketing, touch.Collection}},
		"kind":        {MinKind: Connected},
		"subject":     {Subject: has.Subject},
		"campaign":    {Campaign: has.Campaign},
		"address":     {Address: has.Address},
		"caller":      {Caller: has.Caller},
		"template":    {Template: has.Template},
		"all at once": {Channels: []touch.Channel{touch.AICall}, Subject: has.Subject, Address: has.Address, Template: has.Template},
	}
	for name, m := range matches {
		q := u.within(1, time.Hour)
		q.Match = m
		u.denied(0, entry(name), q)
		q.Limit = 2
		u.admitted(entry(name), q)
		u.settle(Settlement{ID: id(name), Release: true})
	}
	nobody := u.within(1, time.Hour)
	nobody.Match = Match{Subject: Hash("debt 2")}
	u.admitted(entry("nobody"), nobody)
	u.settle(Settlement{ID: id("nobody"), Release: true})
	both := u.within(2, time.Hour)
	u.denied(0, entry("both"), both)
}
