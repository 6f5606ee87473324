package facts

import (
	"context"
	"math"
	"unicode/utf8"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// Profile is what a caller may say about a customer. It replaces the stored
// profile as a whole; consents and outcomes have calls of their own and stay.
type Profile struct {
	ID            string                   `json:"id" validate:"required,max=128,id"`
	Zones         []string                 `json:"zones,omitempty" validate:"max=8,dive,max=64"`
	Jurisdictions []string                 `json:"jurisdictions,omitempty" validate:"max=16,dive,required,max=32,name"`
	Addresses     map[touch.Channel]string `json:"addresses,omitempty" validate:"max=8,dive,keys,channel,endkeys,required,max=512"`
	Tags          []string                 `json:"tags,omitempty" validate:"max=64,dive,required,max=64,name"`
	Preferences   map[string]string        `json:"preferences,omitempty" validate:"max=64,dive,keys,required,max=64,name,endkeys,max=512"`
	// Attributes are strings, numbers or booleans.
	Attributes map[string]any `json:"attributes,omitempty" validate:"max=64,dive,keys,required,max=64,name,endkeys"`
}

// Customer returns everything known about a customer; class NotFound.
func (s *Service) Customer(ctx context.Context, id string) (*touch.Customer, error) {
	found, err := s.customers.Get(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, touch.Errorf(touch.NotFound, "id", "nothing is known of this customer")
	}
	return found[id], nil
}

// PutCustomers stores profiles. The first result has one entry for each
// profile: what is wrong with it, or nil when it was stored. A bad profile
// does not keep the others from being stored. When a customer comes twice,
// the last profile counts.
func (s *Service) PutCustomers(ctx context.Context, p *access.Principal, profiles []Profile) ([]error, error) {
	wrong := make([]error, len(profiles))
	last := make(map[string]int, len(profiles)) // customer -> index of its last good profile
	for i := range profiles {
		wrong[i] = s.checkProfile(&profiles[i]).Err()
		if wrong[i] == nil {
			last[profiles[i].ID] = i
		}
	}

	customers := make([]touch.Customer, 0, len(last))
	for i := range profiles {
		if index, ok := last[profiles[i].ID]; ok && index == i {
			customers = append(customers, profiles[i].customer())
		}
	}
	if len(customers) == 0 {
		return wrong, nil
	}
	return wrong, s.customers.Put(ctx, customers, p.Key, s.now())
}

// Warnings lists what in a profile is stored and read by no rule, although a
// rule reads a name much like it.
func (s *Service) Warnings(f *Profile) touch.Faults {
	stored := f.customer()
	return s.vocabulary.Warnings(&stored)
}

// maxExact is the largest number up to which JSON's numbers keep every unit. A
// longer account number would be rounded without a word.
const maxExact = 1<<53 - 1

// customer returns the profile as the ledger stores it.
func (f *Profile) customer() touch.Customer {
	return touch.Customer{
		ID:            f.ID,
		Zones:         f.Zones,
		Jurisdictions: f.Jurisdictions,
		Addresses:     f.Addresses,
		Tags:          f.Tags,
		Preferences:   f.Preferences,
		Attributes:    f.Attributes,
	}
}

func (s *Service) checkProfile(f *Profile) touch.Faults {
	faults := s.tags.Check(f)
	s.zones.check(f.Zones, &faults)
	f.Addresses = s.phones.Addresses(f.Addresses, &faults)
	stored := f.customer()
	s.vocabulary.Customer(&stored, &faults)
	for name, value := range f.Attributes {
		switch value := value.(type) {
		case bool:
		case float64:
			if math.Abs(value) > maxExact {
				faults.Add("attributes."+name, "must be at most %d: write a longer number as a text, which keeps its digits", maxExact)
			}
		case string:
			if utf8.RuneCountInString(value) > 512 {
				faults.Add("attributes."+name, "must have at most 512 characters")
			}
		default:
			faults.Add("attributes."+name, "must be a string, a number or a boolean")
		}
	}
	return faults
}
