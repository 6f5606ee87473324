package facts

import (
	"context"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Consent is a grant or a revocation by one customer.
type Consent struct {
	Customer string `json:"customer" validate:"required,max=128,id"`
	ConsentChange
}

// ConsentChange is a grant or a revocation without the customer. Granted is
// required: a file that lacks the column must not revoke everybody's consent.
type ConsentChange struct {
	Scope    string     `json:"scope" validate:"required,max=128,id"`
	Granted  *bool      `json:"granted" validate:"required"`
	At       time.Time  `json:"at,omitzero"`
	Until    *time.Time `json:"until,omitempty"`
	Evidence string     `json:"evidence,omitempty" validate:"max=512"` // where the proof lies: a document id, never its text
}

// stored returns the change as the ledger stores it.
func (c *ConsentChange) stored() touch.Consent {
	return touch.Consent{Scope: c.Scope, Granted: *c.Granted, At: c.At, Until: c.Until, Evidence: c.Evidence}
}

// AddConsents appends grants and revocations; one without an instant happened
// now. The first result has one entry for each consent, as in PutCustomers.
func (s *Service) AddConsents(ctx context.Context, p *access.Principal, consents []Consent) ([]error, error) {
	now := s.now()
	wrong := make([]error, len(consents))
	var good []ledger.CustomerConsent
	for i := range consents {
		c := consents[i]
		faults := s.tags.Check(&c)
		s.vocabulary.Scope("scope", c.Scope, &faults)
		validate.Instant(&c.At, now, &faults)
		if c.Until != nil && !c.Until.After(c.At) {
			faults.Add("until", "must be after at")
		}
		wrong[i] = faults.Err()
		if wrong[i] == nil {
			good = append(good, ledger.CustomerConsent{Customer: c.Customer, Consent: c.stored()})
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.customers.AddConsents(ctx, good, p.Key)
}
