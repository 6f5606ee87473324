package loop_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/internal/loop"
)

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		steps, reports := 0, 0
		begin := time.Now()
		step := func(context.Context) error {
			steps++
			switch steps {
			case 1:
				return errors.New("no answer")
			case 3:
				cancel()
				return ctx.Err()
			}
			return nil
		}

		loop.Every(ctx, time.Second, step, func(error) { reports++ })

		if steps != 3 || reports != 1 || time.Since(begin) != 3*time.Second {
			t.Errorf("%d steps and %d reports in %s, want 3, 1 and 3s", steps, reports, time.Since(begin))
		}
	})
}

func TestUntil(t *testing.T) {
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		done bool
		err  error
		want error
	}{
		"done":   {done: true},
		"failed": {err: failed, want: failed},
		"ended":  {want: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second/2)
				defer cancel()
				steps := 0
				err := loop.Until(ctx, time.Second, func(context.Context) (bool, error) {
					steps++
					if steps < 2 {
						return false, nil
					}
					return c.done, c.err
				})
				if !errors.Is(err, c.want) || steps != 2 {
					t.Errorf("got %v after %d steps, want %v after 2", err, steps, c.want)
				}
			})
		})
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		if !loop.Sleep(ctx, time.Second) || time.Since(begin) != time.Second {
			t.Errorf("slept for %s, want 1s", time.Since(begin))
		}
		cancel()
		if loop.Sleep(ctx, time.Second) || loop.Sleep(ctx, 0) {
			t.Error("a sleep with an ended context reported a live one")
		}
	})
}

func TestGroupStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := loop.NewGroup(t.Context())
		ended := 0
		g.Go(func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended++
		})
		g.Stop()
		g.Stop()
		if ended != 1 {
			t.Errorf("Stop returned before the loop did")
		}
	})
}
