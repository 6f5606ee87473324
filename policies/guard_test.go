package policies_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/touch"
)

var (
	at      = policytest.At
	compile = policytest.Compile
	ask     = policytest.Ask
)

func nothing(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
	return nil, nil
}

const weekly = `
policy: house
rules:
  - {id: night, when: category == "marketing", hours: {daily: ["09:00-21:00"]}}
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}}
`

func guard(t testing.TB, document string) (*policies.Guard, *contactlog.Model) {
	log := contactlog.NewModel()
	g := policies.NewGuard(log, nothing)
	g.Use(compile(t, document))
	return g, log
}

func TestReserveInOrder(t *testing.T) {
	g, _ := guard(t, weekly)
	now := at(t, "03-02 10:00")
	var qs []policies.Question
	for i := range 5 {
		qs = append(qs, ask(fmt.Sprint("a", i), "c1", touch.Marketing, touch.SMS, now), ask(fmt.Sprint("b", i), "c2", touch.Service, touch.SMS, now))
	}
	vs, err := g.Reserve(context.Background(), qs)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vs {
		want := touch.DecisionAllow
		if i%2 == 0 && i >= 4 {
			want = touch.DecisionDefer
		}
		if v.Decision != want {
			t.Errorf("question %d: %s by %s, want %s", i, v.Decision, v.Rule, want)
		}
	}
	last := vs[8]
	if last.Rule != "house/weekly" || last.Kind != "cap" || len(last.Findings) != 3 {
		t.Fatalf("verdict %+v", last)
	}
	if f := last.Findings[2]; f.Count != 2 || f.Limit != 2 || !f.Since.Equal(now.Add(-7*24*time.Hour)) {
		t.Errorf("finding %+v", f)
	}
	// A pending contact is taken as made now, so the week ends a millisecond
	// after the same time next week, which is inside the hours.
	if want := now.Add(7*24*time.Hour + time.Millisecond); !last.Until.Equal(want) {
		t.Errorf("until %s, want %s", last.Until, want)
	}
}

func TestReserveTwice(t *testing.T) {
	g, log := guard(t, weekly)
	now := at(t, "03-02 10:00")
	q := ask("k", "c", touch.Marketing, touch.SMS, now)
	for range 3 {
		if vs, err := g.Reserve(context.Background(), []policies.Question{q}); err != nil || vs[0].Decision != touch.DecisionAllow {
			t.Fatal(vs, err)
		}
	}
	shots, _ := log.Read(context.Background(), []string{"c"})
	if len(shots[0].Entries) != 1 {
		t.Errorf("%d entries", len(shots[0].Entries))
	}
}

func TestReserveDeniedAtNight(t *testing.T) {
	g, _ := guard(t, weekly)
	ctx := context.Background()
	for i, when := range []string{"03-02 10:00", "03-02 11:00"} {
		q := ask(fmt.Sprint(i), "c", touch.Marketing, touch.SMS, at(t, when))
		if _, err := g.Reserve(ctx, []policies.Question{q}); err != nil {
			t.Fatal(err)
		}
		if err := g.Settle(ctx, []contactlog.Settlement{{Customer: "c", ID: q.Entry().ID, At: q.Now}}); err != nil {
			t.Fatal(err)
		}
	}
	vs, err := g.Reserve(ctx, []policies.Question{ask("x", "c", touch.Marketing, touch.SMS, at(t, "03-08 22:00"))})
	if err != nil {
		t.Fatal(err)
	}
	v := vs[0]
	if v.Decision != touch.DecisionDefer || v.Rule != "house/night" || len(v.Findings) != 3 || v.Findings[2].Count != 2 {
		t.Fatalf("%+v", v)
	}
	// The night ends at 09:00 on 9 March, the week at 10:00 and a millisecond.
	if want := at(t, "03-09 10:00").Add(time.Millisecond); !v.Until.Equal(want) {
		t.Errorf("until %s, want %s", v.Until, want)
	}
}

func TestReserveLoadsLostLog(t *testing.T) {
	log := contactlog.NewModel()
	now := at(t, "03-02 10:00")
	asked := 0
	g := policies.NewGuard(log, func(_ context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
		asked += len(customers)
		if now.Sub(since) < 7*24*time.Hour {
			t.Errorf("asked since %s only", since)
		}
		e := ask("old", "full", touch.Marketing, touch.SMS, now.Add(-time.Hour)).Entry()
		e2 := e
		e2.ID = touch.DispatchID(touch.NewID("caller", "old2"), 0)
		return map[string][]contactlog.Entry{"full": {e, e2}}, nil
	})
	g.Use(compile(t, weekly))
	log.Lose()
	vs, err := g.Reserve(context.Background(), []policies.Question{
		ask("1", "full", touch.Marketing, touch.SMS, now), ask("2", "fresh", touch.Marketing, touch.SMS, now), ask("3", "full", touch.Service, touch.SMS, now)})
	if err != nil {
		t.Fatal(err)
	}
	if vs[0].Decision != touch.DecisionDefer || vs[1].Decision != touch.DecisionAllow || vs[2].Decision != touch.DecisionAllow || asked != 2 {
		t.Errorf("%s %s %s, asked for %d customers", vs[0].Decision, vs[1].Decision, vs[2].Decision, asked)
	}
}

type deadLog struct{ contactlog.Log }

func (deadLog) Reserve(context.Context, []contactlog.Reservation, time.Time) ([]contactlog.Answer, error) {
	return nil, touch.Errorf(touch.Unavailable, "", "down")
}

func (deadLog) Read(context.Context, []string) ([]contactlog.Snapshot, error) {
	return nil, touch.Errorf(touch.Unavailable, "", "down")
}

func TestReserveWithoutLog(t *testing.T) {
	g := policies.NewGuard(deadLog{contactlog.NewModel()}, nothing)
	q := []policies.Question{ask("1", "c", touch.Marketing, touch.SMS, at(t, "03-02 10:00"))}
	if _, err := g.Reserve(context.Background(), q); touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("without a set: %v", err)
	}
	g.Use(compile(t, weekly))
	if _, err := g.Reserve(context.Background(), q); touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("reserve: %v", err)
	}
	if _, err := g.Forecast(context.Background(), q); touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("forecast: %v", err)
	}
	if v := g.Set().Evaluate(q[0], contactlog.Snapshot{}); v.Decision != touch.DecisionDefer || v.Rule != "house/weekly" {
		t.Errorf("unknown log: %+v", v)
	}
}

func TestForecastHasNoSideEffect(t *testing.T) {
	g, log := guard(t, weekly)
	q := ask("1", "c", touch.Marketing, touch.SMS, at(t, "03-02 10:00"))
	for range 5 {
		vs, err := g.Forecast(context.Background(), []policies.Question{q, q})
		if err != nil || vs[0].Decision != touch.DecisionAllow || vs[1].Decision != touch.DecisionAllow {
			t.Fatal(vs, err)
		}
	}
	shots, _ := log.Read(context.Background(), []string{"c"})
	if len(shots[0].Entries) != 0 {
		t.Errorf("%d entries", len(shots[0].Entries))
	}
}

func TestReserveWithoutCaps(t *testing.T) {
	g, log := guard(t, "policy: house\nrules:\n  - {id: statutory, when: template == 'offer' && category == 'service', uncounted: true}\n")
	now := at(t, "03-02 10:00")
	_, err := g.Reserve(context.Background(), []policies.Question{
		ask("1", "c", touch.Marketing, touch.SMS, now), ask("2", "c", touch.Service, touch.SMS, now)})
	if err != nil {
		t.Fatal(err)
	}
	shots, _ := log.Read(context.Background(), []string{"c"})
	if len(shots[0].Entries) != 1 || shots[0].Entries[0].Category != touch.Marketing {
		t.Errorf("entries %+v: the marketing one alone is counted", shots[0].Entries)
	}
}

func TestShadowCap(t *testing.T) {
	g, _ := guard(t, strings.Replace(weekly, "{id: weekly,", "{id: weekly, shadow: true,", 1))
	now := at(t, "03-02 10:00")
	var last touch.Verdict
	for i := range 4 {
		vs, err := g.Reserve(context.Background(), []policies.Question{ask(fmt.Sprint(i), "c", touch.Marketing, touch.SMS, now)})
		if err != nil {
			t.Fatal(err)
		}
		last = vs[0]
	}
	f := last.Findings[len(last.Findings)-1]
	if last.Decision != touch.DecisionAllow || !f.Shadow || f.Decision != touch.DecisionDefer || f.Count != 3 {
		t.Errorf("%s %+v", last.Decision, f)
	}
}

// A shadowed cap has the log read first; what that already refuses must not
// hold a place.
func TestRefusedHoldsNoReservation(t *testing.T) {
	g, log := guard(t, strings.Replace(weekly, "{limit: 2, per: 7d}}", "{limit: 2, per: 7d}}\n  - {id: trial, shadow: true, cap: {limit: 1, per: 7d}}", 1))
	now := at(t, "03-02 10:00")
	for i := range 4 {
		vs, err := g.Reserve(context.Background(), []policies.Question{ask(fmt.Sprint(i), "c", touch.Marketing, touch.SMS, now)})
		if err != nil || (vs[0].Decision == touch.DecisionAllow) != (i < 2) {
			t.Fatal(i, vs, err)
		}
	}
	shots, _ := log.Read(context.Background(), []string{"c"})
	if len(shots[0].Entries) != 2 {
		t.Errorf("%d entries", len(shots[0].Entries))
	}
}

func TestReserveConcurrently(t *testing.T) {
	g, log := guard(t, weekly)
	now := at(t, "03-02 10:00")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := g.Reserve(context.Background(), []policies.Question{ask(fmt.Sprint(w, "-", i), fmt.Sprint("c", i%7), touch.Marketing, touch.SMS, now)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Use(compile(t, weekly)) // a swap in the midst
	wg.Wait()
	for i := range 7 {
		shots, _ := log.Read(context.Background(), []string{fmt.Sprint("c", i)})
		if n := len(shots[0].Entries); n != 2 {
			t.Errorf("c%d has %d contacts", i, n)
		}
	}
}
