package gateway

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// StopOrder asks for an emergency stop. Empty fields match everything.
type StopOrder struct {
	Channel  touch.Channel  `json:"channel,omitempty" validate:"omitempty,channel"`
	Category touch.Category `json:"category,omitempty" validate:"omitempty,category"`
	Provider string         `json:"provider,omitempty" validate:"max=128"`
	Caller   string         `json:"caller,omitempty" validate:"max=128"`
	Owner    string         `json:"owner" validate:"required,max=128"`
	Reason   string         `json:"reason" validate:"required,max=512"`
	Until    *time.Time     `json:"until,omitempty"` // absent: until it is ended
}

// Stops lists the emergency stops in force, as the ledger has them.
func (s *Service) Stops(ctx context.Context) ([]ledger.KillSwitch, error) {
	c, err := s.ledger.Controls.Read(ctx)
	if err != nil {
		return nil, err
	}
	return c.KillSwitches, nil
}

// PutStop starts or replaces an emergency stop. Nothing that it matches is
// judged fit to send after it has answered.
func (s *Service) PutStop(ctx context.Context, p *Principal, id string, o StopOrder) (*ledger.KillSwitch, error) {
	now := s.now()
	faults := s.check.tags(&o)
	if id == "" || len(id) > 64 {
		faults.Add("id", "must have 1 to 64 characters")
	}
	if o.Until != nil && !o.Until.After(now) {
		faults.Add("until", "must lie in the future")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	stop := ledger.KillSwitch{
		ID: id, Channel: o.Channel, Category: o.Category, Provider: o.Provider, Caller: o.Caller,
		Owner: o.Owner, Reason: o.Reason, Since: now, Until: o.Until,
	}
	return &stop, s.ledger.Controls.PutKillSwitch(ctx, stop, p.Key, now)
}

// EndStop ends an emergency stop; class NotFound.
func (s *Service) EndStop(ctx context.Context, p *Principal, id string) error {
	return s.ledger.Controls.EndKillSwitch(ctx, id, p.Key, s.now())
}
