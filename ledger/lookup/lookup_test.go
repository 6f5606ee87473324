package lookup_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fakeReader answers from maps and notes what it was asked for.
type fakeReader struct {
	customers map[string]*touch.Customer
	listings  map[string][]touch.Listing
	ids, keys []string
}

func (f *fakeReader) Get(_ context.Context, ids []string) (map[string]*touch.Customer, error) {
	f.ids = append(f.ids, ids...)
	return f.customers, nil
}

func (f *fakeReader) Live(_ context.Context, keys []string, _ time.Time) (map[string][]touch.Listing, error) {
	f.keys = append(f.keys, keys...)
	return f.listings, nil
}

func smsTo(customer, address string) *touch.Touch {
	t := &touch.Touch{Request: touch.Request{Customer: customer, Plan: []touch.Leg{{Channel: touch.SMS}}}}
	if address != "" {
		t.Addresses = map[touch.Channel]string{touch.SMS: address}
	}
	return t
}

func TestRecipients(t *testing.T) {
	known := &touch.Customer{ID: "c1", Addresses: map[touch.Channel]string{touch.SMS: "+100"}}
	mark := touch.Listing{List: "national", Key: touch.RegisterKey}
	ofCustomer := touch.Listing{List: "suppression", Key: touch.CustomerKey("c1")}
	ofAddress := touch.Listing{List: "national", Key: touch.AddressKey(touch.SMS, "+100")}
	f := &fakeReader{
		customers: map[string]*touch.Customer{"c1": known},
		listings: map[string][]touch.Listing{
			touch.RegisterKey: {mark}, ofCustomer.Key: {ofCustomer}, ofAddress.Key: {ofAddress},
		},
	}
	targets := []lookup.Target{
		{Touch: smsTo("c1", "")}, {Touch: smsTo("c1", "+200")}, {Touch: smsTo("stranger", "+100")}, {Touch: smsTo("stranger", "")},
	}
	got, err := lookup.Recipients(t.Context(), f, f, targets, noon)
	if err != nil {
		t.Fatal(err)
	}

	want := []lookup.Recipient{
		{Customer: known, Address: "+100", Listings: []touch.Listing{ofCustomer, mark, ofAddress}},
		{Customer: known, Address: "+200", Listings: []touch.Listing{ofCustomer, mark}},
		{Address: "+100", Listings: []touch.Listing{mark, ofAddress}},
		{Listings: []touch.Listing{mark}},
	}
	for i, w := range want {
		if g := got[i]; g.Customer != w.Customer || g.Address != w.Address || !slices.Equal(g.Listings, w.Listings) {
			t.Errorf("target %d: got %+v, want %+v", i, g, w)
		}
	}
	if !slices.Equal(f.ids, []string{"c1", "stranger"}) {
		t.Errorf("read the customers %v", f.ids)
	}
	if keys := slices.Compact(slices.Sorted(slices.Values(f.keys))); len(keys) != 5 || len(f.keys) != 5 {
		t.Errorf("read the keys %v", f.keys)
	}
}

// fakeTemplates counts reads; the latest version is latest.
type fakeTemplates struct{ latest, reads int }

func (f *fakeTemplates) Get(_ context.Context, name string, version int) (*ledger.Template, error) {
	f.reads++
	if version > f.latest {
		return nil, touch.Errorf(touch.NotFound, "name", "no such version")
	}
	if version == 0 {
		version = f.latest
	}
	return &ledger.Template{Name: name, Version: version}, nil
}

func TestTemplateCache(t *testing.T) {
	f := &fakeTemplates{latest: 2}
	now := noon
	c := lookup.NewTemplates(f, func() time.Time { return now })
	expect := func(step string, version, want, reads int) {
		t.Helper()
		got, err := c.Version(t.Context(), "welcome", version)
		if err != nil || got.Version != want || f.reads != reads {
			t.Errorf("%s: version %+v (%v) after %d reads, want %d after %d", step, got, err, f.reads, want, reads)
		}
	}
	expect("first read of the latest", 0, 2, 1)
	expect("first read of version 1", 1, 1, 2)

	f.latest = 3
	now = now.Add(999 * time.Millisecond)
	expect("within a second", 0, 2, 2)
	now = now.Add(time.Millisecond)
	expect("after a second", 0, 3, 3)
	expect("a version, much later", 1, 1, 3)

	f.latest = 4
	c.Forget("welcome")
	expect("after Forget", 0, 4, 4)
	if _, err := c.Version(t.Context(), "welcome", 9); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("an unknown version: %v", err)
	}
}
