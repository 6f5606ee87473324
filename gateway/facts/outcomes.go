package facts

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Outcome is what came of a contact that another system made.
type Outcome struct {
	Customer string `json:"customer" validate:"required,max=128,id"`
	touch.Outcome
}

// AddOutcomes appends what came of contacts that other systems made, so that
// cool-downs see them; one without an instant happened now. An opt-out revokes
// consent, as it does when a vendor reports it. The first result
// has one entry for each outcome, as in PutCustomers.
func (s *Service) AddOutcomes(ctx context.Context, p *access.Principal, outcomes []Outcome) ([]error, error) {
	now := s.now()
	wrong := make([]error, len(outcomes))
	var good []ledger.CustomerOutcome
	for i := range outcomes {
		o := outcomes[i]
		faults := s.tags.Check(&o)
		o.Kind = s.vocabulary.Outcome("kind", o.Kind, &faults)
		if o.Channel != "" && !o.Channel.Valid() {
			faults.Add("channel", "must be one of %s", validate.Join(touch.Channels()))
		}
		if o.Category != "" && !o.Category.Valid() {
			faults.Add("category", "must be one of %s", validate.Join(touch.Categories()))
		}
		o.Address = s.outcomeAddress(&o.Outcome, &faults)
		validate.Instant(&o.At, now, &faults)
		wrong[i] = faults.Err()
		if wrong[i] == nil {
			good = append(good, ledger.CustomerOutcome{Customer: o.Customer, Outcome: o.Outcome})
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.customers.AddOutcomes(ctx, good, p.Key)
}

// outcomeAddress returns the address of an outcome as we write it. Without a
// channel nobody can tell a number from an address of another kind.
func (s *Service) outcomeAddress(o *touch.Outcome, faults *touch.Faults) string {
	if o.Address != "" && o.Channel == "" {
		faults.Add("channel", "an address needs its channel")
		return o.Address
	}
	return s.phones.Address(o.Channel, "address", o.Address, faults)
}
