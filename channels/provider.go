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

// maxPause is the longest pause of the whole provider that a vendor can ask for.
// A longer Retry-After, for example for a daily limit on one number, delays
// that message and not all the others.
const maxPause = time.Minute

// Provider is a vendor's adapter with an account, guarded by a circuit breaker,
// a rate limiter, a timeout and a bulkhead. It is safe for concurrent use.
type Provider struct {
	cfg          ProviderConfig
	capabilities adapter.Capabilities
	adapter      adapter.Adapter
	batcher      adapter.BatchSender // nil: one call a message
	batch        int                 // messages in one call
	opts         Options

	breaker           *breaker
	limiter           *rateLimiter
	bulkhead          bulkhead
	startLock         startLock
	budget            *retryBudget
	metrics           *metrics
	pausedUntil       atomic.Int64 // until, unix nanoseconds
	lastMisconfigured atomic.Pointer[touch.Result]
	attempts          [touch.ResultMisconfigured + 1]atomic.Int64
}

// NewProvider guards an adapter. Zero numbers in cfg take their defaults.
func NewProvider(cfg ProviderConfig, a adapter.Adapter, caps adapter.Capabilities, o Options) *Provider {
	o = o.withDefaults()
	if caps.DeliversOnAccept && cfg.Concurrency == 0 {
		cfg.Concurrency = localConcurrency()
	}
	cfg = cfg.withDefaults(caps.MaxBatch)
	p := &Provider{
		cfg: cfg, capabilities: caps, adapter: a, batch: 1, opts: o,
		breaker:   newBreaker(cfg.Name, cfg.Breaker, o),
		limiter:   newRateLimiter(cfg.Rate, cfg.Burst, o.Now),
		bulkhead:  newBulkhead(cfg.Concurrency),
		startLock: newStartLock(),
		budget:    newRetryBudget(o.Now),
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

// send makes one call for the dispatches (one, or a batch) and fills out with
// one result for each. out is zero to begin with, which is ResultUnknown: a
// panic on the way leaves the messages as perhaps sent. The pass counts the
// call as started when it has a slot.
//
// The order of the checks matters: what waits long comes first, and the checks
// of the clearance, the verdict's age and the breaker stand right before the call.
func (p *Provider) send(ctx context.Context, ds []adapter.Dispatch, out []touch.Result, pass *startPass, may permit) {
	urgent := ds[0].Urgent
	if may.revoked() {
		// A paused campaign takes no slot and no token from others.
		pass.callStarted()
		p.refuse(out, RevokedResult())
		return
	}
	if !urgent {
		p.opts.PriorityGate.WaitForUrgent(ctx)
	}
	if !p.bulkhead.acquire(ctx, urgent) {
		p.refuse(out, notTried(touch.ResultRetryable, "", "the context ended while it waited for a slot"))
		return
	}
	defer p.bulkhead.release(urgent)
	pass.callStarted()

	// Everything that may refuse the call without asking the breaker: a probe
	// that is asked for and not made would keep the breaker half open.
	if !p.mayCall(ctx, urgent, out) {
		p.metrics.countRefusals(out)
		return
	}
	if refusal, ok := may.confirm(ctx); !ok {
		p.refuse(out, refusal)
		return
	}
	start := p.opts.Now()
	if verdictTooOld(ds, start) {
		p.refuse(out, notTried(touch.ResultRetryable, touch.ReasonLate, ""))
		return
	}

	attempt, ok := p.breaker.begin()
	if !ok {
		p.refuse(out, p.openResult())
		return
	}
	defer func() { attempt.finish(healthOf(ctx, out)) }()
	p.call(ctx, ds, out)
	p.recordResults(p.opts.Now(), start, out)
}

// refuse fills out with the result of a call that is not made.
func (p *Provider) refuse(out []touch.Result, r touch.Result) {
	fillResults(out, r)
	p.metrics.countRefusals(out)
}

// verdictTooOld reports whether the judgement behind any of the dispatches is too old: a
// process that was frozen, or waited long for its turn, must not send by it.
func verdictTooOld(ds []adapter.Dispatch, now time.Time) bool {
	for i := range ds {
		if at := ds[i].NotAfter; !at.IsZero() && now.After(at) {
			return true
		}
	}
	return false
}

// mayCall is everything that may turn a call away before the breaker is asked.
func (p *Provider) mayCall(ctx context.Context, urgent bool, out []touch.Result) bool {
	if until := p.pausedFor(); until > 0 {
		r := notTried(touch.ResultThrottled, touch.ReasonPaused, "")
		r.RetryAfter = until
		fillResults(out, r)
		return false
	}
	if !p.breaker.mayCall() {
		fillResults(out, p.openResult())
		return false
	}
	return p.limiter.wait(ctx, urgent, out)
}

// call runs the adapter under the timeout. A panic leaves out as it was:
// Unknown. Its value is not logged, since it may quote the message.
func (p *Provider) call(ctx context.Context, ds []adapter.Dispatch, out []touch.Result) {
	defer func() {
		if v := recover(); v != nil {
			fillResults(out, touch.Result{Detail: "the adapter panicked"})
			p.opts.Logger.Error("adapter panicked", "provider", p.cfg.Name, "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
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

// recordResults keeps what the answers say of the vendor as a whole.
func (p *Provider) recordResults(now, start time.Time, out []touch.Result) {
	var took int
	var wait time.Duration
	for i := range out {
		r := &out[i]
		if r.Class > touch.ResultMisconfigured {
			*r = touch.Result{Detail: "the adapter answered no known class"}
		}
		p.attempts[r.Class].Add(1)
		switch r.Class {
		case touch.ResultAccepted:
			took++
		case touch.ResultThrottled:
			wait = max(wait, r.RetryAfter)
		case touch.ResultMisconfigured:
			p.lastMisconfigured.Store(&touch.Result{Class: r.Class, Code: r.Code, Detail: r.Detail})
		}
	}
	p.metrics.observeCall(now.Sub(start), out)
	if took > 0 {
		p.budget.earn(took)
	} else if wait > 0 {
		// Nothing of the call was taken: the vendor means the account, not one address.
		p.pauseUntil(now.Add(min(wait, maxPause)))
	}
}

func (p *Provider) pauseUntil(t time.Time) {
	for at := t.UnixNano(); ; {
		old := p.pausedUntil.Load()
		if old >= at || p.pausedUntil.CompareAndSwap(old, at) {
			return
		}
	}
}

// pausedFor is how long the vendor's wish to wait still holds; 0 or less: not.
func (p *Provider) pausedFor() time.Duration {
	at := p.pausedUntil.Load()
	if at == 0 {
		return 0
	}
	return time.Unix(0, at).Sub(p.opts.Now())
}

// canReach reports whether the provider can reach this dispatch at all.
func (p *Provider) canReach(d *adapter.Dispatch) bool {
	return d.Address != "" || !p.capabilities.NeedsAddress
}
