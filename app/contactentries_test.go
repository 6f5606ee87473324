package app

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// oneContact is the parts of a ledger that holds one contact and one customer.
type oneContact struct {
	ledger.Contacts
	ledger.Customers
	contact  ledger.PastContact
	customer touch.Customer
}

func (l *oneContact) Since(context.Context, []string, time.Time) (map[string][]ledger.PastContact, error) {
	return map[string][]ledger.PastContact{"c": {l.contact}}, nil
}

func (l *oneContact) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return map[string]*touch.Customer{"c": &l.customer}, nil
}

// TestContactEntries checks that caps by address and by template count contacts
// that were read from the ledger.
func TestContactEntries(t *testing.T) {
	l := &oneContact{customer: touch.Customer{
		ID:        "c",
		Addresses: map[touch.Channel]string{touch.SMS: "own"}, // calls go to the same number
	}}
	l.contact.Channel = touch.AICall
	l.contact.Template = "invitation"
	for named, want := range map[string]string{"": "own", "named": "named"} {
		l.contact.Address = named
		read := contactEntries(&ledger.Ledger{Contacts: l, Customers: l})
		logs, err := read(t.Context(), []string{"c"}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		entry := logs["c"][0]
		if entry.Address != contactlog.Hash(want) || entry.Template != contactlog.Hash("invitation") {
			t.Errorf("%+v, want the address %q", entry, want)
		}
	}
}
