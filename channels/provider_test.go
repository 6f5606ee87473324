package channels

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/priority"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an adapter that answers as it is told.
type fake struct {
	answer func(ctx context.Context, d adapter.Dispatch) touch.Result
	calls  atomic.Int64
}

func (f *fake) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	f.calls.Add(1)
	return f.answer(ctx, d)
}

func always(r touch.Result) *fake {
	return &fake{answer: func(context.Context, adapter.Dispatch) touch.Result { return r }}
}

func class(c touch.ResultClass) *fake { return always(touch.Result{Class: c}) }

// batching is a fake that takes batches.
type batching struct {
	*fake
	mu    sync.Mutex
	sizes []int
	short bool // answers one result too few
}

func (b *batching) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	b.mu.Lock()
	b.sizes = append(b.sizes, len(ds))
	b.mu.Unlock()
	var rs []touch.Result
	for _, d := range ds {
		rs = append(rs, b.answer(ctx, d))
	}
	if b.short {
		return rs[1:]
	}
	return rs
}

func dispatches(n int) []adapter.Dispatch {
	ds := make([]adapter.Dispatch, n)
	for i := range ds {
		ds[i] = adapter.Dispatch{ID: fmt.Sprintf("d%d.0", i), Address: fmt.Sprintf("a%d", i), Category: touch.Marketing}
	}
	return ds
}

func pool(cfg ProviderConfig, a adapter.Adapter, caps adapter.Capabilities) *Pool {
	cfg.Name, cfg.Channel = orDefault(cfg.Name, "p"), touch.SMS
	return NewPool([]*Provider{NewProvider(cfg, a, caps, Options{})}, Options{})
}

func one(t *testing.T, p *Pool) touch.Result {
	t.Helper()
	return p.Send(t.Context(), "p", dispatches(1))[0]
}

func TestSendKeepsOrder(t *testing.T) {
	echo := &fake{answer: func(_ context.Context, d adapter.Dispatch) touch.Result {
		return touch.Result{Class: touch.ResultAccepted, VendorID: d.ID}
	}}
	for name, c := range map[string]struct {
		a    adapter.Adapter
		caps adapter.Capabilities
	}{
		"single": {echo, adapter.Capabilities{}},
		"batch":  {&batching{fake: echo}, adapter.Capabilities{MaxBatch: 7}},
	} {
		p, ds := pool(ProviderConfig{Concurrency: 4}, c.a, c.caps), dispatches(100)
		for i, r := range p.Send(t.Context(), "p", ds) {
			if r.VendorID != ds[i].ID || r.Provider != "p" || r.Class != touch.ResultAccepted {
				t.Fatalf("%s: result %d is %+v", name, i, r)
			}
		}
	}
}

func TestBatchesAreCut(t *testing.T) {
	b := &batching{fake: class(touch.ResultAccepted)}
	p := pool(ProviderConfig{Concurrency: 1}, b, adapter.Capabilities{MaxBatch: 40, NeedsAddress: true})
	ds := dispatches(100)
	ds[50].Address = ""
	ds[60].Urgent = true
	rs := p.Send(t.Context(), "p", ds)
	if want := []int{40, 10, 9, 1, 39}; !slices.Equal(b.sizes, want) {
		t.Errorf("calls of %v, want %v", b.sizes, want)
	}
	if r := rs[50]; r.Class != touch.ResultRejected || r.Reason != touch.ReasonBadTarget || !r.NoAttempt {
		t.Errorf("without an address: %+v", r)
	}
}

// An adapter that breaks its contract never makes a message look sent or unsent.
func TestCarelessAdapters(t *testing.T) {
	short := &batching{fake: class(touch.ResultAccepted), short: true}
	rs := pool(ProviderConfig{}, short, adapter.Capabilities{MaxBatch: 10}).Send(t.Context(), "p", dispatches(3))
	if rs[0].Class != touch.ResultAccepted || rs[2].Class != touch.ResultUnknown {
		t.Errorf("a result too few: %+v", rs)
	}
	panics := &fake{answer: func(_ context.Context, d adapter.Dispatch) touch.Result { panic(d.Address) }}
	if r := one(t, pool(ProviderConfig{}, panics, adapter.Capabilities{})); r.Class != touch.ResultUnknown || r.NoAttempt {
		t.Errorf("a panic: %+v", r)
	}
	if r := one(t, pool(ProviderConfig{}, class(99), adapter.Capabilities{})); r.Class != touch.ResultUnknown {
		t.Errorf("a class that does not exist: %+v", r)
	}
	if r := pool(ProviderConfig{}, class(touch.ResultAccepted), adapter.Capabilities{}).Send(t.Context(), "nobody", dispatches(1))[0]; r.Class != touch.ResultMisconfigured || !r.NoAttempt {
		t.Errorf("an unknown provider: %+v", r)
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fake{answer: func(ctx context.Context, _ adapter.Dispatch) touch.Result {
			<-ctx.Done()
			return touch.Result{}
		}}
		start := time.Now()
		r := one(t, pool(ProviderConfig{Timeout: touch.Duration(3 * time.Second)}, slow, adapter.Capabilities{}))
		if r.Class != touch.ResultUnknown || time.Since(start) != 3*time.Second {
			t.Errorf("%+v after %s", r, time.Since(start))
		}
	})
}

// A vendor that asks us to wait is left alone for so long, and for no longer.
func TestThrottlePausesProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := always(touch.Result{Class: touch.ResultThrottled, RetryAfter: 10 * time.Second})
		p := pool(ProviderConfig{}, f, adapter.Capabilities{})
		one(t, p)
		time.Sleep(4 * time.Second)
		if r := one(t, p); !r.NoAttempt || r.Class != touch.ResultThrottled || r.RetryAfter != 6*time.Second || f.calls.Load() != 1 {
			t.Errorf("while paused: %+v after %d calls", r, f.calls.Load())
		}
		if _, ok, refusal := p.Choose(touch.SMS, adapter.Dispatch{}, nil); ok || refusal.RetryAfter != 6*time.Second {
			t.Errorf("chosen while paused: %+v", refusal)
		}
		time.Sleep(6 * time.Second)
		if r := one(t, p); r.NoAttempt {
			t.Errorf("after the pause: %+v", r)
		}
	})
}

// One address over its daily limit must not stop the others for a day.
func TestLongThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(ProviderConfig{}, always(touch.Result{Class: touch.ResultThrottled, RetryAfter: 20 * time.Hour}), adapter.Capabilities{})
		if r := one(t, p); r.RetryAfter != 20*time.Hour {
			t.Errorf("the message's own delay is %s", r.RetryAfter)
		}
		if r := one(t, p); r.RetryAfter != maxPause {
			t.Errorf("the provider's pause is %s", r.RetryAfter)
		}
	})
}

func TestBreakerCountsOnlyFailures(t *testing.T) {
	for c, opens := range map[touch.ResultClass]bool{
		touch.ResultAccepted: false, touch.ResultRejected: false, touch.ResultThrottled: false,
		touch.ResultRetryable: true, touch.ResultMisconfigured: true, touch.ResultUnknown: true,
	} {
		f := class(c)
		p := pool(ProviderConfig{Breaker: BreakerConfig{Consecutive: 5}}, f, adapter.Capabilities{})
		for range 50 {
			one(t, p)
		}
		if got := p.Status()[0].Breaker; (got == "open") != opens {
			t.Errorf("50 times %s: %s", c, got)
		}
		if opens && f.calls.Load() != 5 {
			t.Errorf("%s: %d calls before it opened", c, f.calls.Load())
		}
	}
}

func TestBreakerOpensByRatioAndProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, sick := 0, true
		f := &fake{}
		f.answer = func(context.Context, adapter.Dispatch) touch.Result {
			if n++; sick && n%2 == 0 {
				return touch.Result{Class: touch.ResultRetryable}
			}
			return touch.Result{Class: touch.ResultAccepted}
		}
		p := pool(ProviderConfig{Breaker: BreakerConfig{Minimum: 20, Ratio: 0.5, Open: touch.Duration(10 * time.Second)}}, f, adapter.Capabilities{})
		for range 20 {
			one(t, p)
		}
		if r := one(t, p); r.Class != touch.ResultRetryable || r.Reason != touch.ReasonBreaker || !r.NoAttempt || r.RetryAfter != 10*time.Second {
			t.Fatalf("after 10 of 20 failed: %+v", r)
		}
		// The probe fails (n is even), and the breaker opens again.
		time.Sleep(11 * time.Second)
		n = 1
		if r := one(t, p); r.NoAttempt {
			t.Fatalf("no probe: %+v", r)
		}
		if got := p.Status()[0].Breaker; got != "open" {
			t.Fatalf("after a failed probe: %s", got)
		}
		time.Sleep(11 * time.Second)
		sick = false
		one(t, p)
		if got := p.Status()[0].Breaker; got != "closed" {
			t.Errorf("after a good probe: %s", got)
		}
	})
}

// A probe that panics or whose sender gives up must give its place back.
func TestProbeNeverSticks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := func(context.Context, adapter.Dispatch) touch.Result { panic("x") }
		f := &fake{answer: bad}
		p := pool(ProviderConfig{Breaker: BreakerConfig{Consecutive: 1, Open: touch.Duration(time.Second)}}, f, adapter.Capabilities{})
		one(t, p)
		for range 5 {
			time.Sleep(1100 * time.Millisecond)
			before := f.calls.Load()
			one(t, p)
			if f.calls.Load() != before+1 {
				t.Fatal("a probe was held back")
			}
		}
		time.Sleep(1100 * time.Millisecond)
		f.answer = func(ctx context.Context, _ adapter.Dispatch) touch.Result { <-ctx.Done(); return touch.Result{} }
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.Send(ctx, "p", dispatches(1))
		f.answer = func(context.Context, adapter.Dispatch) touch.Result { return touch.Result{Class: touch.ResultAccepted} }
		if r := one(t, p); r.Class != touch.ResultAccepted {
			t.Errorf("after a sender that gave up: %+v", r)
		}
	})
}

// While half open, one probe goes out and the rest of a segment waits.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := class(touch.ResultRetryable)
		p := pool(ProviderConfig{Breaker: BreakerConfig{Consecutive: 1, Open: touch.Duration(time.Second)}}, f, adapter.Capabilities{})
		one(t, p)
		time.Sleep(1100 * time.Millisecond)
		f.answer = func(context.Context, adapter.Dispatch) touch.Result {
			time.Sleep(time.Second)
			return touch.Result{Class: touch.ResultAccepted}
		}
		tried := 0
		for _, r := range p.Send(t.Context(), "p", dispatches(50)) {
			if !r.NoAttempt {
				tried++
			}
		}
		if tried != 1 {
			t.Errorf("%d calls while half open", tried)
		}
	})
}

func TestRateHoldsAndSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 64
		f := class(touch.ResultAccepted)
		p := pool(ProviderConfig{Rate: 100, Burst: 10, Concurrency: callers}, f, adapter.Capabilities{})
		rs := p.Send(t.Context(), "p", dispatches(500))
		sent, last := 0, time.Duration(0)
		var delays []time.Duration
		for _, r := range rs {
			if r.Class == touch.ResultAccepted {
				sent++
				continue
			}
			if r.Class != touch.ResultThrottled || r.Reason != touch.ReasonRate || !r.NoAttempt {
				t.Fatalf("refused as %+v", r)
			}
			delays = append(delays, r.RetryAfter)
			last = max(last, r.RetryAfter)
		}
		// A burst of 10 and 200 ms of waiting at 100/s.
		if sent < 10 || sent > 31 {
			t.Errorf("%d went out at once", sent)
		}
		slices.Sort(delays)
		// Each caller's turn is asked for before it is given back as too late.
		if last > bulkWait+maxRetrySpread+callers*10*time.Millisecond {
			t.Errorf("one comes back after %s, where it has lost its turn", last)
		}
		if last < maxRetrySpread {
			t.Errorf("all come back within %s", last)
		}
		// 470 in turns at 100/s, over two seconds: three rounds of one every 10 ms.
		for i := 3; i < len(delays); i++ {
			if delays[i] == delays[i-3] {
				t.Fatalf("a crowd comes back after %s", delays[i])
			}
		}
	})
}

// Urgent and bulk that are turned away have turns apart, each in its own row.
func TestUrgentHasItsOwnTurns(t *testing.T) {
	now := time.Now()
	p := newRateLimiter(10, 1, func() time.Time { return now })
	for _, c := range []struct {
		urgent      bool
		wait, first time.Duration
	}{
		{false, 300 * time.Millisecond, 300 * time.Millisecond},
		{true, 2100 * time.Millisecond, 2100 * time.Millisecond},
		{false, 300 * time.Millisecond, 800 * time.Millisecond},
		{true, 2100 * time.Millisecond, 2600 * time.Millisecond},
	} {
		out := make([]touch.Result, 5)
		p.reject(now, c.wait, c.urgent, out)
		if out[0].RetryAfter != c.first || out[4].RetryAfter != c.first+400*time.Millisecond {
			t.Errorf("urgent %v: turns from %s to %s, want them from %s", c.urgent, out[0].RetryAfter, out[4].RetryAfter, c.first)
		}
	}
}

// An urgent message doesn't wait for a campaign's slow calls.
func TestUrgentHasItsOwnSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(_ context.Context, d adapter.Dispatch) touch.Result {
			if d.Category == touch.Marketing {
				time.Sleep(time.Minute)
			}
			return touch.Result{Class: touch.ResultAccepted}
		}}
		p := pool(ProviderConfig{Concurrency: 8, Timeout: touch.Duration(time.Hour)}, f, adapter.Capabilities{})
		go p.Send(t.Context(), "p", dispatches(100))
		synctest.Wait()
		start := time.Now()
		urgent := adapter.Dispatch{ID: "u.0", Urgent: true}
		p.Send(t.Context(), "p", []adapter.Dispatch{urgent})
		if took := time.Since(start); took != 0 {
			t.Errorf("it waited %s", took)
		}
		time.Sleep(time.Hour)
	})
}

// Each call of bulk is put off while something urgent is on its way.
func TestBulkWaitsForUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := new(priority.Gate)
		p := NewPool([]*Provider{NewProvider(ProviderConfig{Name: "p", Channel: touch.SMS}, class(touch.ResultAccepted), adapter.Capabilities{}, Options{PriorityGate: gate})}, Options{})
		start := time.Now()
		time.AfterFunc(time.Millisecond, gate.BeginUrgent().End)
		p.Send(t.Context(), "p", []adapter.Dispatch{{ID: "u.0", Urgent: true}})
		if took := time.Since(start); took != 0 {
			t.Errorf("an urgent call waited %s", took)
		}
		p.Send(t.Context(), "p", dispatches(1))
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("a bulk call waited %s", took)
		}
	})
}

func TestGivesUpBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(context.Context, adapter.Dispatch) touch.Result {
			time.Sleep(time.Minute)
			return touch.Result{Class: touch.ResultAccepted}
		}}
		p := pool(ProviderConfig{Concurrency: 1}, f, adapter.Capabilities{})
		go p.Send(t.Context(), "p", dispatches(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if r := p.Send(ctx, "p", dispatches(1))[0]; r.Class != touch.ResultRetryable || !r.NoAttempt {
			t.Errorf("got %+v", r)
		}
		time.Sleep(time.Hour)
	})
}

func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(ProviderConfig{}, class(touch.ResultAccepted), adapter.Capabilities{})
		spend := func() (n int) {
			for p.AllowRetry("p") {
				n++
			}
			return n
		}
		spend()
		p.Send(t.Context(), "p", dispatches(200))
		if got := spend(); got != 20 {
			t.Errorf("%d retries after 200 successes", got)
		}
		time.Sleep(3 * time.Second)
		if got := spend(); got != 3 {
			t.Errorf("%d retries after 3 s", got)
		}
		if p.AllowRetry("nobody") {
			t.Error("an unknown provider may retry")
		}
	})
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	o := Options{Metrics: reg}
	a := NewProvider(ProviderConfig{Name: "a", Channel: touch.SMS}, class(touch.ResultAccepted), adapter.Capabilities{}, o)
	b := NewProvider(ProviderConfig{Name: "b", Channel: touch.SMS, Breaker: BreakerConfig{Consecutive: 1}}, class(touch.ResultRetryable), adapter.Capabilities{}, o)
	p := NewPool([]*Provider{a, b}, o)
	p.Send(t.Context(), "a", dispatches(3))
	for range 3 {
		p.Send(t.Context(), "b", dispatches(1))
	}
	families, err := reg.Gather()
	if err != nil || len(families) != 4 {
		t.Fatalf("%d families, %v", len(families), err)
	}
	// value reads one series by its labels' values.
	value := func(family string, labels ...string) float64 {
		for _, f := range families {
			for _, m := range f.GetMetric() {
				var got []string
				for _, l := range m.GetLabel() {
					got = append(got, l.GetValue())
				}
				if f.GetName() == family && slices.Equal(got, labels) {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
		return -1
	}
	for want, got := range map[float64]float64{
		3: value("touchgate_provider_attempts_total", "sms", "accepted", "a"),
		2: value("touchgate_provider_breaker_state", "sms", "b"),
		0: value("touchgate_provider_breaker_state", "sms", "a"),
		1: value("touchgate_provider_attempts_total", "sms", "retryable", "b"),
	} {
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := value("touchgate_provider_refusals_total", "sms", "b", "breaker_open"); got != 2 {
		t.Errorf("%v refusals", got)
	}
}

func BenchmarkSend(b *testing.B) {
	ok := class(touch.ResultAccepted)
	for name, c := range map[string]struct {
		a    adapter.Adapter
		caps adapter.Capabilities
	}{"single": {ok, adapter.Capabilities{}}, "batch": {&batching{fake: ok}, adapter.Capabilities{MaxBatch: 100}}} {
		b.Run(name, func(b *testing.B) {
			p, ds := pool(ProviderConfig{}, c.a, c.caps), dispatches(500)
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(ds) {
				p.Send(b.Context(), "p", ds)
			}
		})
	}
}
