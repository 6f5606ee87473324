package facts

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Consent is a grant or a revocation by one customer.
type Consent struct {
	Customer string `json:"customer" validate:"required,max=128,printascii"`
	touch.Consent
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
		validate.Instant(&c.At, now, &faults)
		if c.Until != nil && !c.Until.After(c.At) {
			faults.Add("until", "must be after at")
		}
		wrong[i] = faults.Err()
		if wrong[i] == nil {
			good = append(good, ledger.CustomerConsent{Customer: c.Customer, Consent: c.Consent})
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.customers.AddConsents(ctx, good, p.Key)
}
