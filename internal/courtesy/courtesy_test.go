package courtesy

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// yielded is how long a step of bulk stands back.
func yielded(ctx context.Context, w *Way) time.Duration {
	began := time.Now()
	w.Yield(ctx)
	return time.Since(began)
}

func TestBulkStandsBackUntilTheLastUrgentIsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(Way)
		if d := yielded(t.Context(), w); d != 0 {
			t.Fatal("nothing is on its way, and bulk stood back for", d)
		}
		first, second := w.Enter(), w.Enter()
		time.AfterFunc(3*time.Millisecond, first)
		time.AfterFunc(7*time.Millisecond, second)
		if d := yielded(t.Context(), w); d != 7*time.Millisecond {
			t.Fatal("bulk stood back for", d)
		}
		first() // once more does no harm
		third := w.Enter()
		time.AfterFunc(time.Millisecond, third)
		if d := yielded(t.Context(), w); d != time.Millisecond {
			t.Fatal("bulk stood back for", d)
		}
	})
}

func TestBulkLosesPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(Way)
		defer w.Enter()()
		if d := yielded(t.Context(), w); d != patience {
			t.Fatal("bulk stood back for", d)
		}
		if d := yielded(t.Context(), w); d != 0 {
			t.Fatal("bulk stood back once more for", d)
		}
	})
}

// TestBulkHasHalfOfTheTime lets urgent work come without a gap, and then with
// so small ones that bulk could do nothing in them.
func TestBulkHasHalfOfTheTime(t *testing.T) {
	for name, gap := range map[string]time.Duration{"no gap": 0, "small gaps": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := new(Way)
				over, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				var urgent sync.WaitGroup
				defer urgent.Wait()
				urgent.Go(func() {
					leave := w.Enter()
					for over.Err() == nil {
						time.Sleep(9 * time.Millisecond)
						if gap > 0 {
							leave()
							time.Sleep(gap)
							leave = w.Enter()
							continue
						}
						next := w.Enter()
						leave()
						leave = next
					}
					leave()
				})
				stood := time.Duration(0)
				for over.Err() == nil {
					stood += yielded(over, w)
					time.Sleep(time.Millisecond) // a step
				}
				if stood > 550*time.Millisecond || stood < 350*time.Millisecond {
					t.Fatal("of a second bulk stood back for", stood)
				}
			})
		})
	}
}

func TestAnEndOrAPanicLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(Way)
		leave := w.Enter()
		ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if d := yielded(ended, w); d != time.Millisecond {
			t.Fatal("bulk whose context ended stood back for", d)
		}
		leave()
		func() {
			defer func() { _ = recover() }()
			defer w.Enter()()
			panic("urgent")
		}()
		if d := yielded(t.Context(), w); d != 0 {
			t.Fatal("bulk stood back for", d, "behind an urgent step that panicked")
		}
	})
}

func TestWithoutAWayNobodyStandsBack(t *testing.T) {
	var none *Way
	defer none.Enter()()
	none.Yield(t.Context())
}
