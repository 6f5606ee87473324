package workers_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// hookStep is one step of a random life of webhooks.
type hookStep struct {
	what  string // event, wait, restart, add, end, or a behaviour for one host
	n     int    // events, milliseconds, or which host
	speed time.Duration
}

func drawSteps(t *rapid.T) []hookStep {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) hookStep {
		return hookStep{
			what:  rapid.SampledFrom([]string{"event", "event", "event", "wait", "wait", "restart", "add", "end", "slow", "fail", "hang", "fast"}).Draw(t, "what"),
			n:     rapid.IntRange(0, 30).Draw(t, "n"),
			speed: time.Duration(rapid.IntRange(0, 4_000).Draw(t, "ms")) * time.Millisecond,
		}
	}), 1, 25).Draw(t, "steps")
}

// lifeOfHooks is what a life leaves to check.
type lifeOfHooks struct {
	*hooks
	ids   map[string]string    // by host
	ended map[string]time.Time // by host
	want  map[string][]int64   // events by host
}

// Whatever receivers do and however often the process stops: each live one gets
// each event once and in order, a delivery keeps its id and body, and one that
// was ended gets no further call.
func TestWebhooksOfAnySpeed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := drawSteps(rt)
		var fault string
		synctest.Test(t, func(t *testing.T) {
			l := &lifeOfHooks{hooks: newHooks(t), ids: map[string]string{}, ended: map[string]time.Time{}, want: map[string][]int64{}}
			defer l.ledger.Close()
			l.live(steps)
			fault = l.check()
		})
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

func (l *lifeOfHooks) live(steps []hookStep) {
	hosts := []string{"h0", "h1", "h2"}
	for _, host := range hosts {
		l.ids[host] = l.subscribe("bank", host)
	}
	stop := l.run("w0")
	for i, s := range steps {
		host := hosts[s.n%len(hosts)]
		switch s.what {
		case "event":
			for range s.n {
				l.event("bank")
			}
		case "wait":
			time.Sleep(s.speed)
		case "restart":
			stop()
			stop = l.run(fmt.Sprintf("w%d", i+1))
		case "add":
			host = fmt.Sprintf("h%d", len(hosts))
			hosts = append(hosts, host)
			l.ids[host] = l.subscribe("bank", host)
		case "end":
			if l.ended[host].IsZero() {
				if err := l.ledger.Subscriptions.End(l.t.Context(), "bank", l.ids[host], ledger.SubscriptionAct{At: time.Now()}); err != nil {
					l.t.Fatal(err)
				}
				l.ended[host] = time.Now()
			}
		case "slow":
			l.receivers.set(host, slow(s.speed))
		case "fail":
			l.receivers.set(host, status([]int{500, 302, 404, 429}[s.n%4]))
		case "hang":
			l.receivers.set(host, hang)
		case "fast":
			l.receivers.set(host, nil)
		}
	}
	for _, host := range hosts {
		l.receivers.set(host, nil)
	}
	time.Sleep(11 * time.Second) // the calls that hang have ended
	retry := func(s *ledger.Subscription) error { s.NextAt = time.Time{}; return nil }
	for _, host := range hosts {
		if l.ended[host].IsZero() {
			if _, err := l.ledger.Subscriptions.Change(l.t.Context(), "bank", l.ids[host], ledger.SubscriptionAct{At: time.Now()}, retry); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	time.Sleep(10 * time.Second)
	stop()

	events, err := l.ledger.Events.List(l.t.Context(), "bank", 0, 10_000)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, host := range hosts {
		for _, e := range events {
			if e.Kind == touch.EventAccepted {
				l.want[host] = append(l.want[host], e.Seq)
			}
		}
	}
}

func (l *lifeOfHooks) check() string {
	for host, want := range l.want {
		bodies := map[string]string{} // by id
		taken := map[string]bool{}    // a receiver drops an id that it has answered
		var got []int64
		for _, c := range l.receivers.of(host) {
			if ended := l.ended[host]; !ended.IsZero() && c.began.After(ended) {
				return fmt.Sprintf("%s was called %s after its end", host, c.began.Sub(ended))
			}
			if body, known := bodies[c.id]; known && body != c.body {
				return fmt.Sprintf("%s: the delivery %s changed", host, c.id)
			}
			bodies[c.id] = c.body
			if c.status/100 != http.StatusOK/100 || taken[c.id] {
				continue
			}
			taken[c.id] = true
			for _, e := range c.events {
				got = append(got, e.Seq)
			}
		}
		if !l.ended[host].IsZero() {
			want = want[:min(len(got), len(want))]
		}
		if !slices.Equal(got, want) {
			return fmt.Sprintf("%s heard %d events, want %d: %v, %v", host, len(got), len(want), got, want)
		}
	}
	return ""
}
