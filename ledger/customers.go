package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Customers stores what is known of customers: one row each, read whole. Every
// change is an event.
type Customers interface {
	// Get returns the known customers by id; unknown ones are absent.
	Get(ctx context.Context, ids []string) (map[string]*touch.Customer, error)
	// Put stores profiles: zones, jurisdictions, addresses, tags, preferences
	// and attributes. Consents and outcomes stay as they were. Class Invalid: a
	// profile without an id, or two of one id.
	Put(ctx context.Context, customers []touch.Customer, actor string, now time.Time) error
	// AddConsents appends grants and revocations. A customer keeps the last word
	// about each scope, and of the words before the newest: 1,000 in all.
	AddConsents(ctx context.Context, facts []CustomerConsent, actor string) error
	// AddOutcomes appends outcomes, of which a customer keeps the newest 1,000. One
	// with the touch, kind and instant of a stored one changes nothing. An opt-out
	// also revokes the consent to its category and channel; what it does not name is
	// meant as a whole.
	AddOutcomes(ctx context.Context, facts []CustomerOutcome, actor string) error
}

// CustomerConsent is a consent of a customer.
type CustomerConsent struct {
	Customer string
	touch.Consent
}

// CustomerOutcome is an outcome of a contact with a customer.
type CustomerOutcome struct {
	Customer string
	touch.Outcome
}
