package poll_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/internal/poll"
)

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		looks, reports := 0, 0
		begin := time.Now()
		poll.Every(ctx, time.Second, func(context.Context) error {
			switch looks++; looks {
			case 1:
				return errors.New("no answer")
			case 3:
				cancel()
				return ctx.Err()
			}
			return nil
		}, func(error) { reports++ })
		if looks != 3 || reports != 1 || time.Since(begin) != 3*time.Second {
			t.Errorf("%d looks and %d reports in %s, want 3, 1 and 3s", looks, reports, time.Since(begin))
		}
	})
}
