package workers

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// idleWork and idleGuard return at once; the guard counts its calls.
type idleWork struct{ ledger.Work }

func (idleWork) Feed(context.Context, string, time.Time, int) (ref ledger.SegmentRef, n int, ok bool, err error) {
	return ref, 0, false, nil
}

func (idleWork) Claim(context.Context, ledger.SegmentRef, string, time.Time, time.Time) (*ledger.Segment, error) {
	return nil, nil
}

func (idleWork) Intend(context.Context, ledger.SegmentRef, ledger.ControlVersion, []ledger.Intent) ([]int, error) {
	return nil, nil
}

func (idleWork) Apply(context.Context, ledger.SegmentRef, []ledger.Transition) error { return nil }

type idleGuard struct {
	Guard
	calls int
}

func (g *idleGuard) Reserve(_ context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	g.calls++
	return make([]touch.Verdict, len(qs)), nil
}

func (g *idleGuard) Settle(context.Context, []contactlog.Settlement) error {
	g.calls++
	return nil
}

// questions makes n questions about touches of a category.
func questions(n int, c touch.Category) []policies.Question {
	qs := make([]policies.Question, n)
	for i := range qs {
		qs[i].Touch = &touch.Touch{Request: touch.Request{Category: c}}
	}
	return qs
}

// TestBulkStepsWaitForUrgent: each step of bulk waits, and urgent steps never
// do.
func TestBulkStepsWaitForUrgent(t *testing.T) {
	bulk, urgent := ledger.SegmentRef{Lane: touch.Lane(touch.SMS, false)}, ledger.SegmentRef{Lane: touch.Lane(touch.SMS, true)}
	synctest.Test(t, func(t *testing.T) {
		gate, ctx := new(priority.Gate), t.Context()
		s := newServices(Options{Ledger: &ledger.Ledger{Work: idleWork{}}, Guard: &idleGuard{}, PriorityGate: gate, Logger: slog.New(slog.DiscardHandler)})
		onLane := func(ref ledger.SegmentRef) map[string]func() {
			return map[string]func(){
				"feed":   func() { _, _, _, _ = s.work.Feed(ctx, ref.Lane, time.Time{}, 1) },
				"claim":  func() { _, _ = s.work.Claim(ctx, ref, "w", time.Time{}, time.Time{}) },
				"intend": func() { _, _ = s.work.Intend(ctx, ref, ledger.ControlVersion{}, nil) },
				"settle": func() { _ = s.work.Apply(ctx, ref, nil) },
			}
		}
		waits := func(what string, step func(), want time.Duration) {
			t.Helper()
			began := time.Now()
			time.AfterFunc(time.Millisecond, gate.BeginUrgent().End)
			if step(); time.Since(began) != want {
				t.Errorf("%s waited %s, want %s", what, time.Since(began), want)
			}
			gate.WaitForUrgent(ctx)
		}
		for what, step := range onLane(bulk) {
			waits("bulk's "+what, step, time.Millisecond)
		}
		for what, step := range onLane(urgent) {
			waits("urgent's "+what, step, 0)
		}
		reserve := func(n int, c touch.Category) func() {
			return func() {
				if vs, err := s.guard.Reserve(ctx, questions(n, c)); err != nil || len(vs) != n {
					t.Error(len(vs), err)
				}
			}
		}
		settle := func(n int) func() {
			return func() { _ = s.guard.Settle(ctx, make([]contactlog.Settlement, n)) }
		}
		waits("bulk's reservation", reserve(1, touch.Marketing), time.Millisecond)
		waits("an urgent reservation", reserve(contactsPerCall+1, touch.Transactional), 0)
		waits("settling many contacts", settle(contactsPerCall+1), time.Millisecond)
		waits("settling few contacts", settle(contactsPerCall), 0)
	})
}

func TestBulkContactsAreSplit(t *testing.T) {
	g := &idleGuard{}
	s := newServices(Options{Ledger: &ledger.Ledger{Work: idleWork{}}, Guard: g, PriorityGate: new(priority.Gate), Logger: slog.New(slog.DiscardHandler)})
	if vs, err := s.guard.Reserve(t.Context(), questions(2*contactsPerCall+1, touch.Marketing)); err != nil || len(vs) != 2*contactsPerCall+1 || g.calls != 3 {
		t.Errorf("%d verdicts by %d calls: %v", len(vs), g.calls, err)
	}
	g.calls = 0
	if err := s.guard.Settle(t.Context(), make([]contactlog.Settlement, 2*contactsPerCall+1)); err != nil || g.calls != 3 {
		t.Errorf("settled by %d calls: %v", g.calls, err)
	}
}
