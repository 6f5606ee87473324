package courtesy

import (
	"context"
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
		for range 2 { // at each step anew
			if d := yielded(t.Context(), w); d != patience {
				t.Fatal("bulk stood back for", d)
			}
		}
	})
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
