package policies_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// TestRecheckAgainstLedger has the log hold places that
// nobody will settle any more, because a worker died after it told the ledger.
func TestRecheckAgainstLedger(t *testing.T) {
	start := at(t, "03-02 10:00")
	held := []policies.Question{ask("1", "c", touch.Marketing, touch.SMS, start), ask("2", "c", touch.Marketing, touch.SMS, start)}
	made := func(i int, at time.Time, pending bool) contactlog.Entry {
		e := held[i].Entry()
		e.At, e.Pending, e.Kind = at, pending, contactlog.Delivered
		return e
	}
	for name, c := range map[string]struct {
		ledger []contactlog.Entry // what it knows
		after  time.Duration
		want   touch.Decision
		until  time.Time // of a denial
		holds  int       // entries of the log in the end
		asked  int       // how often the ledger was, by two questions
	}{
		"neither is known":             {nil, 6 * time.Minute, touch.DecisionAllow, time.Time{}, 1, 1},
		"but not before their time":    {nil, 5 * time.Minute, touch.DecisionDefer, start.Add(5*time.Minute + 7*24*time.Hour + time.Millisecond), 2, 0},
		"both are pending there too":   {[]contactlog.Entry{made(0, start, true), made(1, start, true)}, time.Hour, touch.DecisionDefer, start.Add(time.Hour + 7*24*time.Hour + time.Millisecond), 2, 2},
		"both were made":               {[]contactlog.Entry{made(0, start, false), made(1, start.Add(time.Minute), false)}, time.Hour, touch.DecisionDefer, start.Add(7*24*time.Hour + time.Millisecond), 2, 1},
		"one was made and sent again":  {[]contactlog.Entry{made(0, start, false), made(0, start, true), made(1, start, false)}, time.Hour, touch.DecisionDefer, time.Time{}, 2, 2},
		"one was made, and long ago":   {[]contactlog.Entry{made(0, start, false)}, 8 * 24 * time.Hour, touch.DecisionAllow, time.Time{}, 2, 1},
		"one is known and one is lost": {[]contactlog.Entry{made(1, start, false)}, time.Hour, touch.DecisionAllow, time.Time{}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			log, asked := contactlog.NewModel(), 0
			g := policies.NewGuard(log, func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
				asked++
				return map[string][]contactlog.Entry{"c": c.ledger}, nil
			})
			g.Use(compile(t, weekly))
			if _, err := g.Reserve(t.Context(), held); err != nil {
				t.Fatal(err)
			}
			q := ask("3", "c", touch.Marketing, touch.SMS, start.Add(c.after))
			// A forecast may ask about an instant to come, at which every place
			// would seem old: it must not touch those that are held now.
			ahead := ask("4", "c", touch.Marketing, touch.SMS, start.Add(24*time.Hour))
			if forecast, err := g.Forecast(t.Context(), []policies.Question{ahead}); err != nil || forecast[0].Decision != touch.DecisionDefer {
				t.Fatalf("forecast %+v, %v", forecast, err)
			}
			var v touch.Verdict
			for range 2 { // a place is given once
				vs, err := g.Reserve(t.Context(), []policies.Question{q})
				if err != nil {
					t.Fatal(err)
				}
				v = vs[0]
			}
			if v.Decision != c.want || (!c.until.IsZero() && !v.Until.Equal(c.until)) {
				t.Errorf("%s until %s", v.Decision, v.Until)
			}
			shots, err := log.Read(t.Context(), []string{"c"})
			if err != nil || len(shots[0].Entries) != c.holds {
				t.Errorf("%d entries, want %d: %v", len(shots[0].Entries), c.holds, err)
			}
			if asked != c.asked {
				t.Errorf("the ledger was asked %d times, want %d", asked, c.asked)
			}
		})
	}
}

// TestReserveRechecksStale: no forecast need come before.
func TestReserveRechecksStale(t *testing.T) {
	start := at(t, "03-02 10:00")
	g, log := guard(t, weekly)
	var held []policies.Question
	for _, key := range []string{"1", "2"} {
		held = append(held, ask(key, "c", touch.Marketing, touch.SMS, start), ask(key+"d", "d", touch.Marketing, touch.SMS, start))
	}
	if _, err := g.Reserve(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	later := start.Add(time.Hour)
	vs, err := g.Reserve(t.Context(), []policies.Question{
		ask("3", "c", touch.Marketing, touch.SMS, later), ask("3d", "d", touch.Marketing, touch.SMS, later),
		ask("4", "c", touch.Marketing, touch.SMS, later), ask("5", "c", touch.Marketing, touch.SMS, later),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []touch.Decision{touch.DecisionAllow, touch.DecisionAllow, touch.DecisionAllow, touch.DecisionDefer} {
		if vs[i].Decision != want {
			t.Errorf("question %d: %s, want %s", i, vs[i].Decision, want)
		}
	}
	shots, err := log.Read(t.Context(), []string{"c"})
	if err != nil || len(shots[0].Entries) != 2 {
		t.Fatalf("%+v, %v", shots, err)
	}
}
