package workers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// A receiver fails twice while new events come, and the process is restarted in
// between: the delivery keeps its id and its body, and the new events come after.
func TestWebhookRetryKeepsIDAndBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "flaky")
		h.receivers.set("flaky", status(500))
		stop := h.run("w1")
		h.event("bank")
		time.Sleep(time.Second)
		h.event("bank")
		stop()
		stop = h.run("w2")
		time.Sleep(2 * time.Second)
		h.event("bank")
		h.receivers.set("flaky", nil)
		time.Sleep(10 * time.Second)
		stop()

		calls := h.receivers.of("flaky")
		if len(calls) < 4 {
			t.Fatalf("%d calls", len(calls))
		}
		for _, c := range calls[1:3] {
			if c.id != calls[0].id || c.body != calls[0].body {
				t.Errorf("the retry differs:\n%s %s\n%s %s", calls[0].id, calls[0].body, c.id, c.body)
			}
		}
		var got []int64
		for _, c := range calls[2:] {
			for _, e := range c.events {
				got = append(got, e.Seq)
			}
		}
		if len(got) != 3 || !slices.IsSorted(got) {
			t.Errorf("heard %v", got)
		}
		sub := h.get(id)
		if sub.Failures != 0 || sub.Pending != nil || len(sub.Calls) != len(calls) || sub.Calls[0].Status != 500 {
			t.Errorf("stored: %+v", sub)
		}
	})
}

// A subscription with a backlog is ended while a call is under way: no call
// begins after it, also by another process that had it in hand.
func TestWebhookEndedGetsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "slow")
		h.receivers.set("slow", slow(4*time.Second))
		for range 1200 {
			h.event("bank")
		}
		stop := h.run("w1")
		time.Sleep(6 * time.Second)
		if err := h.ledger.Subscriptions.End(t.Context(), "bank", id, ledger.SubscriptionAct{At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		ended := time.Now()
		later := h.subscribe("bank", "new")
		time.Sleep(time.Minute)
		stop()
		if n := len(h.receivers.of("slow")); n == 0 {
			t.Fatal("it was never called")
		}
		for _, c := range h.receivers.of("slow") {
			if c.began.After(ended) {
				t.Errorf("called %s after its end", c.began.Sub(ended))
			}
		}
		if n := len(delays(h.receivers.of("new"))); n != 1200 {
			t.Errorf("the next subscription %s heard %d events", later, n)
		}
	})
}

// 410 ends a subscription, and the caller hears of it.
func TestWebhookGoneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "gone")
		h.receivers.set("gone", status(http.StatusGone))
		stop := h.run("w1")
		h.event("bank")
		time.Sleep(time.Hour)
		stop()
		if n := len(h.receivers.of("gone")); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
		if _, err := h.ledger.Subscriptions.Get(t.Context(), "bank", id); touch.ClassOf(err) != touch.NotFound {
			t.Errorf("it is still there: %v", err)
		}
		events, err := h.ledger.Events.List(t.Context(), "bank", 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if last := events[len(events)-1]; last.Kind != touch.EventSubscriptionEnded || !strings.Contains(last.Reason, id) || !strings.Contains(last.Reason, "410") {
			t.Errorf("the caller hears %+v", last)
		}
	})
}

// A redirect is not followed: it is a failure, and tried again.
func TestWebhookRedirectIsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "moved")
		h.receivers.set("moved", status(http.StatusFound))
		stop := h.run("w1")
		h.event("bank")
		time.Sleep(time.Minute)
		stop()
		if sub := h.get(id); sub.Failures < 3 || sub.Pending == nil {
			t.Errorf("%+v", sub)
		}
	})
}

// While two secrets are good, each call is signed by both; later by the new one.
func TestWebhookSecretRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "fast")
		const next = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		_, err := h.ledger.Subscriptions.Change(t.Context(), "bank", id, ledger.SubscriptionAct{At: time.Now()}, func(s *ledger.Subscription) error {
			s.Previous = []ledger.PastSecret{{Secret: s.Secret, Until: time.Now().Add(time.Hour)}}
			s.Secret = next
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := h.run("w1")
		h.event("bank")
		time.Sleep(59 * time.Minute)
		h.event("bank")
		time.Sleep(2 * time.Minute)
		h.event("bank")
		time.Sleep(time.Second)
		stop()
		calls := h.receivers.of("fast")
		for i, c := range calls {
			for secret, want := range map[string]bool{hookSecret: i < 2, next: true} {
				hook, err := standardwebhooks.NewWebhook(secret)
				if err != nil {
					t.Fatal(err)
				}
				header := http.Header{}
				header.Set("webhook-id", c.id)
				header.Set("webhook-timestamp", unix(c.began))
				header.Set("webhook-signature", c.signature)
				if err := hook.VerifyIgnoringTimestamp([]byte(c.body), header); (err == nil) != want {
					t.Errorf("call %d, secret %s: %v", i, secret, err)
				}
			}
		}
		if len(calls) != 3 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// A delivery that waits for an hour goes to the new address at once, with its
// id; a failure of the old address, which comes later, changes nothing.
func TestWebhookMovesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "old")
		h.receivers.set("old", hang)
		stop := h.run("w1")
		h.event("bank")
		time.Sleep(5 * time.Second) // the call is under way
		move := func(s *ledger.Subscription) error {
			s.URL = "https://new/hook"
			s.Failures = 0
			s.NextAt = time.Time{}
			return nil
		}
		if _, err := h.ledger.Subscriptions.Change(t.Context(), "bank", id, ledger.SubscriptionAct{At: time.Now()}, move); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		stop()
		before, after := h.receivers.of("old"), h.receivers.of("new")
		if len(before) != 1 || len(after) != 1 || before[0].id != after[0].id || before[0].body != after[0].body {
			t.Errorf("old %d, new %d", len(before), len(after))
		}
		if sub := h.get(id); sub.Failures != 0 || sub.Pending != nil {
			t.Errorf("%+v", sub)
		}
	})
}

// A delivery that somebody asks for again has its id and its body, whatever the
// subscription does beside it.
func TestWebhookSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		id := h.subscribe("bank", "fast")
		stop := h.run("w1")
		for range 3 {
			h.event("bank")
			time.Sleep(time.Second)
		}
		h.receivers.set("fast", status(503))
		h.event("bank")
		time.Sleep(10 * time.Second) // it waits for its next try
		failures := h.get(id).Failures
		again := func(s *ledger.Subscription) error {
			s.Again = append(s.Again, s.Calls[0].Delivery, s.Calls[2].Delivery)
			return nil
		}
		if _, err := h.ledger.Subscriptions.Change(t.Context(), "bank", id, ledger.SubscriptionAct{At: time.Now()}, again); err != nil {
			t.Fatal(err)
		}
		before := len(h.receivers.of("fast"))
		time.Sleep(time.Second)
		stop()
		calls := h.receivers.of("fast")
		got := calls[before:]
		if len(got) != 2 || got[0].id != calls[0].id || got[0].body != calls[0].body || got[1].id != calls[2].id || got[1].body != calls[2].body {
			t.Errorf("%d calls: %+v", len(got), got)
		}
		if sub := h.get(id); sub.Failures != failures || len(sub.Again) != 0 || sub.Pending == nil {
			t.Errorf("%+v", sub)
		}
	})
}

// A process that stops gives its lease back; one that is killed keeps it for
// some seconds.
func TestWebhookLeaseGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHooks(t)
		defer h.ledger.Close()
		h.subscribe("bank", "fast")
		stop := h.run("w1")
		time.Sleep(time.Minute)
		stop()
		h.event("bank")
		stop = h.run("w2")
		time.Sleep(time.Second)
		if all := delays(h.receivers.of("fast")); len(all) != 1 || all[0] > time.Second {
			t.Errorf("after a restart: %v", all)
		}
		stop()
		if _, err := h.ledger.Leases.Acquire(t.Context(), "reporter", "killed", time.Now(), time.Now().Add(15*time.Second)); err != nil {
			t.Fatal(err)
		}
		stop = h.run("w3")
		h.event("bank")
		time.Sleep(14 * time.Second)
		if n := len(h.receivers.of("fast")); n != 1 {
			t.Errorf("%d calls while another has the lease", n)
		}
		time.Sleep(3 * time.Second)
		stop()
		if n := len(h.receivers.of("fast")); n != 2 {
			t.Errorf("%d calls after the lease", n)
		}
	})
}
