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
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

const onceADay = `
policy: fallback
rules:
  - {id: once, cap: {limit: 1, per: 1d, by: [customer]}, else: refuse}
`

var errRedisDown = errors.New("no Redis")

func redisDown(context.Context) error { return errRedisDown }

// newFallback makes the fallback of one process without Redis. With raiseEpochs
// false it acquires shards without telling the ledger.
func (h *fixture) newFallback(name string, l *ledger.Ledger, raiseEpochs bool, pingRedis func(context.Context) error) *workers.Fallback {
	h.t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "fallback.yaml", Data: []byte(onceADay)}}, ruleset.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	watch := ledger.NewControlWatcher(h.ledger.Controls)
	if err := watch.Refresh(h.ctx); err != nil {
		h.t.Fatal(err)
	}
	shards := contactlog.Options{
		Shards: 2, Epochs: func(shard int) int64 { return watch.Current().Shards[shard] },
		RaiseEpochs: func(ctx context.Context, lost []int) (map[int]int64, error) {
			if !raiseEpochs {
				return nil, nil
			}
			raised, err := h.ledger.Controls.RaiseShardEpochs(ctx, lost, h.clock())
			if err != nil {
				return nil, err
			}
			return raised, watch.Refresh(ctx)
		},
	}
	guard := policies.NewGuard(contactlog.NewMemory(shards), func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
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
	return workers.NewFallback(workers.NewDeliverer(o), guard, pingRedis)
}

func (h *fixture) runFallback(s *workers.Fallback) {
	h.t.Helper()
	for range 4 {
		if err := s.Step(h.ctx); err != nil {
			h.t.Fatal(err)
		}
		h.advance(2 * time.Second)
	}
}

func TestFallbackSendsServiceOnly(t *testing.T) {
	h := newFixture(t)
	categories := []touch.Category{touch.Service, touch.Transactional, touch.Marketing, touch.Collection}
	ids := h.submit(len(categories), func(i int, tc *touch.Touch) { tc.Category, tc.Priority = categories[i], 9 })
	h.runFallback(h.newFallback("one", h.ledger, true, redisDown))
	for i, want := range []touch.State{touch.StateSent, touch.StateSent, touch.StateDue, touch.StateDue} {
		if got := h.view(ids[i]).Progress.State; got != want {
			t.Errorf("%s is %s, want %s", categories[i], got, want)
		}
	}
}

// TestTwoFallbacksKeepCap has a second fallback take over while the first is
// between judging and sending. Without the raised epochs both would send.
func TestTwoFallbacksKeepCap(t *testing.T) {
	for _, raiseEpochs := range []bool{true, false} {
		h := newFixture(t)
		ids := h.submit(2, func(_ int, tc *touch.Touch) { tc.Category, tc.Customer = touch.Transactional, "c" })
		second := func() {
			if err := h.newFallback("two", h.ledger, raiseEpochs, redisDown).Step(h.ctx); err != nil {
				t.Fatal(err)
			}
		}
		slow := h.ledger.With(func(l *ledger.Ledger) { l.Work = &interruptedWork{Work: l.Work, meanwhile: second} })
		h.runFallback(h.newFallback("one", slow, raiseEpochs, redisDown))
		messages := 0
		for _, id := range ids {
			messages += h.pool.accepted[touch.DispatchID(id, 0)]
		}
		if want := map[bool]int{true: 1, false: 2}[raiseEpochs]; messages != want {
			t.Errorf("raiseEpochs %v: %d messages, want %d", raiseEpochs, messages, want)
		}
	}
}

// TestFallbackOfCutOffWorker: a worker that alone lost Redis waits until no
// worker has reached Redis for a while.
func TestFallbackOfCutOffWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(t)
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
				return errRedisDown
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var running sync.WaitGroup
		running.Go(func() { h.newFallback("sees it for ten seconds", h.ledger, true, gone(10*time.Second)).Run(ctx) })
		running.Go(func() { h.newFallback("cut off", h.ledger, true, gone(0)).Run(ctx) })
		time.Sleep(20 * time.Second)
		cancel()
		running.Wait()
		if state := h.view(id).Progress.State; state != touch.StateSent || sent < 12*time.Second {
			t.Errorf("%s after %s, want sent once Redis was gone for all", state, sent)
		}
	})
}
