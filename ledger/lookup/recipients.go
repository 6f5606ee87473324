// SPDX-License-Identifier: Apache-2.0

// Package lookup reads from the ledger what intake and delivery both need to
// judge a touch: its recipient (customer, address, entries on lists) and its
// template. A batch costs two queries, whatever its size.
package lookup

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// CustomerReader is the part of ledger.Customers that recipients are read from.
type CustomerReader interface {
	Get(ctx context.Context, ids []string) (map[string]*touch.Customer, error)
}

// ListingReader is the part of ledger.Listings that recipients are read from.
type ListingReader interface {
	Live(ctx context.Context, keys []string, now time.Time) (map[string][]touch.Listing, error)
}

// Target is one leg of a touch whose recipient is wanted.
type Target struct {
	Touch *touch.Touch
	Leg   int // index into Touch.Plan
}

func (t Target) channel() touch.Channel { return t.Touch.Plan[t.Leg].Channel }

// Recipient is what is known of whom a leg goes to. Recipients of one batch
// share slices: read them, do not change them.
type Recipient struct {
	Customer *touch.Customer // nil: nothing is known of this customer
	Address  string          // on the leg's channel; "": none is known
	// Listings are the live entries of all lists for the customer, for the
	// address, and for the registers themselves (when each was last checked).
	Listings []touch.Listing
}

// Candidate is a touch of an accepted batch that intake found sendable at
// once, so that delivery may start before a worker claims it.
type Candidate struct {
	Index     int // of the touch in the batch
	Recipient Recipient
}

// Recipients reads the recipients of all targets, in their order, with one
// query for customers and one for lists. now decides which entries are live.
// Errors are those of the readers.
func Recipients(ctx context.Context, customers CustomerReader, listings ListingReader, targets []Target, now time.Time) ([]Recipient, error) {
	ids := customerIDs(targets)
	profiles, err := customers.Get(ctx, ids)
	if err != nil {
		return nil, err
	}

	// A profile may hold the address, so the keys of addresses are only known
	// after the customers were read.
	recipients := make([]Recipient, len(targets))
	addressKeys := make([]string, len(targets)) // "": the leg has no address
	keys := make([]string, 0, 1+len(ids)+len(targets))
	keys = append(keys, touch.RegisterKey)
	for _, id := range ids {
		keys = append(keys, touch.CustomerKey(id))
	}
	asked := make(map[string]bool, len(targets))
	for i, t := range targets {
		r := &recipients[i]
		r.Customer = profiles[t.Touch.Customer]
		r.Address = touch.AddressOn(t.channel(), &t.Touch.Request, r.Customer)
		if r.Address == "" {
			continue
		}
		key := touch.AddressKey(t.channel(), r.Address)
		addressKeys[i] = key
		if !asked[key] {
			asked[key] = true
			keys = append(keys, key)
		}
	}

	entries, err := listings.Live(ctx, keys, now)
	if err != nil {
		return nil, err
	}
	for i, t := range targets {
		ofAddress := []touch.Listing(nil)
		if addressKeys[i] != "" {
			ofAddress = entries[addressKeys[i]]
		}
		ofCustomer := entries[touch.CustomerKey(t.Touch.Customer)]
		recipients[i].Listings = join(ofCustomer, entries[touch.RegisterKey], ofAddress)
	}
	return recipients, nil
}

// customerIDs lists each customer of the targets once.
func customerIDs(targets []Target) []string {
	ids := make([]string, 0, len(targets))
	seen := make(map[string]bool, len(targets))
	for _, t := range targets {
		id := t.Touch.Customer
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// join concatenates the three lists. Most customers and addresses are on no
// list: then the registers' marks are returned as they are, without a copy.
func join(ofCustomer, ofRegisters, ofAddress []touch.Listing) []touch.Listing {
	if len(ofCustomer) == 0 && len(ofAddress) == 0 {
		return ofRegisters
	}
	return slices.Concat(ofCustomer, ofRegisters, ofAddress)
}
