package counter_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger/counter"
	"touchgate.dev/policies"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fakeEvents is a journal in memory that counts what is read of it.
type fakeEvents struct {
	mu     sync.Mutex
	events []touch.Event
	err    error
	calls  int
	read   int // events
}

func (f *fakeEvents) List(_ context.Context, _ string, after int64, limit int) ([]touch.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	from := min(len(f.events), int(after))
	page := f.events[from:min(len(f.events), from+limit)]
	f.read += len(page)
	return page, f.err
}

func (f *fakeEvents) add(kind touch.EventKind, ago time.Duration, outcome string, n int) {
	for range n {
		f.events = append(f.events, touch.Event{Seq: int64(len(f.events)) + 1, Kind: kind, At: noon.Add(-ago), Caller: "acme", Campaign: "nov",
			Channel: touch.AICall, Outcome: outcome})
	}
}

func TestCount(t *testing.T) {
	f := &fakeEvents{}
	f.add(touch.EventSent, time.Hour, "", 6000) // more than a page
	f.add(touch.EventDelivered, time.Hour, "", 40)
	f.add(touch.EventDelivered, 48*time.Hour, "", 7)
	f.add(touch.EventOutcome, time.Hour, "abandoned", 2)
	c := counter.New(f)
	if err := c.Follow(t.Context()); err != nil || f.calls != 0 {
		t.Fatalf("read before it was asked: %v, %d", err, f.calls)
	}
	if _, ok := c.Count("acme", "nov", counter.Attempts, noon.Add(-24*time.Hour)); ok {
		t.Fatal("it knows before it has read")
	}
	if err := c.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	for outcome, want := range map[string]int{counter.Attempts: 6000, counter.Delivered: 40, counter.Connected: 40, "abandoned": 2, "refused": 0} {
		if n, ok := c.Count("acme", "nov", outcome, noon.Add(-24*time.Hour)); !ok || n != want {
			t.Errorf("%s: %d %v, want %d", outcome, n, ok, want)
		}
	}
	if _, ok := c.Count("acme", "nov", counter.Connected, noon.Add(-72*time.Hour)); ok {
		t.Error("it knows of a time that it has not read")
	}
	if err := c.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := c.Count("acme", "nov", counter.Connected, noon.Add(-72*time.Hour)); n != 47 {
		t.Errorf("of three days %d", n)
	}
	if n, _ := c.Count("other", "nov", counter.Connected, time.Time{}); n != 0 {
		t.Errorf("another caller's: %d", n)
	}
	f.add(touch.EventOutcome, 0, "abandoned", 1)
	if err := c.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := c.Count("acme", "nov", "abandoned", noon.Add(-24*time.Hour)); n != 3 {
		t.Errorf("not what is new: %d", n)
	}
}

// TestCountReadsOnlyWanted: of a long journal only the wanted span is read, and
// a few events here and there to find where it begins.
func TestCountReadsOnlyWanted(t *testing.T) {
	f := &fakeEvents{}
	for day := 400; day > 0; day-- {
		f.add(touch.EventSent, time.Duration(day)*24*time.Hour, "", 500)
	}
	c := counter.New(f)
	for _, days := range []int{30, 7, 90, 500} {
		since := noon.Add(-time.Duration(days) * 24 * time.Hour)
		c.Count("acme", "nov", counter.Attempts, since)
		calls, read := f.calls, f.read
		if err := c.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, ok := c.Count("acme", "nov", counter.Attempts, since); !ok || n != min(days, 400)*500 {
			t.Errorf("since %d days: %d %v", days, n, ok)
		}
		calls, read = f.calls-calls, f.read-read
		if read > (days+2)*500+100 || calls > 100 {
			t.Errorf("since %d days: %d events were read in %d calls", days, read, calls)
		}
	}
}

// TestRatioRule: a ratio rule defers calls above its share, but not before there
// are enough of them to tell.
func TestRatioRule(t *testing.T) {
	for name, c := range map[string]struct {
		connected, abandoned int
		want                 touch.Decision
	}{
		"within":         {200, 6, touch.DecisionAllow},
		"above":          {200, 7, touch.DecisionDefer},
		"too few to say": {90, 9, touch.DecisionAllow},
	} {
		f := &fakeEvents{}
		f.add(touch.EventDelivered, time.Hour, "", c.connected)
		f.add(touch.EventOutcome, time.Hour, "abandoned", c.abandoned)
		counts := counter.New(f)
		set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: []byte(
			"policy: p\nrules:\n  - {id: r, ratio: {of: abandoned, over: connected, max: 3%, per: 30 days, at_least: 100}}\n")}}, ruleset.Options{CountOutcomes: counts.Count})
		if err != nil {
			t.Fatal(err)
		}
		guard := policies.NewGuard(nil, nil)
		guard.Use(set)
		q := policies.Question{Now: noon, Customer: &touch.Customer{ID: "c", Zones: []string{"UTC"}}, Touch: &touch.Touch{Caller: "acme",
			Request: touch.Request{Customer: "c", Category: touch.Marketing, Campaign: "nov", Plan: []touch.Leg{{Channel: touch.AICall}}}}}
		for round, want := range []touch.Decision{touch.DecisionDefer, c.want} { // first it is not known
			v, err := guard.Forecast(t.Context(), []policies.Question{q})
			if err != nil || v[0].Decision != want {
				t.Errorf("%s, round %d: %+v %v", name, round, v, err)
			}
			if err := counts.Follow(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestFollowAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeEvents{err: errors.New("down")}
		c := counter.New(f)
		c.Count("acme", "nov", counter.Attempts, noon)
		ctx, cancel := context.WithCancel(t.Context())
		var reports atomic.Int64
		go loop.Every(ctx, time.Second, c.Follow, func(error) { reports.Add(1) })
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if _, ok := c.Count("acme", "nov", counter.Attempts, noon); ok || reports.Load() != 3 {
			t.Errorf("%d reports while the ledger is down, known %v", reports.Load(), ok)
		}
		f.mu.Lock()
		f.err = nil
		f.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if _, ok := c.Count("acme", "nov", counter.Attempts, noon); !ok {
			t.Error("not known again")
		}
		cancel()
		synctest.Wait()
	})
}
