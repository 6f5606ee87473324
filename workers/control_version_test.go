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

// interruptedWork runs meanwhile between a worker's verdict and its intent.
// With unchecked set the intent succeeds as if the ledger compared nothing.
type interruptedWork struct {
	ledger.Work
	meanwhile func()
	unchecked bool
}

func (o *interruptedWork) Intend(ctx context.Context, ref ledger.SegmentRef, version ledger.ControlVersion, is []ledger.Intent) ([]int, error) {
	if meanwhile := o.meanwhile; meanwhile != nil {
		o.meanwhile = nil
		meanwhile()
	}
	dropped, err := o.Work.Intend(ctx, ref, version, is)
	if o.unchecked && touch.ClassOf(err) == touch.Conflict {
		return nil, nil
	}
	return dropped, err
}

// TestStaleIntent: a worker is suspended between verdict and intent, and the
// world changes. The ledger's comparison stops it. Without the comparison the
// test must see a broken promise.
func TestStaleIntent(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *fixture) // between verdict and intent
		want   int              // messages, with the ledger's comparison
		broken int              // messages without it
	}{
		"another worker took the segment over and sent": {func(h *fixture) {
			h.advance(2 * time.Minute)
			refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
			if err != nil || len(refs) != 1 {
				h.t.Fatal(refs, err)
			}
			if err := h.newDeliverer("w2").Handle(h.ctx, refs[0]); err != nil {
				h.t.Fatal(err)
			}
		}, 1, 2},
		"the shard with its reservation was lost": {func(h *fixture) {
			if _, err := h.ledger.Controls.RaiseShardEpochs(h.ctx, []int{1, 2}, h.now); err != nil {
				h.t.Fatal(err)
			}
			h.guard.decide = func(policies.Question) touch.Verdict {
				return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "cap", Kind: "cap"}
			}
		}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for _, unchecked := range []bool{false, true} {
				h := newFixture(t)
				id := h.submit(1, nil)[0]
				o := h.options("w1")
				o.Ledger = h.ledger.With(func(l *ledger.Ledger) {
					l.Work = &interruptedWork{Work: l.Work, meanwhile: func() { c.change(h) }, unchecked: unchecked}
				})
				for _, ref := range h.feed() {
					_ = workers.NewDeliverer(o).Handle(h.ctx, ref) // losing the segment is no error
				}
				want := c.want
				if unchecked {
					want = c.broken
				}
				if got := h.pool.accepted[touch.DispatchID(id, 0)]; got != want {
					t.Errorf("with unchecked %v the vendor took %d messages, want %d", unchecked, got, want)
				}
			}
		})
	}
}

// TestOutageIsNoCrash: a segment that cannot be finished because a store is
// down is released, and is not suspected of killing workers.
func TestOutageIsNoCrash(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, nil)[0]
	refs := h.feed()
	for range 5 {
		o := h.options("w1")
		o.Ledger = h.ledger.With(func(l *ledger.Ledger) { l.Customers = unavailableCustomers{l.Customers} })
		if err := workers.NewDeliverer(o).Handle(h.ctx, refs[0]); touch.ClassOf(err) != touch.Unavailable {
			t.Fatal(err)
		}
	}
	if err := h.deliverer.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	if v := h.view(id); v.Progress.State != touch.StateSent {
		t.Errorf("state %s (%s)", v.Progress.State, v.Progress.Reason)
	}
}

// unavailableCustomers is a ledger that cannot read customers.
type unavailableCustomers struct{ ledger.Customers }

func (unavailableCustomers) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return nil, errDown
}
