package operations

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// KillSwitchOrder asks for a kill switch. Empty fields match everything: an
// order without channel, category, provider and caller stops all sending.
type KillSwitchOrder struct {
	Channel  touch.Channel  `json:"channel,omitempty" validate:"omitempty,channel"`
	Category touch.Category `json:"category,omitempty" validate:"omitempty,category"`
	Provider string         `json:"provider,omitempty" validate:"max=128,name"`
	Caller   string         `json:"caller,omitempty" validate:"max=128,name"`
	Owner    string         `json:"owner" validate:"required,max=128,name"`
	Reason   string         `json:"reason" validate:"required,max=512,plain"`
	Until    *time.Time     `json:"until,omitempty"` // nil: until it is released
}

// KillSwitches lists the kill switches in force, read from the ledger rather
// than from this node's view.
func (s *Service) KillSwitches(ctx context.Context) ([]ledger.KillSwitch, error) {
	c, err := s.controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	return c.KillSwitches, nil
}

// KillSwitchAnswer is a kill switch that was set.
type KillSwitchAnswer struct {
	ledger.KillSwitch
	// Binds is at most how many touches wait now that the kill switch holds back.
	// Categories are not told apart. 0: it holds nothing; nil: they could not be
	// counted in time.
	Binds   *int64 `json:"binds,omitempty"`
	Warning string `json:"warning,omitempty"` // what looks like a slip
}

// countWithin is how long it may take to count what a kill switch holds back.
const countWithin = 2 * time.Second

// PutKillSwitch sets or replaces a kill switch. Once it returns, nothing that the
// switch matches is sent, except what a vendor is being given at that moment
// (with ledger.AnswerSettled).
func (s *Service) PutKillSwitch(ctx context.Context, p *access.Principal, id string, o KillSwitchOrder) (*KillSwitchAnswer, error) {
	now := s.now()
	faults := s.tags.Check(&o)
	validate.Name("id", id, 64, &faults)
	if o.Until != nil && !o.Until.After(now) {
		faults.Add("until", "must lie in the future")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	killSwitch := ledger.KillSwitch{
		ID:       id,
		Channel:  o.Channel,
		Category: o.Category,
		Provider: o.Provider,
		Caller:   o.Caller,
		Owner:    o.Owner,
		Reason:   o.Reason,
		Since:    now,
		Until:    o.Until,
	}
	// They are counted at the same time: later the workers have taken them off the
	// timers, and the brake waits for no count.
	answer := &KillSwitchAnswer{KillSwitch: killSwitch}
	var counting sync.WaitGroup
	counting.Go(func() { s.count(ctx, answer) })
	err := s.controls.PutKillSwitch(ctx, killSwitch, p.Key, now)
	counting.Wait()
	return answer, err
}

// count fills in how many touches a kill switch holds back. The switch is in
// force whether they can be counted or not.
func (s *Service) count(ctx context.Context, a *KillSwitchAnswer) {
	channel := a.Channel
	if a.Provider != "" {
		serves, known := s.providers[a.Provider]
		if !known {
			a.Warning = unknownName("provider", a.Provider, slices.Sorted(maps.Keys(s.providers)))
		}
		if !known || (channel != "" && channel != serves) {
			a.Binds = new(int64)
			return
		}
		channel = serves
	}
	ctx, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	if callers, err := s.callers(ctx); a.Caller != "" && err == nil && !slices.Contains(callers, a.Caller) {
		a.Warning = unknownName("caller", a.Caller, callers)
	}
	if n, err := s.touches.CountWaiting(ctx, a.Caller, channel); err == nil {
		a.Binds = &n
	}
}
