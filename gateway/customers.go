package gateway

import (
	"context"
	"strings"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Profile is what a caller may say of a customer. It replaces the profile as a
// whole; consents and outcomes have their own ways in and stay.
type Profile struct {
	ID            string                   `json:"id" validate:"required,max=128,printascii"`
	Zones         []string                 `json:"zones,omitempty" validate:"max=8,dive,max=64"`
	Jurisdictions []string                 `json:"jurisdictions,omitempty" validate:"max=16,dive,required,max=32"`
	Addresses     map[touch.Channel]string `json:"addresses,omitempty" validate:"max=8,dive,keys,channel,endkeys,required,max=512"`
	Tags          []string                 `json:"tags,omitempty" validate:"max=64,dive,required,max=64"`
	Preferences   map[string]string        `json:"preferences,omitempty" validate:"max=64,dive,keys,max=64,endkeys,max=512"`
	// Attributes are strings, numbers or booleans.
	Attributes map[string]any `json:"attributes,omitempty" validate:"max=64,dive,keys,max=64,endkeys"`
}

// ConsentFact is a grant or a revocation of one customer.
type ConsentFact struct {
	Customer string `json:"customer" validate:"required,max=128,printascii"`
	touch.Consent
}

// OutcomeFact is what came of a contact that another system made.
type OutcomeFact struct {
	Customer string `json:"customer" validate:"required,max=128,printascii"`
	touch.Outcome
}

// Customer reads everything known of a customer; class NotFound.
func (s *Service) Customer(ctx context.Context, id string) (*touch.Customer, error) {
	found, err := s.ledger.Customers.Get(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, touch.Errorf(touch.NotFound, "id", "nothing is known of this customer")
	}
	return found[id], nil
}

// PutCustomers stores profiles. The first slice has, for each profile, what is
// wrong with it, or nil: the good ones are stored whatever the others are. Of
// a profile given twice the last one holds.
func (s *Service) PutCustomers(ctx context.Context, p *Principal, profiles []Profile) ([]error, error) {
	wrong := make([]error, len(profiles))
	last := make(map[string]int, len(profiles))
	for i := range profiles {
		wrong[i] = s.checkProfile(&profiles[i]).Err()
		if wrong[i] == nil {
			last[profiles[i].ID] = i
		}
	}
	customers := make([]touch.Customer, 0, len(last))
	for i := range profiles {
		if at, ok := last[profiles[i].ID]; ok && at == i && wrong[i] == nil {
			f := &profiles[i]
			customers = append(customers, touch.Customer{
				ID: f.ID, Zones: f.Zones, Jurisdictions: f.Jurisdictions, Addresses: f.Addresses,
				Tags: f.Tags, Preferences: f.Preferences, Attributes: f.Attributes,
			})
		}
	}
	if len(customers) == 0 {
		return wrong, nil
	}
	return wrong, s.ledger.Customers.Put(ctx, customers, p.Key, s.now())
}

func (s *Service) checkProfile(f *Profile) touch.Faults {
	faults := s.check.tags(f)
	s.zones.check(f.Zones, &faults)
	checkAddresses(f.Addresses, &faults)
	for name, v := range f.Attributes {
		switch v := v.(type) {
		case bool, float64:
		case string:
			if len(v) > 512 {
				faults.Add("attributes."+name, "must have at most 512 characters")
			}
		default:
			faults.Add("attributes."+name, "must be a string, a number or a boolean")
		}
	}
	return faults
}

// AddConsents appends grants and revocations; one without an instant is of
// now. The first slice is as PutCustomers has it.
func (s *Service) AddConsents(ctx context.Context, p *Principal, facts []ConsentFact) ([]error, error) {
	now := s.now()
	wrong := make([]error, len(facts))
	var good []ledger.CustomerConsent
	for i := range facts {
		f := facts[i]
		faults := s.check.tags(&f)
		checkInstant(&f.At, now, &faults)
		if f.Until != nil && !f.Until.After(f.At) {
			faults.Add("until", "must be after at")
		}
		if wrong[i] = faults.Err(); wrong[i] == nil {
			good = append(good, ledger.CustomerConsent{Customer: f.Customer, Consent: f.Consent})
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.ledger.Customers.AddConsents(ctx, good, p.Key)
}

// AddOutcomes appends what came of contacts that other systems made; one
// without an instant is of now. The first slice is as PutCustomers has it.
func (s *Service) AddOutcomes(ctx context.Context, p *Principal, facts []OutcomeFact) ([]error, error) {
	now := s.now()
	wrong := make([]error, len(facts))
	var good []ledger.CustomerOutcome
	for i := range facts {
		f := facts[i]
		faults := s.check.tags(&f)
		if f.Channel != "" && !f.Channel.Valid() {
			faults.Add("channel", "must be one of %s", list(touch.Channels()))
		}
		if f.Category != "" && !f.Category.Valid() {
			faults.Add("category", "must be one of %s", list(touch.Categories()))
		}
		checkInstant(&f.At, now, &faults)
		if wrong[i] = faults.Err(); wrong[i] == nil {
			good = append(good, ledger.CustomerOutcome{Customer: f.Customer, Outcome: f.Outcome})
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.ledger.Customers.AddOutcomes(ctx, good, p.Key)
}

// list writes words with commas between.
func list[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
