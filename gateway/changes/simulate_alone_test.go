package changes_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// slowTouches lets List wait until open is closed.
type slowTouches struct {
	ledger.Touches
	entered chan struct{}
	open    chan struct{}
}

func (s slowTouches) List(ctx context.Context, f ledger.TouchFilter) ([]ledger.TouchView, int64, error) {
	select {
	case s.entered <- struct{}{}:
	default: // it is known already
	}
	<-s.open
	return s.Touches.List(ctx, f)
}

// TestSimulationOfAnotherNode: the lease is the ledger's, so one simulation runs
// at a time on all nodes. A node that was lost holds the others up for half a
// minute.
func TestSimulationOfAnotherNode(t *testing.T) {
	f := gatewaytest.New(t)
	slow := slowTouches{Touches: f.Ledger.Touches, entered: make(chan struct{}, 1), open: make(chan struct{})}
	first := changes.New(changes.Options{Ledger: f.Ledger.With(func(l *ledger.Ledger) { l.Touches = slow }), Now: f.Now})
	second := changes.New(changes.Options{Ledger: f.Ledger, Now: f.Now})
	documents := map[string]string{"p.yaml": "policy: p\nrules:\n  - {id: week, cap: {limit: 3, per: 7d}}\n"}
	simulate := func(s *changes.Service) error {
		_, err := s.Simulate(t.Context(), documents, 24*time.Hour, nil)
		return err
	}
	ended := make(chan error)
	go func() { ended <- simulate(first) }()
	<-slow.entered
	for range 3 {
		if err := simulate(second); touch.ClassOf(err) != touch.TooMany {
			t.Errorf("beside another node's: %v", err)
		}
		f.Advance(time.Second)
	}
	close(slow.open)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	f.Advance(time.Second)
	if err := simulate(second); err != nil {
		t.Errorf("after it: %v", err)
	}

	now := f.Now()
	if held, err := f.Ledger.Leases.Acquire(t.Context(), "simulation", "a lost node", now, now.Add(30*time.Second)); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := simulate(second); touch.ClassOf(err) != touch.TooMany {
		t.Errorf("while a lost node has the lease: %v", err)
	}
	f.Advance(30 * time.Second)
	if err := simulate(second); err != nil {
		t.Errorf("after its lease: %v", err)
	}
}
