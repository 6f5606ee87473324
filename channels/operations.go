package channels

import (
	"context"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Query asks the provider what became of a dispatch; can is false when it
// cannot be asked. ResultAccepted means that the vendor has the message,
// ResultRetryable that it surely does not.
func (p *Pool) Query(ctx context.Context, provider string, d adapter.Dispatch) (r touch.Result, can bool) {
	v := p.byName[provider]
	if v == nil {
		return touch.Result{}, false
	}
	q, ok := v.adapter.(adapter.Querier)
	if !ok {
		return touch.Result{}, false
	}
	defer func() {
		if recover() != nil {
			r = touch.Result{Detail: "the adapter panicked"}
		}
		r.Provider = provider
	}()
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout.Std())
	defer cancel()
	return q.Query(ctx, d), true
}

// Capabilities returns what the provider promises; false when there is no such
// provider.
func (p *Pool) Capabilities(provider string) (adapter.Capabilities, bool) {
	if v := p.byName[provider]; v != nil {
		return v.capabilities, true
	}
	return adapter.Capabilities{}, false
}

// Receipts returns the provider's parser of callbacks; false when it sends no
// receipts.
func (p *Pool) Receipts(provider string) (adapter.ReceiptParser, bool) {
	if v := p.byName[provider]; v != nil {
		r, ok := v.adapter.(adapter.ReceiptParser)
		return r, ok
	}
	return nil, false
}

// AllowRetry takes one retry from the provider's retry budget: a tenth of its
// successes, and one a second. False means: retry later, and spend no attempt.
func (p *Pool) AllowRetry(provider string) bool {
	v := p.byName[provider]
	return v != nil && v.budget.spend()
}

// ProviderStatus is the state of one provider, for operators. Nothing calls
// Status yet: a later route of the API will show it.
type ProviderStatus struct {
	Name        string           `json:"name"`
	Channel     touch.Channel    `json:"channel"`
	Weight      int              `json:"weight"`
	Breaker     string           `json:"breaker"` // closed, half_open, open
	PausedUntil *time.Time       `json:"paused_until,omitempty"`
	Attempts    map[string]int64 `json:"attempts"` // by result class, since the start
	// Misconfigured is the vendor's latest complaint about our account.
	Misconfigured string `json:"misconfigured,omitempty"`
	// CanQuery, GivesReceipts and the rest say what the provider is able to do.
	CanQuery      bool           `json:"can_query"`
	GivesReceipts bool           `json:"gives_receipts"`
	Idempotency   touch.Duration `json:"idempotency_window,omitempty"`
	MaxBatch      int            `json:"max_batch,omitempty"`
}

// Status returns the state of every provider, in configured order.
func (p *Pool) Status() []ProviderStatus {
	all := make([]ProviderStatus, 0, len(p.order))
	for _, v := range p.order {
		all = append(all, v.status())
	}
	return all
}

func (p *Provider) status() ProviderStatus {
	s := ProviderStatus{
		Name: p.cfg.Name, Channel: p.cfg.Channel, Weight: p.cfg.Weight, Breaker: p.breaker.state(),
		Attempts: map[string]int64{}, Idempotency: touch.Duration(p.capabilities.IdempotencyWindow), MaxBatch: p.capabilities.MaxBatch,
	}
	_, s.CanQuery = p.adapter.(adapter.Querier)
	_, s.GivesReceipts = p.adapter.(adapter.ReceiptParser)
	if d := p.pausedFor(); d > 0 {
		until := p.opts.Now().Add(d)
		s.PausedUntil = &until
	}
	for k := range p.attempts {
		if n := p.attempts[k].Load(); n > 0 {
			s.Attempts[touch.ResultClass(k).String()] = n
		}
	}
	if r := p.lastMisconfigured.Load(); r != nil {
		s.Misconfigured = r.Code + " " + r.Detail
	}
	return s
}
