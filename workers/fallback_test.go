package workers_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

const onceADay = `
policy: standby
rules:
  - {id: once, cap: {limit: 1, per: 1d, by: [customer]}, else: refuse}
`

var errGone = errors.New("no Redis")

func noRedis(context.Context) error { return errGone }

// standby is one process without Redis over the house's ledger. With fenced
// false it takes shards up without telling the ledger.
func (h *house) standby(name string, l *ledger.Ledger, fenced bool, answers func(context.Context) error) *workers.Fallback {
	h.t.Helper()
	set, err := policies.Compile([]policies.Source{{Name: "standby.yaml", Data: []byte(onceADay)}}, policies.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	watch := ledger.NewWatcher(h.ledger.Controls, nil)
	if err := watch.Refresh(h.ctx); err != nil {
		h.t.Fatal(err)
	}
	shards := contactlog.Options{
		Shards: 2, Epochs: func(shard int) int64 { return watch.Current().Shards[shard] },
		Raise: func(ctx context.Context, lost []int) (map[int]int64, error) {
			if !fenced {
				return nil, nil
			}
			raised, err := h.ledger.Controls.RaiseShardEpochs(ctx, lost, h.clock())
			if err != nil {
				return nil, err
			}
			return raised, watch.Refresh(ctx)
		},
	}
	guard := policies.NewGuard(contactlog.NewLocal(shards), func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
		past, err := h.ledger.Contacts.Since(ctx, customers, since)
		logs := map[string][]contactlog.Entry{}
		for c, contacts := range past {
			for _, p := range contacts {
				logs[c] = append(logs[c], contactlog.Entry{
					ID: touch.DispatchID(p.Touch, p.Leg), Pending: p.Pending, At: p.At, Channel: p.Channel, Category: p.Category,
				})
			}
		}
		return logs, err
	})
	guard.Use(set)
	o := h.options(name)
	o.Ledger, o.Control = l, watch
	o.Tuning.UrgentSegment = 1
	return workers.NewFallback(workers.NewDeliverer(o), guard, answers)
}

func (h *house) stand(s *workers.Fallback) {
	h.t.Helper()
	for range 4 {
		if err := s.Step(h.ctx); err != nil {
			h.t.Fatal(err)
		}
		h.pass(2 * time.Second)
	}
}

func TestStandbySendsServiceAndLetsMarketingWait(t *testing.T) {
	h := newHouse(t)
	categories := []touch.Category{touch.Service, touch.Transactional, touch.Marketing, touch.Collection}
	ids := h.submit(len(categories), func(i int, tc *touch.Touch) { tc.Category, tc.Priority = categories[i], 9 })
	h.stand(h.standby("one", h.ledger, true, noRedis))
	for i, want := range []touch.State{touch.StateSent, touch.StateSent, touch.StateDue, touch.StateDue} {
		if got := h.view(ids[i]).Progress.State; got != want {
			t.Errorf("%s is %s, want %s", categories[i], got, want)
		}
	}
}

// TestTwoStandbysBreakNoCap has a second one take over while the first stands
// between judging and sending. Without the fence both would send.
func TestTwoStandbysBreakNoCap(t *testing.T) {
	for _, fenced := range []bool{true, false} {
		h := newHouse(t)
		ids := h.submit(2, func(_ int, tc *touch.Touch) { tc.Category, tc.Customer = touch.Transactional, "c" })
		second := func() {
			if err := h.standby("two", h.ledger, fenced, noRedis).Step(h.ctx); err != nil {
				t.Fatal(err)
			}
		}
		slow := h.ledger.With(func(l *ledger.Ledger) { l.Work = &overtaken{Work: l.Work, by: second} })
		h.stand(h.standby("one", slow, fenced, noRedis))
		messages := 0
		for _, id := range ids {
			messages += h.pool.accepted[touch.DispatchID(id, 0)]
		}
		if want := map[bool]int{true: 1, false: 2}[fenced]; messages != want {
			t.Errorf("fenced %v: %d messages, want %d", fenced, messages, want)
		}
	}
}

// TestStandbyLeavesTheWorkToThoseWhoSeeRedis: one that is cut off alone waits
// until nobody has said for a while that Redis answers.
func TestStandbyLeavesTheWorkToThoseWhoSeeRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.now = time.Now()
		id := h.submit(1, func(_ int, tc *touch.Touch) { tc.Category = touch.Transactional })[0]
		began, sent := time.Now(), time.Duration(0)
		h.pool.answer = func(string, adapter.Dispatch) touch.Result {
			sent = time.Since(began)
			return touch.Result{Class: touch.ResultAccepted}
		}
		gone := func(after time.Duration) func(context.Context) error {
			return func(context.Context) error {
				h.mu.Lock()
				h.now = time.Now()
				h.mu.Unlock()
				if time.Since(began) < after {
					return nil
				}
				return errGone
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var running sync.WaitGroup
		running.Go(func() { h.standby("sees it for ten seconds", h.ledger, true, gone(10*time.Second)).Run(ctx) })
		running.Go(func() { h.standby("cut off", h.ledger, true, gone(0)).Run(ctx) })
		time.Sleep(20 * time.Second)
		cancel()
		running.Wait()
		if state := h.view(id).Progress.State; state != touch.StateSent || sent < 12*time.Second {
			t.Errorf("%s after %s, want sent once Redis was gone for all", state, sent)
		}
	})
}
