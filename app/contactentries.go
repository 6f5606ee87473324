package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// contactEntries returns a function that reads the contacts of customers since
// an instant from the ledger, as entries of the contact log. No other place
// turns one into the other. A contact whose touch named no address went to the
// customer's own.
func contactEntries(l *ledger.Ledger) func(
	ctx context.Context, customers []string, since time.Time,
) (map[string][]contactlog.Entry, error) {
	return func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
		contactsOf, err := l.Contacts.Since(ctx, customers, since)
		if err != nil {
			return nil, err
		}
		known, err := l.Customers.Get(ctx, slices.Collect(maps.Keys(contactsOf)))
		if err != nil {
			return nil, err
		}

		logs := make(map[string][]contactlog.Entry, len(contactsOf))
		for customer, contacts := range contactsOf {
			entries := make([]contactlog.Entry, len(contacts))
			for i, c := range contacts {
				if c.Address == "" {
					c.Address = known[customer].AddressOn(c.Channel)
				}
				entries[i] = contactEntry(&c)
			}
			logs[customer] = entries
		}
		return logs, nil
	}
}

// contactEntry turns a contact of the ledger into an entry of the contact log.
func contactEntry(c *ledger.PastContact) contactlog.Entry {
	return contactlog.Entry{
		ID:       touch.DispatchID(c.Touch, c.Leg),
		Pending:  c.Pending,
		At:       c.At,
		Kind:     contactlog.KindOf(c.Kind),
		Channel:  c.Channel,
		Category: c.Category,
		Subject:  contactlog.Hash(c.Subject),
		Campaign: contactlog.Hash(c.Campaign),
		Caller:   contactlog.Hash(c.Caller),
		Address:  contactlog.Hash(c.Address),
		Template: contactlog.Hash(c.Template),
	}
}
