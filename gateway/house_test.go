package gateway_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// house is a gateway on a true ledger, with a clock and a guard of its own.
type house struct {
	*gateway.Service
	ledger   *ledger.Ledger
	guard    *fakeGuard
	mu       sync.Mutex
	now      time.Time
	enqueued []ledger.SegmentRef
	control  *ledger.Control
}

// fakeGuard allows everything that judge, if set, does not speak of.
type fakeGuard struct {
	judge   func(q policies.Question) touch.Verdict
	err     error
	settled []contactlog.Settlement
	asked   int
}

func (g *fakeGuard) Forecast(_ context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	verdicts := make([]touch.Verdict, len(qs))
	for i, q := range qs {
		g.asked++
		verdicts[i] = touch.Verdict{Decision: touch.DecisionAllow, Channel: q.Touch.Plan[q.Leg].Channel, At: q.Now}
		if g.judge != nil {
			verdicts[i] = g.judge(q)
		}
	}
	return verdicts, g.err
}

func (g *fakeGuard) Settle(_ context.Context, ss []contactlog.Settlement) error {
	g.settled = append(g.settled, ss...)
	return g.err
}

func openLedger(t testing.TB) *ledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{ledger: openLedger(t), guard: &fakeGuard{}, now: noon}
	svc, err := gateway.New(gateway.Options{
		Ledger: h.ledger, Guard: h.guard, Now: h.clock, AppSecret: []byte("0123456789abcdef0123456789abcdef"),
		Control: func() *ledger.Control { return h.control },
		Enqueue: func(_ context.Context, refs []ledger.SegmentRef) error {
			h.enqueued = append(h.enqueued, refs...)
			return nil
		},
		Receipts: func(provider string) (adapter.ReceiptParser, bool) { return nil, false },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = svc
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) sleep(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// sms is a good request on one channel.
func sms(key string) touch.Request {
	return touch.Request{
		Key: key, Customer: "c1", Category: touch.Marketing, Campaign: "nov",
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
		Addresses: map[touch.Channel]string{touch.SMS: "+8613800000000"},
	}
}

func (h *house) submit(t testing.TB, reqs ...touch.Request) []gateway.Answer {
	t.Helper()
	answers, err := h.Submit(t.Context(), "engine", reqs)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func kinds(events []touch.Event) (all []touch.EventKind) {
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

var engine = &gateway.Principal{Caller: "engine", Key: "k1"}
