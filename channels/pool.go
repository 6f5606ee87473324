package channels

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Pool holds all providers and sends through the one that it is told to. The
// choice and the sending are two steps, because the choice is written into the
// ledger in between. It is safe for concurrent use and starts no goroutine
// that outlives a call.
type Pool struct {
	byName    map[string]*Provider
	byChannel map[touch.Channel][]*Provider
	order     []*Provider
	opts      Options
}

// NewPool gathers providers. Two of one name panic: the configuration was not checked.
func NewPool(providers []*Provider, o Options) *Pool {
	p := &Pool{byName: map[string]*Provider{}, byChannel: map[touch.Channel][]*Provider{}, order: providers, opts: o.withDefaults()}
	for _, v := range providers {
		if p.byName[v.Name()] != nil {
			panic("channels: two providers are named " + v.Name())
		}
		p.byName[v.Name()] = v
		p.byChannel[v.Channel()] = append(p.byChannel[v.Channel()], v)
	}
	return p
}

// Choose picks a provider of channel c for d by weight among the healthy ones
// that are not excluded; one that comes back from a rest is given a message a
// second to prove itself with. When there is none, ok is false and the refusal
// is a known non-send that says why.
func (p *Pool) Choose(c touch.Channel, d adapter.Dispatch, exclude []string) (provider string, ok bool, refusal touch.Result) {
	var weighted, standby []*Provider
	var waiting *Provider
	fits, total := false, 0
	for _, v := range p.byChannel[c] {
		if !v.canReach(&d) {
			continue
		}
		fits = true
		if slices.Contains(exclude, v.Name()) {
			continue
		}
		healthy, probe := false, false
		if v.pausedFor() <= 0 {
			healthy, probe = v.breaker.admit()
		}
		switch {
		case probe:
			return v.Name(), true, touch.Result{}
		case !healthy:
			if waiting == nil || v.retryAfter() < waiting.retryAfter() {
				waiting = v
			}
		case v.cfg.Weight > 0:
			weighted = append(weighted, v)
			total += v.cfg.Weight
		default:
			standby = append(standby, v)
		}
	}
	switch {
	case len(weighted) > 0:
		return p.drawByWeight(weighted, total).Name(), true, touch.Result{}
	case len(standby) > 0:
		return standby[int(p.opts.Rand()*float64(len(standby)))%len(standby)].Name(), true, touch.Result{}
	case waiting != nil:
		return "", false, waiting.refusal()
	case fits:
		return "", false, notTried(touch.ResultRetryable, touch.ReasonNoProvider, "every provider is excluded")
	case len(p.byChannel[c]) > 0:
		return "", false, notTried(touch.ResultRejected, touch.ReasonBadTarget, "no address")
	}
	return "", false, notTried(touch.ResultMisconfigured, touch.ReasonNoProvider, "")
}

// Rate is how many messages a second the providers of channel c take together;
// 0: no limit. Those that are ill, paused or excluded are left out, and those
// that stand by are counted only when they would be chosen. When nobody is
// left all count: what comes in their way is told to wait.
func (p *Pool) Rate(c touch.Channel, exclude []string) float64 {
	serves := func(v *Provider) bool { return v.healthy() && !slices.Contains(exclude, v.Name()) }
	for _, counts := range []func(*Provider) bool{
		func(v *Provider) bool { return v.cfg.Weight > 0 && serves(v) },
		serves,
		func(*Provider) bool { return true },
	} {
		rate, limited := 0.0, true
		for _, v := range p.byChannel[c] {
			if counts(v) {
				rate += v.cfg.Rate
				limited = limited && v.cfg.Rate > 0
			}
		}
		if !limited {
			return 0
		}
		if rate > 0 {
			return rate
		}
	}
	return 0
}

func (p *Pool) drawByWeight(from []*Provider, total int) *Provider {
	if len(from) == 1 {
		return from[0]
	}
	n := int(p.opts.Rand() * float64(total))
	for _, v := range from {
		if n -= v.cfg.Weight; n < 0 {
			return v
		}
	}
	return from[len(from)-1]
}

// healthy reports whether the provider may have any number of messages now.
func (p *Provider) healthy() bool { return p.pausedFor() <= 0 && p.breaker.isClosed() }

func (p *Provider) retryAfter() time.Duration {
	if d := p.pausedFor(); d > 0 {
		return d
	}
	return p.breaker.retryAfter()
}

func (p *Provider) refusal() touch.Result {
	if d := p.pausedFor(); d > 0 {
		return touch.Result{Class: touch.ResultThrottled, Reason: touch.ReasonPaused, RetryAfter: d, NoAttempt: true, Provider: p.Name()}
	}
	r := p.openResult()
	r.Provider = p.Name()
	return r
}

// Send sends ds by the named provider and answers one result each, in order.
func (p *Pool) Send(ctx context.Context, provider string, ds []adapter.Dispatch) []touch.Result {
	rs := make([]touch.Result, len(ds))
	p.SendEach(ctx, provider, ds, func(i int, r touch.Result) { rs[i] = r })
	return rs
}

// SendEach is Send that tells each result as it comes. done is called once
// for each dispatch, in any order, from any goroutine, never twice at the same
// time. SendEach returns after the last.
func (p *Pool) SendEach(ctx context.Context, provider string, ds []adapter.Dispatch, done func(i int, r touch.Result)) {
	v := p.byName[provider]
	if v == nil {
		for i := range ds {
			r := notTried(touch.ResultMisconfigured, touch.ReasonNoProvider, "")
			r.Provider = provider
			done(i, r)
		}
		return
	}
	v.sendAll(ctx, ds, done)
}

// sendAll cuts ds into calls and runs them, as many at once as the provider allows.
func (p *Provider) sendAll(ctx context.Context, ds []adapter.Dispatch, done func(int, touch.Result)) {
	results := make([]touch.Result, len(ds))
	var telling sync.Mutex
	tell := func(lo, hi int) {
		telling.Lock()
		defer telling.Unlock()
		for i := lo; i < hi; i++ {
			results[i].Provider = p.cfg.Name
			done(i, results[i])
		}
	}
	calls := p.splitCalls(ds)
	one := func(c span, begun func()) {
		if p.canReach(&ds[c.lo]) {
			p.send(ctx, ds[c.lo:c.hi], results[c.lo:c.hi], begun)
		} else {
			begun()
			fillResults(results[c.lo:c.hi], notTried(touch.ResultRejected, touch.ReasonBadTarget, "no address"))
		}
		tell(c.lo, c.hi)
	}
	if len(calls) == 1 {
		one(calls[0], func() {})
		return
	}
	var next, begun atomic.Int64
	var running sync.WaitGroup
	pass := p.startLock.take(ctx, ds[0].Urgent)
	defer pass()
	begin := func() {
		if int(begun.Add(1)) == len(calls) {
			pass()
		}
	}
	for range min(len(calls), p.cfg.Concurrency) {
		running.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(calls) {
					return
				}
				one(calls[k], begin)
			}
		})
	}
	running.Wait()
}

// span is a run of dispatches that go in one call: [lo,hi).
type span struct{ lo, hi int }

// splitCalls makes spans of at most a batch, none of which mixes dispatches that the
// provider can reach with those it cannot, or urgent ones with bulk.
func (p *Provider) splitCalls(ds []adapter.Dispatch) []span {
	calls := make([]span, 0, (len(ds)+p.batch-1)/p.batch)
	like := func(a, b *adapter.Dispatch) bool {
		return p.canReach(a) == p.canReach(b) && a.Urgent == b.Urgent
	}
	for lo := 0; lo < len(ds); {
		hi := lo + 1
		for hi < len(ds) && hi-lo < p.batch && like(&ds[lo], &ds[hi]) {
			hi++
		}
		calls = append(calls, span{lo, hi})
		lo = hi
	}
	return calls
}
