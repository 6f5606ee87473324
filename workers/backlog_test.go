package workers_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// backlog is a morning after quiet hours: everything that waited is due at once
// and is sent by the real feeder, workers and pool, in the time of the synctest
// bubble.
type backlog struct {
	*fixture
	start   time.Time
	pool    *channels.Pool
	made    int
	mu      sync.Mutex
	judged  int
	touches map[touch.ID]touch.Touch
	sent    []message // in the order of the vendors
}

// message is a message that a vendor accepted.
type message struct {
	touch.Touch
	provider string
	after    time.Duration // since the start
}

// slowVendor is a vendor that takes a moment for each message. failing, if set,
// reports whether it fails now.
type slowVendor struct {
	r       *backlog
	name    string
	failing func() bool
}

func (c slowVendor) Send(_ context.Context, d adapter.Dispatch) touch.Result {
	at := time.Since(c.r.start)
	time.Sleep(50 * time.Millisecond)
	if c.failing != nil && c.failing() {
		return touch.Result{Class: touch.ResultRetryable}
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.sent = append(c.r.sent, message{c.r.touches[d.Touch], c.name, at})
	return touch.Result{Class: touch.ResultAccepted}
}

// provider describes a provider of newBacklog.
type provider struct {
	channel touch.Channel
	rate    float64
	failing func() bool
}

func newBacklog(t *testing.T, providers ...provider) *backlog {
	r := &backlog{fixture: newFixture(t), start: time.Now(), touches: map[touch.ID]touch.Touch{}}
	r.now = r.start
	var all []*channels.Provider
	for i, p := range providers {
		name := fmt.Sprintf("%s-%d", p.channel, i)
		cfg := channels.ProviderConfig{Name: name, Channel: p.channel, Weight: 1, Rate: p.rate, Breaker: channels.BreakerConfig{Open: touch.Duration(time.Hour)}}
		all = append(all, channels.NewProvider(cfg, slowVendor{r, name, p.failing}, adapter.Capabilities{}, channels.Options{}))
	}
	r.pool = channels.NewPool(all, channels.Options{})
	r.guard.decide = func(policies.Question) touch.Verdict {
		r.judged++ // the guard holds its lock
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	return r
}

// add submits n touches that are due now; edit changes each one before.
func (r *backlog) add(n int, edit func(i int, t *touch.Touch)) {
	r.fixture.mu.Lock()
	r.now = time.Now()
	r.fixture.mu.Unlock()
	for from := 0; from < n; from += touch.MaxBatch {
		r.submit(min(touch.MaxBatch, n-from), func(i int, t *touch.Touch) {
			r.made++
			t.Key = fmt.Sprintf("r%d", r.made)
			t.ID = touch.NewID("bank", t.Key)
			t.Customer = t.Key
			edit(from+i, t)
			r.mu.Lock()
			r.touches[t.ID] = *t
			r.mu.Unlock()
		})
	}
}

// run runs the feeder and the workers for a time, and meanwhile beside them.
func (r *backlog) run(lasts time.Duration, meanwhile func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	queue := make(chan ledger.SegmentRef, 1000)
	o := r.options("w")
	o.Now, o.Pool = time.Now, r.pool
	o.Enqueue = func(_ context.Context, refs []ledger.SegmentRef) error {
		for _, ref := range refs {
			queue <- ref
		}
		return nil
	}
	deliver := workers.NewDeliverer(o)
	var all sync.WaitGroup
	all.Go(func() { workers.NewFeeder(o).Run(ctx) })
	for range 24 {
		all.Go(func() {
			for {
				select {
				case ref := <-queue:
					if err := deliver.Handle(ctx, ref); err != nil && ctx.Err() == nil {
						r.t.Error(err)
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	if meanwhile != nil {
		all.Go(meanwhile)
	}
	time.Sleep(lasts)
	cancel()
	all.Wait()
}

// expectRate fails if the provider got more than most messages within a second.
func (r *backlog) expectRate(name string, most int) {
	r.t.Helper()
	var at []time.Duration
	for _, s := range r.sent {
		if s.provider == name {
			at = append(at, s.after)
		}
	}
	slices.Sort(at)
	for i := most; i < len(at); i++ {
		if at[i]-at[i-most] < time.Second {
			r.t.Errorf("%s was handed over %d within the second before %v", name, most, at[i])
			return
		}
	}
}

// lastSent returns when the last of the selected messages was sent, and how
// many they were.
func (r *backlog) lastSent(selected func(s *message) bool) (last time.Duration, n int) {
	for i := range r.sent {
		if selected(&r.sent[i]) {
			last, n = max(last, r.sent[i].after), n+1
		}
	}
	return last, n
}

// TestBacklogAfterQuietHours: the backlog is sent at the provider's rate, by
// priority and then by expiry. Touches that come later with a higher priority
// go next. None expires that could have been sent in time, and few are judged
// twice.
func TestBacklogAfterQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			rate, third, late = 50, 200, 100
			touches           = 9 * third
			slack             = 4 * time.Second // for the late touches and the time of a message
			moment            = time.Second
		)
		r := newBacklog(t, provider{channel: touch.SMS, rate: rate})
		priorities := []int{7, 5, 1}
		r.add(touches, func(i int, t *touch.Touch) {
			p, group := i%3, 2-i/3%3 // later ones expire first, some just in time
			t.Priority = priorities[p]
			expires := r.start.Add(time.Duration(group)*10*time.Minute + time.Duration(p*3+1)*third*time.Second/rate + slack)
			t.ExpiresAt = &expires
		})
		const lateAt = 14 * time.Second
		r.run(touches/rate*time.Second+slack, func() {
			time.Sleep(lateAt)
			r.add(late, func(_ int, t *touch.Touch) { t.Priority = 8 })
		})
		if len(r.sent) != touches+late {
			t.Fatalf("%d of %d went out", len(r.sent), touches+late)
		}
		r.expectRate("sms-0", rate+rate/4)
		isLate := func(s *message) bool { return s.Priority == 8 }
		if last, n := r.lastSent(isLate); n != late || last > lateAt+late/rate*time.Second+moment {
			t.Errorf("%d that came late with a higher priority were out after %v", n, last)
		}
		before := func(a, b *message) int {
			return cmp.Or(b.Priority-a.Priority, a.ExpiresAt.Compare(*b.ExpiresAt))
		}
		r.sent = slices.DeleteFunc(r.sent, func(s message) bool { return isLate(&s) })
		for i := range r.sent {
			for j := i + 1; j < len(r.sent); j += 10 {
				if a, b := &r.sent[i], &r.sent[j]; before(a, b) > 0 && b.after-a.after > moment {
					t.Fatalf("priority %d went out at %v, before priority %d at %v", a.Priority, a.after, b.Priority, b.after)
				}
			}
		}
		if r.judged > (touches+late)*11/10 {
			t.Errorf("%d touches knocked %d times", touches+late, r.judged)
		}
		t.Logf("%d touches in %v, judged %d times", touches+late, r.sent[len(r.sent)-1].after, r.judged)
	})
}

// TestBacklogsOfChannelsAreIndependent: a slow channel does not delay the
// others.
func TestBacklogsOfChannelsAreIndependent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches = 60
		rates := map[touch.Channel]float64{touch.SMS: 50, touch.Push: 20, touch.Popup: 0, touch.Inbox: 100, touch.AICall: 10, touch.RMTask: 2}
		var providers []provider
		for _, c := range touch.Channels() {
			providers = append(providers, provider{channel: c, rate: rates[c]})
		}
		r := newBacklog(t, providers...)
		for _, c := range touch.Channels() {
			r.add(touches, func(_ int, t *touch.Touch) { t.Plan[0].Channel = c })
		}
		r.run(35*time.Second, nil)
		for _, c := range touch.Channels() {
			last, n := r.lastSent(func(s *message) bool { return s.Plan[0].Channel == c })
			t.Logf("%s: %d of %d after %v", c, n, touches, last)
			within := 2 * time.Second
			if rates[c] > 0 {
				within += time.Duration(touches / rates[c] * float64(time.Second))
			}
			if n != touches || last > within {
				t.Errorf("%s: %d of %d after %v, want all within %v", c, n, touches, last, within)
			}
		}
	})
}

// TestBacklogWithFailingProvider: when its breaker is open, the feeder uses the
// rate of the other provider, and few touches are judged in vain.
func TestBacklogWithFailingProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches, fails = 600, 6 * time.Second
		start := time.Now()
		r := newBacklog(t, provider{channel: touch.SMS, rate: 30},
			provider{channel: touch.SMS, rate: 20, failing: func() bool { return time.Since(start) > fails }})
		r.add(touches, func(int, *touch.Touch) {})
		if got := r.pool.Rate(touch.SMS, nil); got != 50 {
			t.Errorf("both take %v", got)
		}
		r.run(20*time.Second, nil)
		if got := r.pool.Rate(touch.SMS, nil); got != 30 {
			t.Errorf("the healthy one takes %v", got)
		}
		r.expectRate("sms-0", 30+30/4)
		last, n := r.lastSent(func(*message) bool { return true })
		const failed = 25 // before the breaker opens; they are retried later
		if n < touches-failed || last > fails+(touches-6*50)*time.Second/30+3*time.Second {
			t.Errorf("%d of %d were out after %v", n, touches, last)
		}
		if r.judged > touches*3/2 {
			t.Errorf("%d touches were judged %d times", touches, r.judged)
		}
		t.Logf("%d touches in %v, judged %d times", n, last, r.judged)
	})
}

// TestBacklogWithDeferredTouches: half of what is due is deferred by a cap. The
// others get the whole rate of the provider.
func TestBacklogWithDeferredTouches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches, rate = 800, 50 // every other one is allowed
		r := newBacklog(t, provider{channel: touch.SMS, rate: rate})
		r.guard.decide = func(q policies.Question) touch.Verdict {
			if q.Touch.Priority == 3 {
				return touch.Verdict{Decision: touch.DecisionDefer, Rule: "weekly", Until: q.Now.Add(24 * time.Hour)}
			}
			return touch.Verdict{Decision: touch.DecisionAllow}
		}
		r.add(touches, func(i int, t *touch.Touch) {
			t.Priority = 3
			if i%2 == 0 {
				t.Priority = 2
			}
		})
		r.run(15*time.Second, nil)
		if last, n := r.lastSent(func(*message) bool { return true }); n != touches/2 || last > 12*time.Second {
			t.Errorf("%d of %d were out after %v", n, touches/2, last)
		} else {
			t.Logf("%d in %v", n, last)
		}
	})
}

// TestBacklogUrgentFirst: the urgent lane gets the channel's rate first, and
// bulk gets the rest.
func TestBacklogUrgentFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const urgent, bulk, rate = 250, 250, 50
		r := newBacklog(t, provider{channel: touch.SMS, rate: rate})
		r.add(bulk, func(int, *touch.Touch) {})
		r.add(urgent, func(_ int, t *touch.Touch) { t.Category = touch.Transactional })
		r.run(15*time.Second, nil)
		isUrgent := func(s *message) bool { return s.Category == touch.Transactional }
		last, n := r.lastSent(isUrgent)
		if n != urgent || last > (urgent/rate+1)*time.Second {
			t.Errorf("%d urgent ones were out after %v", n, last)
		}
		all, sent := r.lastSent(func(*message) bool { return true })
		if sent != urgent+bulk || all > ((urgent+bulk)/rate+2)*time.Second {
			t.Errorf("%d of all were out after %v", sent, all)
		}
		t.Logf("urgent after %v, all after %v, judged %d times", last, all, r.judged)
	})
}
