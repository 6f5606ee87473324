package batcher

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"touchgate.dev/touch"
)

func TestWaitingCallsAreBatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs []int
		open := make(chan struct{})
		g := New(1, func(_ context.Context, items []int, sizes []int) ([]int, error) {
			runs = append(runs, len(items))
			<-open
			sums := make([]int, len(sizes))
			at := 0
			for i, n := range sizes {
				for _, v := range items[at : at+n] {
					sums[i] += v
				}
				at += n
			}
			return sums, nil
		})
		answers := make([]int, 5)
		for i := range answers {
			go func() { answers[i], _ = g.Do(t.Context(), []int{i, 10 * i}) }()
			synctest.Wait()
		}
		close(open)
		g.Wait()
		synctest.Wait()
		for i, got := range answers {
			if got != 11*i {
				t.Errorf("call %d was answered %d, want its own sum %d", i, got, 11*i)
			}
		}
		if len(runs) != 2 || runs[0] != 2 || runs[1] != 8 {
			t.Errorf("runs of %v items, want 2 and then all that waited, 8", runs)
		}
	})
}

func TestBadInputFailsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		open := make(chan struct{})
		g := New(1, func(_ context.Context, items []int, sizes []int) ([]struct{}, error) {
			<-open
			for _, v := range items {
				if v < 0 {
					return nil, bad
				}
			}
			return make([]struct{}, len(sizes)), nil
		})
		errs := make([]error, 4)
		for i, v := range []int{1, 2, -1, 3} {
			go func() { _, errs[i] = g.Do(t.Context(), []int{v}) }()
			synctest.Wait()
		}
		close(open)
		g.Wait()
		synctest.Wait()
		for i, err := range errs {
			if (err != nil) != (i == 2) {
				t.Errorf("call %d: %v", i, err)
			}
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		g := New(1, func(context.Context, []int, []int) ([]int, error) { <-open; return []int{1}, nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.Do(ctx, []int{1}); touch.ClassOf(err) != touch.Unavailable {
			t.Errorf("got %v, want class Unavailable", err)
		}
		close(open)
		g.Wait()
	})
}

func TestPanicReachesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		g := New(1, func(_ context.Context, items []int, sizes []int) ([]int, error) {
			<-open
			for _, v := range items {
				if v < 0 {
					panic("negative")
				}
			}
			return make([]int, len(sizes)), nil
		})
		panicked := make([]any, 4)
		for i, v := range []int{1, 2, -3, 4} {
			go func() {
				defer func() { panicked[i] = recover() }()
				if _, err := g.Do(t.Context(), []int{v}); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		close(open)
		g.Wait()
		synctest.Wait()
		if panicked[2] != "negative" || panicked[0] != nil || panicked[1] != nil || panicked[3] != nil {
			t.Errorf("panics %v, want one, in the third caller", panicked)
		}
	})
}
