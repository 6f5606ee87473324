package facts

import (
	"context"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// ListEntry is what a caller puts on a list: a customer, or an address on a
// channel.
type ListEntry struct {
	Customer string        `json:"customer,omitempty" validate:"max=128,id"`
	Channel  touch.Channel `json:"channel,omitempty" validate:"omitempty,channel"`
	Address  string        `json:"address,omitempty" validate:"max=512"`
	// Scope narrows the entry to a category, a channel or "category:channel".
	Scope     string     `json:"scope,omitempty" validate:"max=64"`
	Since     time.Time  `json:"since,omitzero"`
	Until     *time.Time `json:"until,omitempty"`
	ForEver   bool       `json:"for_ever,omitempty"`
	Owner     string     `json:"owner,omitempty" validate:"max=128,name"`
	Reason    string     `json:"reason,omitempty" validate:"max=512,plain"`
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// EndListEntry takes an entry off a list now; class NotFound.
func (s *Service) EndListEntry(ctx context.Context, p *access.Principal, list string, e ListEntry) error {
	now := s.now()
	if faults := s.checkListEntry(&e, now); len(faults) > 0 {
		return faults
	}
	return s.listings.End(ctx, list, e.key(), e.Scope, p.Key, now)
}

func (s *Service) checkListEntry(e *ListEntry, now time.Time) touch.Faults {
	faults := s.tags.Check(e)
	switch {
	case (e.Customer == "") == (e.Address == ""):
		faults.Add("customer", "name a customer, or a channel and an address")
	case e.Address != "" && e.Channel == "":
		faults.Add("channel", "an address needs its channel")
	case e.Address != "":
		e.Address = s.phones.Address(e.Channel, "address", e.Address, &faults)
	}
	if e.Until != nil && !e.Until.After(now) {
		faults.Add("until", "must lie in the future")
	}
	if !isScope(e.Scope) {
		faults.Add("scope", "must be a category, a channel, or category:channel")
	}
	return faults
}

func isScope(scope string) bool {
	if scope == "" || touch.Category(scope).Valid() || touch.Channel(scope).Valid() {
		return true
	}
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			if scope == string(category)+":"+string(channel) {
				return true
			}
		}
	}
	return false
}

// key is the entry's key in the ledger: that of its address, else of its
// customer.
func (e *ListEntry) key() string {
	if e.Address != "" {
		return touch.AddressKey(e.Channel, e.Address)
	}
	return touch.CustomerKey(e.Customer)
}

// listing returns the entry as the ledger stores it; without Since it begins
// now.
func (e *ListEntry) listing(list string, now time.Time) touch.Listing {
	l := touch.Listing{
		List:      list,
		Key:       e.key(),
		Since:     e.Since,
		Until:     e.Until,
		Scope:     e.Scope,
		Owner:     e.Owner,
		Reason:    e.Reason,
		CheckedAt: e.CheckedAt,
	}
	if l.Since.IsZero() {
		l.Since = now
	}
	return l
}
