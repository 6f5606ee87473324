package policies_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

const rankedWeek = "policy: house\nrules:\n  - {id: week, when: category == 'marketing', cap: {limit: 2, per: 7d, start: ranked}}\n"

// lowly asks for a touch of priority 1 with touches ahead of it.
func lowly(t testing.TB, ahead ...policies.Ahead) policies.Question {
	q := ask("low", "c", touch.Marketing, touch.SMS, at(t, "03-02 10:00"))
	q.Touch.Priority, q.Touch.AcceptedAt, q.Ahead = 1, q.Now, ahead
	return q
}

func waits(key string, category touch.Category, due time.Time) policies.Ahead {
	q := ask(key, "c", category, touch.SMS, due)
	q.Touch.Priority = 7
	return policies.Ahead{Touch: q.Touch, Due: due}
}

func reserveOne(t testing.TB, g *policies.Guard, q policies.Question) touch.Verdict {
	t.Helper()
	vs, err := g.Reserve(context.Background(), []policies.Question{q})
	if err != nil {
		t.Fatal(err)
	}
	return vs[0]
}

func TestRankedKeepsPlace(t *testing.T) {
	now := at(t, "03-02 10:00")
	soon, hour, far := now, now.Add(time.Hour), now.Add(8*24*time.Hour)
	expired := waits("expired", touch.Marketing, hour)
	end := now.Add(time.Minute)
	expired.Touch.ExpiresAt = &end
	for name, c := range map[string]struct {
		made   int // contacts an hour ago
		aged   int // contacts that leave the week before the hour is over
		ahead  []policies.Ahead
		stands bool
	}{
		"room for both":                      {ahead: []policies.Ahead{waits("a", touch.Marketing, soon)}},
		"the last place":                     {made: 1, ahead: []policies.Ahead{waits("a", touch.Marketing, soon)}, stands: true},
		"the last place, later":              {made: 1, ahead: []policies.Ahead{waits("a", touch.Marketing, hour)}, stands: true},
		"two wait for two":                   {ahead: []policies.Ahead{waits("a", touch.Marketing, soon), waits("b", touch.Marketing, hour)}, stands: true},
		"a place is free by its time":        {aged: 1, ahead: []policies.Ahead{waits("a", touch.Marketing, hour)}},
		"it is due when the week has passed": {made: 1, ahead: []policies.Ahead{waits("a", touch.Marketing, far)}},
		"another cap's":                      {made: 1, ahead: []policies.Ahead{waits("a", touch.Service, soon)}},
		"it expires before it is due":        {made: 1, ahead: []policies.Ahead{expired}},
	} {
		t.Run(name, func(t *testing.T) {
			g, log := guard(t, rankedWeek)
			q := lowly(t, c.ahead...)
			for i := range c.made + c.aged {
				e := ask(fmt.Sprint(i), "c", touch.Marketing, touch.Push, now).Entry()
				e.At = now.Add(-time.Hour)
				if i >= c.made {
					e.At = now.Add(-7*24*time.Hour + 30*time.Minute)
				}
				if err := log.Settle(context.Background(), []contactlog.Settlement{{Customer: "c", ID: e.ID, At: e.At, Entry: &e}}); err != nil {
					t.Fatal(err)
				}
			}
			forecast, err := g.Forecast(context.Background(), []policies.Question{q})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []touch.Verdict{forecast[0], reserveOne(t, g, q)} {
				if stands := v.Decision == touch.DecisionDefer; stands != c.stands {
					t.Fatalf("%+v", v)
				}
				if !c.stands {
					continue
				}
				if v.Rule != "house/week" || v.Kind != ruleset.KindRank || !v.Until.After(now) || v.Until.After(now.Add(15*time.Minute)) {
					t.Errorf("%+v", v)
				}
				if text := policies.Explain(v, policytest.Zone(t, policytest.Shanghai)); !strings.Contains(text, "the place is kept for a touch of priority 7 that waits, due 2026-03-02T0") {
					t.Error(text)
				}
			}
			q.Touch.Priority, q.Ahead = 9, nil
			if v := reserveOne(t, g, q); v.Decision != touch.DecisionAllow {
				t.Errorf("with none ahead of it: %+v", v)
			}
		})
	}
}

// Before many, the cap stands closed; and a touch is not ended because it
// stands back while its own time runs out.
func TestRankedWithManyAhead(t *testing.T) {
	g, _ := guard(t, strings.Replace(rankedWeek, "limit: 2", "limit: 99", 1))
	q := lowly(t)
	for i := range ruleset.MaxAhead {
		q.Ahead = append(q.Ahead, waits(fmt.Sprint(i), touch.Marketing, q.Now))
	}
	end := q.Now.Add(20 * time.Second)
	q.Touch.ExpiresAt = &end
	more := q
	more.Ahead = append(slices.Clone(q.Ahead), waits("more", touch.Marketing, q.Now))
	if v := reserveOne(t, g, more); v.Decision != touch.DecisionDefer || !v.Until.Before(end) || !strings.Contains(v.Findings[len(v.Findings)-1].Reason, "more than 16") {
		t.Errorf("%+v", v)
	}
	if v := reserveOne(t, g, q); v.Decision != touch.DecisionAllow {
		t.Errorf("%+v", v)
	}
}

// One ahead that holds its place already needs no second one, whatever the
// ledger still says; and what it knows not of is answered by the log alone.
func TestRankedWithReservationsAhead(t *testing.T) {
	g, _ := guard(t, rankedWeek)
	q := lowly(t, waits("a", touch.Marketing, at(t, "03-02 10:00")))
	high := policies.Question{Touch: q.Ahead[0].Touch, Customer: q.Customer, Address: q.Address, Now: q.Now}
	vs, err := g.Reserve(context.Background(), []policies.Question{high, q})
	if err != nil || vs[0].Decision != touch.DecisionAllow || vs[1].Decision != touch.DecisionAllow {
		t.Fatalf("%v %+v", err, vs)
	}
	if !g.Ranks(q.Touch, 0) {
		t.Error("the set is not said to rank")
	}
	service := ask("s", "c", touch.Service, touch.SMS, q.Now)
	if g.Ranks(service.Touch, 0) {
		t.Error("the set is said to rank what no ranked cap binds")
	}
}

// arrival is one touch of the property's world.
type arrival struct {
	*touch.Touch
	due           time.Time
	before        time.Time // due, when the batch began
	started, over bool
}

// world is one customer with touches that arrive, wait, start and expire.
type world struct {
	limit int
	per   time.Duration
	all   []*arrival
	made  []time.Time
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// starts gives who of the waiting ones would start, each at its own time, on
// top of what was made: the measure that the rule is held against.
func (w *world) starts(made []time.Time, waiting []*arrival, now time.Time) map[touch.ID]bool {
	made, waiting = slices.Clone(made), slices.Clone(waiting)
	at := func(a *arrival) time.Time {
		return latest(a.before, now)
	}
	slices.SortStableFunc(waiting, func(a, b *arrival) int { return at(a).Compare(at(b)) })
	started := map[touch.ID]bool{}
	for _, a := range waiting {
		n := 0
		for _, m := range made {
			if !m.Before(at(a).Add(-w.per)) {
				n++
			}
		}
		if n < w.limit && at(a).Before(*a.ExpiresAt) {
			made, started[a.ID] = append(made, at(a)), true
		}
	}
	return started
}

// TestRankedProperty: whatever arrives when and is judged in whichever order, a
// touch of higher priority that waits never loses its place to a lower one that
// starts meanwhile, the cap holds, and every touch ends.
func TestRankedProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		minutes := func(from, to int, label string) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * time.Minute
		}
		w := &world{limit: rapid.IntRange(1, 3).Draw(t, "limit"), per: minutes(20, 240, "per")}
		for i := range rapid.IntRange(2, 9).Draw(t, "touches") {
			key := fmt.Sprint("k", i)
			arrives := begin.Add(minutes(0, 120, "arrives"))
			due := arrives.Add(minutes(0, 90, "delay"))
			end := due.Add(minutes(1, 300, "left"))
			w.all = append(w.all, &arrival{due: due, Touch: &touch.Touch{ID: touch.NewID("c", key), Caller: "c", AcceptedAt: arrives, Request: touch.Request{
				Key: key, Customer: "c", Category: touch.Marketing, Priority: rapid.IntRange(0, 3).Draw(t, "priority"), ExpiresAt: &end,
				Plan: []touch.Leg{{Channel: touch.SMS}}}}})
		}
		set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: fmt.Appendf(nil,
			"policy: p\nrules:\n  - {id: cap, cap: {limit: %d, per: %dm, start: ranked}}\n", w.limit, int(w.per.Minutes()))}}, ruleset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g := policies.NewGuard(contactlog.NewModel(), nothing)
		g.Use(set)
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		for now := begin; now.Before(begin.Add(9 * time.Hour)); now = now.Add(time.Minute) {
			w.step(t, g, now, dice)
		}
		for i, a := range w.all {
			if !a.over {
				t.Fatalf("touch %d of priority %d never ended", i, a.Priority)
			}
		}
		for i := w.limit; i < len(w.made); i++ {
			if w.made[i].Sub(w.made[i-w.limit]) <= w.per {
				t.Fatalf("%d contacts within %v", w.limit+1, w.made[i].Sub(w.made[i-w.limit]))
			}
		}
	})
}

// step judges what is due, in one batch in any order, and holds what started
// against what still waits.
func (w *world) step(t *rapid.T, g *policies.Guard, now time.Time, dice *rand.Rand) {
	var due, live []*arrival
	for _, a := range w.all {
		a.over = a.over || a.Expired(now)
		if a.over || a.AcceptedAt.After(now) {
			continue
		}
		a.before = a.due
		live = append(live, a)
		if !a.due.After(now) {
			due = append(due, a)
		}
	}
	dice.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	var qs []policies.Question
	for _, a := range due {
		q := policies.Question{Touch: a.Touch, Now: now}
		for _, b := range live {
			if b.Priority > a.Priority {
				q.Ahead = append(q.Ahead, policies.Ahead{Touch: b.Touch, Due: b.due})
			}
		}
		qs = append(qs, q)
	}
	verdicts, err := g.Reserve(context.Background(), qs)
	if err != nil {
		t.Fatal(err)
	}
	var started []*arrival
	for i, a := range due {
		if v := verdicts[i]; v.Decision == touch.DecisionAllow {
			id := qs[i].Entry().ID
			if err := g.Settle(context.Background(), []contactlog.Settlement{{Customer: "c", ID: id, At: now}}); err != nil {
				t.Fatal(err)
			}
			a.started, a.over = true, true
			started, w.made = append(started, a), append(w.made, now)
		} else {
			a.due = v.Until
		}
	}
	for _, a := range started {
		var higher []*arrival
		for _, b := range live {
			if b.Priority > a.Priority && !b.started {
				higher = append(higher, b)
			}
		}
		with, without := w.starts(w.made, higher, now), w.starts(w.made[:len(w.made)-1], higher, now)
		for _, b := range higher {
			if without[b.ID] && !with[b.ID] {
				t.Fatalf("at %v a touch of priority %d started, and one of %d that is due at %v has lost its place", now, a.Priority, b.Priority, b.before)
			}
		}
	}
}
