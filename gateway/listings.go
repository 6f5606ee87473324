package gateway

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Entry is what a caller puts on a list: a customer, or an address on a channel.
type Entry struct {
	Customer string        `json:"customer,omitempty" validate:"max=128"`
	Channel  touch.Channel `json:"channel,omitempty" validate:"omitempty,channel"`
	Address  string        `json:"address,omitempty" validate:"max=512"`
	// Scope narrows it to a category, a channel or "category:channel".
	Scope     string     `json:"scope,omitempty" validate:"max=64"`
	Since     time.Time  `json:"since,omitzero"`
	Until     *time.Time `json:"until,omitempty"`
	ForEver   bool       `json:"for_ever,omitempty"`
	Owner     string     `json:"owner,omitempty" validate:"max=128"`
	Reason    string     `json:"reason,omitempty" validate:"max=512"`
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// Reach is how many a set of entries would touch.
type Reach struct {
	Customers int `json:"customers"` // known customers named
	Unknown   int `json:"unknown"`   // customers named that nothing is known of
	Addresses int `json:"addresses"` // addresses named, whoever has them
}

// Suppress puts entries on our own do-not-contact list. Each needs an owner, a
// reason, and an end or an explicit "for ever". With dry set nothing is saved:
// the reach is all that is wanted. All entries are good or none is saved.
func (s *Service) Suppress(ctx context.Context, p *Principal, entries []Entry, dry bool) (Reach, error) {
	now := s.now()
	var faults touch.Faults
	listings := make([]touch.Listing, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		own := s.checkEntry(e, now)
		if e.Owner == "" {
			own.Add("owner", "is required: who answers for it")
		}
		if e.Reason == "" {
			own.Add("reason", "is required")
		}
		if (e.Until == nil) != e.ForEver {
			own.Add("until", "give an end, or say for_ever: exactly one of them")
		}
		faults = append(faults, own.In("entries", i)...)
		listings = append(listings, e.listing(touch.Suppression, now))
	}
	if len(entries) == 0 {
		faults.Add("entries", "is empty")
	}
	if len(faults) > 0 {
		return Reach{}, faults
	}
	reach, err := s.reach(ctx, entries)
	if err != nil || dry {
		return reach, err
	}
	return reach, s.ledger.Listings.Put(ctx, listings, p.Key, now)
}

// PutRegister stores entries of an outside register under its name. The first
// slice is as PutCustomers has it.
func (s *Service) PutRegister(ctx context.Context, p *Principal, register string, entries []Entry) ([]error, error) {
	if err := checkRegister(register); err != nil {
		return nil, err
	}
	now := s.now()
	wrong := make([]error, len(entries))
	var good []touch.Listing
	for i := range entries {
		if wrong[i] = s.checkEntry(&entries[i], now).Err(); wrong[i] == nil {
			good = append(good, entries[i].listing(register, now))
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.ledger.Listings.Put(ctx, good, p.Key, now)
}

// CheckRegister notes that a register was taken over, or asked, as a whole at
// an instant, by default now: rules with checked_within go by it.
func (s *Service) CheckRegister(ctx context.Context, p *Principal, register string, at time.Time) error {
	if err := checkRegister(register); err != nil {
		return err
	}
	now := s.now()
	if at.IsZero() {
		at = now
	}
	if at.After(now) {
		return touch.Errorf(touch.Invalid, "at", "must not lie in the future")
	}
	mark := touch.Listing{List: register, Key: touch.RegisterKey, Since: at, CheckedAt: &at}
	return s.ledger.Listings.Put(ctx, []touch.Listing{mark}, p.Key, now)
}

// EndListing takes an entry off a list; class NotFound.
func (s *Service) EndListing(ctx context.Context, p *Principal, name string, e Entry) error {
	now := s.now()
	if faults := s.checkEntry(&e, now); len(faults) > 0 {
		return faults
	}
	return s.ledger.Listings.End(ctx, name, e.listing(name, now).Key, e.Scope, p.Key, now)
}

// Listings pages through one list by key.
func (s *Service) Listings(ctx context.Context, name, after string, limit int) ([]touch.Listing, error) {
	return s.ledger.Listings.List(ctx, name, after, limit)
}

func checkRegister(name string) error {
	if name == "" || len(name) > 64 || name == touch.Suppression {
		return touch.Errorf(touch.Invalid, "register", "must have 1 to 64 characters, and not be %q", touch.Suppression)
	}
	return nil
}

func (s *Service) checkEntry(e *Entry, now time.Time) touch.Faults {
	faults := s.check.tags(e)
	switch {
	case (e.Customer == "") == (e.Address == ""):
		faults.Add("customer", "name a customer, or a channel and an address")
	case e.Address != "" && e.Channel == "":
		faults.Add("channel", "an address needs its channel")
	case e.Address != "":
		checkAddresses(map[touch.Channel]string{e.Channel: e.Address}, &faults)
	}
	if e.Until != nil && !e.Until.After(now) {
		faults.Add("until", "must lie in the future")
	}
	if !goodScope(e.Scope) {
		faults.Add("scope", "must be a category, a channel, or category:channel")
	}
	return faults
}

func goodScope(scope string) bool {
	if scope == "" || touch.Category(scope).Valid() || touch.Channel(scope).Valid() {
		return true
	}
	for _, c := range touch.Categories() {
		for _, ch := range touch.Channels() {
			if scope == string(c)+":"+string(ch) {
				return true
			}
		}
	}
	return false
}

func (e *Entry) listing(name string, now time.Time) touch.Listing {
	l := touch.Listing{
		List: name, Key: touch.CustomerKey(e.Customer), Since: e.Since, Until: e.Until,
		Scope: e.Scope, Owner: e.Owner, Reason: e.Reason, CheckedAt: e.CheckedAt,
	}
	if e.Address != "" {
		l.Key = touch.AddressKey(e.Channel, e.Address)
	}
	if l.Since.IsZero() {
		l.Since = now
	}
	return l
}

func (s *Service) reach(ctx context.Context, entries []Entry) (Reach, error) {
	var r Reach
	var ids []string
	seen := make(map[string]bool)
	for i := range entries {
		key := entries[i].listing("", time.Time{}).Key
		if seen[key] {
			continue
		}
		seen[key] = true
		if entries[i].Address != "" {
			r.Addresses++
		} else {
			ids = append(ids, entries[i].Customer)
		}
	}
	if len(ids) == 0 {
		return r, nil
	}
	known, err := s.ledger.Customers.Get(ctx, ids)
	r.Customers, r.Unknown = len(known), len(ids)-len(known)
	return r, err
}
