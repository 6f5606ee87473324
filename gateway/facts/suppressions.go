package facts

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// Impact counts whom a set of list entries would affect.
type Impact struct {
	Customers int `json:"customers"` // known customers that are named
	Unknown   int `json:"unknown"`   // named customers about whom nothing is known
	Addresses int `json:"addresses"` // named addresses, whosever they are
}

// Suppress puts entries on the bank's own do-not-contact list. Each entry
// needs an owner, a reason, and either an end or an explicit "for ever". When
// one entry is wrong, none is saved. With dryRun nothing is saved either: only
// the impact is computed.
func (s *Service) Suppress(ctx context.Context, p *access.Principal, entries []ListEntry, dryRun bool) (Impact, error) {
	now := s.now()
	var faults touch.Faults
	listings := make([]touch.Listing, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		ofEntry := s.checkListEntry(e, now)
		if e.Owner == "" {
			ofEntry.Add("owner", "is required: the person or team responsible")
		}
		if e.Reason == "" {
			ofEntry.Add("reason", "is required")
		}
		if (e.Until == nil) != e.ForEver {
			ofEntry.Add("until", "give an end, or say for_ever: exactly one of them")
		}
		faults = append(faults, ofEntry.In("entries", i)...)
		listings = append(listings, e.listing(touch.Suppression, now))
	}
	if len(entries) == 0 {
		faults.Add("entries", "is empty")
	}
	if len(faults) > 0 {
		return Impact{}, faults
	}

	impact, err := s.impact(ctx, entries)
	if err != nil || dryRun {
		return impact, err
	}
	return impact, s.listings.Put(ctx, listings, p.Key, now)
}

// impact counts each customer and each address once.
func (s *Service) impact(ctx context.Context, entries []ListEntry) (Impact, error) {
	var impact Impact
	var ids []string
	seen := make(map[string]bool)
	for i := range entries {
		e := &entries[i]
		key := e.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		if e.Address != "" {
			impact.Addresses++
		} else {
			ids = append(ids, e.Customer)
		}
	}
	if len(ids) == 0 {
		return impact, nil
	}
	known, err := s.customers.Get(ctx, ids)
	impact.Customers = len(known)
	impact.Unknown = len(ids) - len(known)
	return impact, err
}
