package priority

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// waited returns how long a step of bulk waits at the gate.
func waited(ctx context.Context, g *Gate) time.Duration {
	began := time.Now()
	g.WaitForUrgent(ctx)
	return time.Since(began)
}

func TestBulkWaitsForLastUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(Gate)
		if d := waited(t.Context(), g); d != 0 {
			t.Fatal("no urgent work runs, and bulk waited", d)
		}

		first := g.BeginUrgent()
		second := g.BeginUrgent()
		time.AfterFunc(3*time.Millisecond, first.End)
		time.AfterFunc(7*time.Millisecond, second.End)
		if d := waited(t.Context(), g); d != 7*time.Millisecond {
			t.Fatal("bulk waited", d, "want 7ms")
		}

		first.End() // a second call does nothing
		third := g.BeginUrgent()
		time.AfterFunc(time.Millisecond, third.End)
		if d := waited(t.Context(), g); d != time.Millisecond {
			t.Fatal("bulk waited", d, "want 1ms")
		}
	})
}

func TestBulkGoesOnAfterMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(Gate)
		defer g.BeginUrgent().End()
		if d := waited(t.Context(), g); d != defaultMaxWait {
			t.Fatal("bulk waited", d, "want", defaultMaxWait)
		}
		if d := waited(t.Context(), g); d != 0 {
			t.Fatal("bulk waited a second time:", d)
		}
	})
}

// TestBulkGetsHalfOfTheTime runs urgent work without a gap, and then with gaps
// that are too short for bulk to do anything in them.
func TestBulkGetsHalfOfTheTime(t *testing.T) {
	for name, gap := range map[string]time.Duration{"no gap": 0, "small gaps": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new(Gate)
				second, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()

				var urgent sync.WaitGroup
				defer urgent.Wait()
				urgent.Go(func() { keepUrgent(second, g, gap) })

				blocked := time.Duration(0)
				for second.Err() == nil {
					blocked += waited(second, g)
					time.Sleep(time.Millisecond) // a step of bulk
				}
				if blocked > 550*time.Millisecond || blocked < 350*time.Millisecond {
					t.Fatal("bulk was blocked for", blocked, "of one second")
				}
			})
		})
	}
}

// keepUrgent runs one urgent work after another with gaps between them, or
// overlapping ones if gap is zero.
func keepUrgent(ctx context.Context, g *Gate, gap time.Duration) {
	current := g.BeginUrgent()
	defer func() { current.End() }()
	for ctx.Err() == nil {
		time.Sleep(9 * time.Millisecond)
		if gap > 0 {
			current.End()
			time.Sleep(gap)
			current = g.BeginUrgent()
			continue
		}
		next := g.BeginUrgent()
		current.End()
		current = next
	}
}

func TestEndOfContextAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(Gate)
		urgent := g.BeginUrgent()
		ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if d := waited(ended, g); d != time.Millisecond {
			t.Fatal("bulk waited", d, "although its context ended after 1ms")
		}
		urgent.End()

		func() {
			defer func() { _ = recover() }()
			defer g.BeginUrgent().End()
			panic("urgent")
		}()
		if d := waited(t.Context(), g); d != 0 {
			t.Fatal("bulk waited", d, "for urgent work that panicked")
		}
	})
}

func TestNilGate(t *testing.T) {
	var none *Gate
	defer none.BeginUrgent().End()
	none.WaitForUrgent(t.Context())
}
