package operations

import (
	"context"
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

// PutKillSwitch sets or replaces a kill switch. Once it returns, workers begin
// to send nothing that the switch matches: each asserts the control version
// before it sends, and this call has raised it.
func (s *Service) PutKillSwitch(ctx context.Context, p *access.Principal, id string, o KillSwitchOrder) (*ledger.KillSwitch, error) {
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
	return &killSwitch, s.controls.PutKillSwitch(ctx, killSwitch, p.Key, now)
}
