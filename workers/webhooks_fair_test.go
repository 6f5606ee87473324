package workers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

func contextOf(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// For ten minutes a receiver answers after 4 s and 24 do not answer at all. A
// receiver of the same caller, and one of another, hear within a second.
func TestWebhookSlowReceiverDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		h.subscribe("bank", "slow")
		h.receivers.set("slow", slow(4*time.Second))
		for i := range 24 {
			host := fmt.Sprintf("hanging-%d", i)
			h.subscribe("bank", host)
			h.receivers.set(host, hang)
		}
		h.subscribe("bank", "fast")
		h.subscribe("other", "stranger")
		stop := h.run("w1")
		const events = 1200
		for range events {
			h.event("bank")
			h.event("other")
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(time.Second)
		stop()

		for _, host := range []string{"fast", "stranger"} {
			all := delays(h.receivers.of(host))
			slices.Sort(all)
			if len(all) != events {
				t.Fatalf("%s heard %d events, want %d", host, len(all), events)
			}
			if p99 := all[len(all)*99/100]; p99 > time.Second {
				t.Errorf("%s heard after %s at the 99th percentile", host, p99)
			}
		}
		if n := len(h.receivers.of("slow")); n < 140 {
			t.Errorf("the slow one was called %d times: it is served as fast as it answers", n)
		}
	})
}

// One caller has more hanging receivers than there are calls at once. Another
// caller's receiver, made at the same time, does not wait for theirs.
func TestWebhookCallersShareCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		for i := range 300 {
			host := fmt.Sprintf("hanging-%d", i)
			h.subscribe("bank", host)
			h.receivers.set(host, hang)
		}
		h.subscribe("other", "stranger")
		h.event("bank")
		stop := h.run("w1")
		for range 20 {
			h.event("other")
			time.Sleep(time.Second)
		}
		stop()
		all := delays(h.receivers.of("stranger"))
		if len(all) != 20 || slices.Max(all) > time.Second {
			t.Errorf("%d events, the latest after %s", len(all), slices.Max(all))
		}
	})
}
