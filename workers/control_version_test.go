package workers_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// overtaken lets something happen between a worker's judgement and its intent;
// with lie set, the intent then goes through as if the ledger did not compare.
type overtaken struct {
	ledger.Work
	by  func()
	lie bool
}

func (o *overtaken) Intend(ctx context.Context, ref ledger.SegmentRef, fence int64, is []ledger.Intent) ([]int, error) {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
	dropped, err := o.Work.Intend(ctx, ref, fence, is)
	if o.lie && touch.ClassOf(err) == touch.Conflict {
		return nil, nil
	}
	return dropped, err
}

// TestFences: a worker that stood still between judging and intending finds
// the world changed. The ledger's comparisons stop it; without them the
// promise is broken, and this test sees it.
func TestFences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house) // what happens meanwhile
		want   int            // messages with the comparison
		broken int            // and without it
	}{
		"its segment was taken over and sent": {func(h *house) {
			h.pass(2 * time.Minute)
			refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
			if err != nil || len(refs) != 1 {
				h.t.Fatal(refs, err)
			}
			if err := h.newDeliver("w2").Handle(h.ctx, refs[0]); err != nil {
				h.t.Fatal(err)
			}
		}, 1, 2},
		"the shard that it reserved in was lost, and another has the place": {func(h *house) {
			if _, err := h.ledger.Controls.RaiseShardEpochs(h.ctx, []int{1, 2}, h.now); err != nil {
				h.t.Fatal(err)
			}
			h.guard.say = func(policies.Question) touch.Verdict {
				return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "cap", Kind: "cap"}
			}
		}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for _, lie := range []bool{false, true} {
				h := newHouse(t)
				id := h.submit(1, nil)[0]
				o := h.options("w1")
				o.Ledger = h.ledger.With(func(l *ledger.Ledger) {
					l.Work = &overtaken{Work: l.Work, by: func() { c.change(h) }, lie: lie}
				})
				for _, ref := range h.feed() {
					_ = workers.NewDeliverer(o).Handle(h.ctx, ref) // a lost segment is no error
				}
				want := c.want
				if lie {
					want = c.broken
				}
				if got := h.pool.accepted[touch.DispatchID(id, 0)]; got != want {
					t.Errorf("with lie %v the vendor took %d messages, want %d", lie, got, want)
				}
			}
		})
	}
}

// TestAnOutageIsNoCrash: a segment that a store's silence keeps from being
// finished is given back, and never counts as one that kills its workers.
func TestAnOutageIsNoCrash(t *testing.T) {
	h := newHouse(t)
	id := h.submit(1, nil)[0]
	refs := h.feed()
	for range 5 {
		o := h.options("w1")
		o.Ledger = h.ledger.With(func(l *ledger.Ledger) { l.Customers = silent{l.Customers} })
		if err := workers.NewDeliverer(o).Handle(h.ctx, refs[0]); touch.ClassOf(err) != touch.Unavailable {
			t.Fatal(err)
		}
	}
	if err := h.deliver.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	if v := h.view(id); v.Progress.State != touch.StateSent {
		t.Errorf("state %s (%s)", v.Progress.State, v.Progress.Reason)
	}
}

// silent is a ledger that does not say what is known of customers.
type silent struct{ ledger.Customers }

func (silent) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return nil, errDown
}
