package channels

import (
	"slices"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Pool holds all providers. Choosing a provider and sending by it are two
// steps, because the worker writes the choice into the ledger in between. A
// Pool is safe for concurrent use and starts no goroutine that outlives a call.
type Pool struct {
	byName    map[string]*Provider
	byChannel map[touch.Channel][]*Provider
	order     []*Provider
	opts      Options
}

// NewPool returns a pool of the providers. It panics when two have one name:
// Registry.Open checks that first.
func NewPool(providers []*Provider, o Options) *Pool {
	p := &Pool{
		byName:    map[string]*Provider{},
		byChannel: map[touch.Channel][]*Provider{},
		order:     providers,
		opts:      o.withDefaults(),
	}
	for _, v := range providers {
		if p.byName[v.Name()] != nil {
			panic("channels: two providers are named " + v.Name())
		}
		p.byName[v.Name()] = v
		p.byChannel[v.Channel()] = append(p.byChannel[v.Channel()], v)
	}
	return p
}

// Choose returns a provider of channel c for d: by weight among the healthy
// ones that are not excluded, or a substitute (weight 0) where no weighted one
// is healthy. A provider whose breaker is half open gets one message a second
// as a probe. When no provider may have the message, ok is false and refusal, a
// known non-send, says why and when to try again.
func (p *Pool) Choose(c touch.Channel, d adapter.Dispatch, exclude []string) (provider string, ok bool, refusal touch.Result) {
	var weighted, substitutes []*Provider
	var waiting *Provider
	reachable := false
	total := 0
	for _, v := range p.byChannel[c] {
		if !v.canReach(&d) {
			continue
		}
		reachable = true
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
			substitutes = append(substitutes, v)
		}
	}
	switch {
	case len(weighted) > 0:
		return p.drawByWeight(weighted, total).Name(), true, touch.Result{}
	case len(substitutes) > 0:
		return substitutes[int(p.opts.Rand()*float64(len(substitutes)))%len(substitutes)].Name(), true, touch.Result{}
	case waiting != nil:
		return "", false, waiting.refusal()
	case reachable:
		return "", false, notTried(touch.ResultRetryable, touch.ReasonNoProvider, "every provider is excluded")
	case len(p.byChannel[c]) > 0:
		return "", false, notTried(touch.ResultRejected, touch.ReasonBadTarget, "no address")
	}
	return "", false, notTried(touch.ResultMisconfigured, touch.ReasonNoProvider, "")
}

// Channels returns the channel of each provider, by name.
func (p *Pool) Channels() map[string]touch.Channel {
	all := make(map[string]touch.Channel, len(p.order))
	for _, v := range p.order {
		all[v.Name()] = v.Channel()
	}
	return all
}

// Rate returns how many messages a second the providers of channel c take
// together; 0 is no limit. Providers that are open, paused or excluded do not
// count, and substitutes count only when they would be chosen. When no
// provider is left all of them count: their messages are told to wait.
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

// drawByWeight picks one provider at random, in proportion to its weight.
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

// retryAfter returns how long a message for this provider should wait.
func (p *Provider) retryAfter() time.Duration {
	if d := p.pausedFor(); d > 0 {
		return d
	}
	return p.breaker.retryAfter()
}
