package httpapi

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/touch"
)

// TestBudgetShares: a holder gets its share and no more, and all together get
// no more than there is. Who waits for longer than a moment is refused.
func TestBudgetShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBudget(100, 10, 4)
		var accounts []*account
		for _, who := range []string{"a", "b", "c", "d"} {
			a := b.open(who)
			accounts = append(accounts, a)
			if err := a.takeSoon(ctx, 25); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := b.open("a").takeSoon(ctx, 1); touch.ClassOf(err) != touch.TooMany || time.Since(start) != budgetWait {
			t.Errorf("beyond the share: %v after %s", err, time.Since(start))
		}
		e := b.open("e")
		if err := e.takeSoon(ctx, 1); touch.ClassOf(err) != touch.Unavailable {
			t.Errorf("beyond all: %v", err)
		}
		time.AfterFunc(time.Second, accounts[3].close)
		if err := e.takeSoon(ctx, 10); err != nil {
			t.Errorf("what d gave is free: %v", err)
		}
		e.release(4)
		if err := b.open("f").takeSoon(ctx, 19); err != nil {
			t.Errorf("15 of d and 4 of e are free: %v", err)
		}
	})
}

// TestBudgetLargestFits: a budget that is too small for one request grows.
func TestBudgetLargestFits(t *testing.T) {
	b := newBudget(10, 50, 4)
	if err := b.open("a").takeSoon(t.Context(), 50); err != nil {
		t.Error(err)
	}
}

// TestBudgetIsEmptyAtTheEnd: whatever accounts take and release, the budget is
// whole when all are closed, and no holder is remembered.
func TestBudgetIsEmptyAtTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBudget(1000, 10, 4)
		now, cancel := context.WithCancel(context.Background())
		cancel() // nothing waits
		var open []*account
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 2).Draw(t, "step"); {
			case step == 0 || len(open) == 0:
				open = append(open, b.open(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "who")))
			case step == 1:
				a := rapid.SampledFrom(open).Draw(t, "account")
				_ = a.take(context.Background(), 1)
				_ = a.take(now, 5)
			default:
				rapid.SampledFrom(open).Draw(t, "account").release(int64(rapid.IntRange(0, 9).Draw(t, "n")))
			}
		}
		for _, a := range open {
			a.close()
		}
		if len(b.holders) != 0 || !b.total.TryAcquire(b.size) {
			t.Fatal("something is still held")
		}
	})
}
