package workers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// fixture is what workers need: a real ledger, a scripted guard and a scripted
// pool, a clock that the test moves, and a queue in memory.
type fixture struct {
	t         testing.TB
	ctx       context.Context
	ledger    *ledger.Ledger
	watch     *ledger.ControlWatcher
	guard     *scriptedGuard
	pool      *scriptedPool
	tuning    workers.Tuning
	mu        sync.Mutex
	now       time.Time
	queue     []ledger.SegmentRef
	deliverer *workers.Deliverer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	h := &fixture{t: t, ctx: context.Background(), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	l, err := sqlite.Open(h.ctx, filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	h.ledger = l
	h.watch = ledger.NewControlWatcher(l.Controls)
	if err := h.watch.Refresh(h.ctx); err != nil {
		t.Fatal(err)
	}
	h.guard = &scriptedGuard{log: map[string]string{}}
	h.pool = &scriptedPool{h: h, accepted: map[string]int{}, caps: map[string]adapter.Capabilities{}}
	h.tuning = workers.Tuning{MaxAttempts: 3, ResolveTries: 3}
	h.deliverer = h.newDeliverer("w1")
	return h
}

func (h *fixture) options(name string) workers.Options {
	return workers.Options{
		Ledger: h.ledger, Guard: h.guard, Pool: h.pool, Control: h.watch, Enqueue: h.enqueue, Name: name, Now: h.clock,
		Rand: rand.New(rand.NewPCG(1, 2)), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Tuning: h.tuning,
	}
}

func (h *fixture) newDeliverer(name string) *workers.Deliverer {
	return workers.NewDeliverer(h.options(name))
}

func (h *fixture) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *fixture) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *fixture) enqueue(_ context.Context, refs []ledger.SegmentRef) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue = append(h.queue, refs...)
	return nil
}

// submit accepts touches, due now or after the given times; edit changes the
// i-th one before.
func (h *fixture) submit(n int, edit func(i int, t *touch.Touch), after ...time.Duration) []touch.ID {
	h.t.Helper()
	var all []ledger.NewTouch
	var ids []touch.ID
	for i := range n {
		key := fmt.Sprintf("k%d", i)
		t := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: h.clock(), Request: touch.Request{
			Key: key, Customer: fmt.Sprintf("c%d", i), Category: touch.Marketing, Campaign: "spring",
			Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
			Addresses: map[touch.Channel]string{touch.SMS: "+100" + key, touch.Push: "device-" + key},
		}}
		if edit != nil {
			edit(i, &t)
		}
		due := h.clock()
		if i < len(after) {
			due = due.Add(after[i])
		}
		all = append(all, ledger.NewTouch{
			Touch: t, Digest: t.Digest(), State: touch.StateDue, Due: due, Lane: touch.Lane(t.Plan[0].Channel, t.Urgent()),
			Events: []touch.Event{{Kind: touch.EventAccepted, At: h.clock(), Touch: t.ID, Caller: t.Caller, State: touch.StateDue}},
		})
		ids = append(ids, t.ID)
	}
	if _, _, err := h.ledger.Intake.Accept(h.ctx, all); err != nil {
		h.t.Fatal(err)
	}
	return ids
}

// feed fills every lane and returns the queued segments.
func (h *fixture) feed() []ledger.SegmentRef {
	h.t.Helper()
	f := workers.NewFeeder(h.options("feeder"))
	for _, lane := range workers.Lanes() {
		if _, err := f.Fill(h.ctx, lane); err != nil {
			h.t.Fatal(err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	refs := h.queue
	h.queue = nil
	return refs
}

// step feeds and delivers everything that is due now.
func (h *fixture) step() {
	h.t.Helper()
	for _, ref := range h.feed() {
		if err := h.deliverer.Handle(h.ctx, ref); err != nil {
			h.t.Fatal(err)
		}
	}
}

// letGo does what the reconciler does every second.
func (h *fixture) letGo() {
	h.t.Helper()
	if err := workers.NewReconciler(h.options("reconciler")).Step(h.ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *fixture) view(id touch.ID) *ledger.TouchView {
	h.t.Helper()
	v, err := h.ledger.Touches.Get(h.ctx, "", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *fixture) expect(id touch.ID, state touch.State, kinds ...touch.EventKind) *ledger.TouchView {
	h.t.Helper()
	v := h.view(id)
	if v.Progress.State != state {
		h.t.Errorf("state %s (%s), want %s", v.Progress.State, v.Progress.Reason, state)
	}
	var got []touch.EventKind
	for _, e := range v.Events {
		got = append(got, e.Kind)
	}
	if want := append([]touch.EventKind{touch.EventAccepted}, kinds...); fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Errorf("history %v, want %v", got, want)
	}
	return v
}

// scriptedGuard allows everything unless decide is set, and keeps the state of
// each reservation by dispatch id.
type scriptedGuard struct {
	mu     sync.Mutex
	decide func(q policies.Question) touch.Verdict
	down   bool
	log    map[string]string // reserved, committed or released
}

func (g *scriptedGuard) Reserve(_ context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		return nil, touch.Errorf(touch.Unavailable, "", "the contact log does not answer")
	}
	verdicts := make([]touch.Verdict, len(qs))
	for i, q := range qs {
		verdicts[i] = touch.Verdict{Decision: touch.DecisionAllow}
		if g.decide != nil {
			verdicts[i] = g.decide(q)
		}
		if id := touch.DispatchID(q.Touch.ID, q.Leg); verdicts[i].Decision == touch.DecisionAllow && g.log[id] != "committed" {
			g.log[id] = "reserved"
		}
	}
	return verdicts, nil
}

func (g *scriptedGuard) Settle(_ context.Context, ss []contactlog.Settlement) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range ss {
		switch {
		case !s.Release:
			g.log[s.ID] = "committed"
		case g.log[s.ID] == "reserved":
			g.log[s.ID] = "released"
		}
	}
	return nil
}

func (g *scriptedGuard) Ranks(*touch.Touch, int) bool { return false }

// scriptedPool returns the result of answer, and counts the accepted messages.
type scriptedPool struct {
	h        *fixture
	mu       sync.Mutex
	names    []string
	caps     map[string]adapter.Capabilities
	before   func(d adapter.Dispatch) // is called before the call to the vendor
	answer   func(provider string, d adapter.Dispatch) touch.Result
	query    func(provider string, d adapter.Dispatch) (touch.Result, bool)
	accepted map[string]int // by dispatch id
	resent   int
}

func (p *scriptedPool) Choose(c touch.Channel, _ adapter.Dispatch, exclude []string) (string, bool, touch.Result) {
	names := p.names
	if names == nil {
		names = []string{string(c) + "-vendor"}
	}
	for _, n := range names {
		taken := false
		for _, x := range exclude {
			taken = taken || x == n
		}
		if !taken {
			return n, true, touch.Result{}
		}
	}
	return "", false, touch.Result{Class: touch.ResultRetryable, Reason: touch.ReasonNoProvider, NoAttempt: true}
}

func (p *scriptedPool) SendEach(ctx context.Context, provider string, ds []adapter.Dispatch, may channels.Clearance, done func(int, touch.Result)) {
	for i, d := range ds {
		if p.before != nil {
			p.before(d)
		}
		if refusal, ok := may.Confirm(ctx, i, i+1); !ok {
			done(i, refusal)
			continue
		}
		r := touch.Result{Class: touch.ResultAccepted}
		if p.answer != nil {
			r = p.answer(provider, d)
		}
		p.mu.Lock()
		if r.Class == touch.ResultAccepted {
			p.accepted[d.ID]++
		}
		if d.Resend {
			p.resent++
		}
		p.mu.Unlock()
		done(i, r)
	}
}

func (p *scriptedPool) Query(_ context.Context, provider string, d adapter.Dispatch) (touch.Result, bool) {
	if p.query == nil {
		return touch.Result{}, false
	}
	return p.query(provider, d)
}

func (p *scriptedPool) Capabilities(provider string) (adapter.Capabilities, bool) {
	c, ok := p.caps[provider]
	if !ok {
		c = adapter.Capabilities{EchoesID: true}
	}
	return c, true
}

func (p *scriptedPool) AllowRetry(string) bool { return true }

func (p *scriptedPool) Rate(touch.Channel, []string) float64 { return 0 }
