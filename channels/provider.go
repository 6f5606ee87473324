package channels

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// A vendor's longest say over the whole provider. A longer wait (a daily limit
// on one number) delays that message, not everybody's.
const maxPause = time.Minute

// Provider is a vendor's adapter with an account, guarded by a breaker, a
// rate, a timeout and a number of calls at once. It is safe for concurrent use.
type Provider struct {
	cfg     ProviderConfig
	caps    adapter.Capabilities
	adapter adapter.Adapter
	batcher adapter.BatchSender // nil: one call a message
	batch   int                 // messages in one call
	o       Options

	breaker *breaker
	pace    *pace
	slots   slots
	turn    turn
	budget  *budget
	metrics *metrics
	pause   atomic.Int64 // until, unix nanoseconds
	last    atomic.Pointer[touch.Result]
	sent    [touch.ResultMisconfigured + 1]atomic.Int64
}

// NewProvider guards an adapter. Zero numbers in cfg take their defaults.
func NewProvider(cfg ProviderConfig, a adapter.Adapter, caps adapter.Capabilities, o Options) *Provider {
	o = o.withDefaults()
	if caps.Immediate && cfg.Concurrency == 0 {
		cfg.Concurrency = ownConcurrency()
	}
	cfg = cfg.withDefaults(caps.MaxBatch)
	p := &Provider{
		cfg: cfg, caps: caps, adapter: a, batch: 1, o: o,
		breaker: newBreaker(cfg.Name, cfg.Breaker, o),
		pace:    newPace(cfg.Rate, cfg.Burst, o.Now),
		slots:   newSlots(cfg.Concurrency),
		turn:    newTurn(),
		budget:  newBudget(o.Now),
	}
	if b, ok := a.(adapter.BatchSender); ok && caps.MaxBatch > 1 {
		p.batcher, p.batch = b, caps.MaxBatch
		if cfg.Rate > 0 {
			p.batch = min(p.batch, cfg.Burst)
		}
	}
	p.metrics = newMetrics(cfg.Name, cfg.Channel, o.Metrics, p.breaker.gauge)
	return p
}

// Name is the provider's configured name.
func (p *Provider) Name() string { return p.cfg.Name }

// Channel is what the provider serves.
func (p *Provider) Channel() touch.Channel { return p.cfg.Channel }

// send makes one call for the dispatches (one, or a batch) and fills out, one
// result for each. out is zero, thus Unknown, to begin with. It tells when it has
// a slot for the call.
func (p *Provider) send(ctx context.Context, ds []adapter.Dispatch, out []touch.Result, begun func()) {
	urgent := ds[0].Urgent
	if !urgent {
		p.o.PriorityGate.WaitForUrgent(ctx)
	}
	if !p.slots.acquire(ctx, urgent) {
		fill(out, notTried(touch.ResultRetryable, "", "ended before its turn"))
		p.metrics.refused(out)
		return
	}
	defer p.slots.release(urgent)
	begun()
	if !p.enter(ctx, urgent, out) {
		p.metrics.refused(out)
		return
	}
	start := p.o.Now()
	if late(ds, start) {
		fill(out, notTried(touch.ResultRetryable, touch.ReasonLate, ""))
		p.metrics.refused(out)
		return
	}
	done, ok := p.breaker.allow()
	if !ok {
		fill(out, p.resting())
		p.metrics.refused(out)
		return
	}
	defer func() { done(health(ctx, out)) }()
	p.call(ctx, ds, out)
	p.note(p.o.Now(), start, out)
}

// late reports whether the judgement behind any of the dispatches is too old: a
// process that was frozen, or waited long for its turn, must not send by it.
func late(ds []adapter.Dispatch, now time.Time) bool {
	for i := range ds {
		if at := ds[i].NotAfter; !at.IsZero() && now.After(at) {
			return true
		}
	}
	return false
}

// enter is everything that may turn a call away before the breaker is asked.
func (p *Provider) enter(ctx context.Context, urgent bool, out []touch.Result) bool {
	if until := p.pausedFor(); until > 0 {
		r := notTried(touch.ResultThrottled, touch.ReasonPaused, "")
		r.RetryAfter = until
		fill(out, r)
		return false
	}
	if !p.breaker.ready() {
		fill(out, p.resting())
		return false
	}
	return p.pace.enter(ctx, urgent, out)
}

// call runs the adapter under the timeout. A panic leaves out as it was:
// Unknown. Its value is not logged, since it may quote the message.
func (p *Provider) call(ctx context.Context, ds []adapter.Dispatch, out []touch.Result) {
	defer func() {
		if v := recover(); v != nil {
			fill(out, touch.Result{Detail: "the adapter panicked"})
			p.o.Logger.Error("adapter panicked", "provider", p.cfg.Name, "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout.Std())
	defer cancel()
	if p.batcher != nil {
		copy(out, p.batcher.SendBatch(ctx, ds))
		return
	}
	out[0] = p.adapter.Send(ctx, ds[0])
}

// note keeps what the answers say of the vendor as a whole.
func (p *Provider) note(now, start time.Time, out []touch.Result) {
	var took int
	var wait time.Duration
	for i := range out {
		r := &out[i]
		if r.Class > touch.ResultMisconfigured {
			*r = touch.Result{Detail: "the adapter answered no known class"}
		}
		p.sent[r.Class].Add(1)
		switch r.Class {
		case touch.ResultAccepted:
			took++
		case touch.ResultThrottled:
			wait = max(wait, r.RetryAfter)
		case touch.ResultMisconfigured:
			p.last.Store(&touch.Result{Class: r.Class, Code: r.Code, Detail: r.Detail})
		}
	}
	p.metrics.called(now.Sub(start), out)
	if took > 0 {
		p.budget.earn(took)
	} else if wait > 0 {
		// Nothing of the call was taken: the vendor means the account, not one address.
		p.pauseUntil(now.Add(min(wait, maxPause)))
	}
}

func (p *Provider) pauseUntil(t time.Time) {
	for at := t.UnixNano(); ; {
		old := p.pause.Load()
		if old >= at || p.pause.CompareAndSwap(old, at) {
			return
		}
	}
}

// pausedFor is how long the vendor's wish to wait still holds; 0 or less: not.
func (p *Provider) pausedFor() time.Duration {
	at := p.pause.Load()
	if at == 0 {
		return 0
	}
	return time.Unix(0, at).Sub(p.o.Now())
}

func (p *Provider) resting() touch.Result {
	r := notTried(touch.ResultRetryable, touch.ReasonBreaker, "")
	r.RetryAfter = p.breaker.rest()
	return r
}

// fits reports whether the provider can reach this dispatch at all.
func (p *Provider) fits(d *adapter.Dispatch) bool { return d.Address != "" || !p.caps.NeedsAddress }
