package facts_test

import (
	"testing"
	"time"

	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestProfileFaults(t *testing.T) {
	f := gatewaytest.New(t)
	profiles := []facts.Profile{
		{ID: "good", Zones: []string{"Europe/Paris"}, Attributes: map[string]any{"vip": true, "score": 4.5}},
		{ID: "zone", Zones: []string{"Mars/Olympus"}},
		{ID: "attr", Attributes: map[string]any{"x": []any{1.0}}},
		{ID: ""},
		{ID: "good", Zones: []string{"Asia/Tokyo"}}, // the last one holds
		{ID: "addr", Addresses: map[touch.Channel]string{touch.SMS: "call me"}},
	}
	wrong, err := f.Facts.PutCustomers(t.Context(), gatewaytest.Engine(), profiles)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "zones", "attributes.x", "id", "", "addresses.sms"} {
		if want == "" {
			if wrong[i] != nil {
				t.Errorf("profile %d: %v", i, wrong[i])
			}
		} else if got := gatewaytest.FirstField(t, wrong[i]); got != want {
			t.Errorf("profile %d: %q, want %q", i, got, want)
		}
	}
	c, err := f.Facts.Customer(t.Context(), "good")
	if err != nil || c.Zones[0] != "Asia/Tokyo" {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := f.Facts.Customer(t.Context(), "zone"); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("a bad profile was stored: %v", err)
	}
}

func TestConsentsAndOutcomes(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	wrong, err := f.Facts.AddConsents(ctx, gatewaytest.Engine(), []facts.Consent{
		{Customer: "c1", ConsentChange: facts.ConsentChange{Scope: "marketing", Granted: new(true)}},
		{Customer: "c1", ConsentChange: facts.ConsentChange{Scope: "marketing", Granted: new(false), At: gatewaytest.Noon.Add(time.Hour)}},
		{Customer: "c1", ConsentChange: facts.ConsentChange{Granted: new(true)}},
	})
	if err != nil || wrong[0] != nil || gatewaytest.FirstField(t, wrong[1]) != "at" || gatewaytest.FirstField(t, wrong[2]) != "scope" {
		t.Fatalf("%v, %v", wrong, err)
	}
	wrong, err = f.Facts.AddOutcomes(ctx, gatewaytest.Engine(), []facts.Outcome{
		{Customer: "c1", Outcome: touch.Outcome{Kind: "refused", Channel: touch.AICall}},
		{Customer: "c1", Outcome: touch.Outcome{Kind: "refused", Channel: "pigeon"}},
	})
	if err != nil || wrong[0] != nil || gatewaytest.FirstField(t, wrong[1]) != "channel" {
		t.Fatalf("%v, %v", wrong, err)
	}
	c, err := f.Facts.Customer(ctx, "c1")
	if err != nil || len(c.Consents) != 1 || !c.Consents[0].At.Equal(gatewaytest.Noon) || len(c.Outcomes) != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestSuppressionFaults(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	later := gatewaytest.Noon.Add(time.Hour)
	good := facts.ListEntry{Customer: "c1", Owner: "compliance", Reason: "complaint", Until: &later}
	for field, spoil := range map[string]func(e *facts.ListEntry){
		"entries[1].owner":    func(e *facts.ListEntry) { e.Owner = "" },
		"entries[1].reason":   func(e *facts.ListEntry) { e.Reason = "" },
		"entries[1].until":    func(e *facts.ListEntry) { e.Until = nil },
		"entries[1].scope":    func(e *facts.ListEntry) { e.Scope = "everything" },
		"entries[1].customer": func(e *facts.ListEntry) { e.Customer = "" },
		"entries[1].channel":  func(e *facts.ListEntry) { e.Customer, e.Address = "", "x" },
	} {
		bad := good
		spoil(&bad)
		if _, err := f.Facts.Suppress(ctx, gatewaytest.Engine(), []facts.ListEntry{good, bad}, false); gatewaytest.FirstField(t, err) != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	both := good
	both.ForEver = true
	if _, err := f.Facts.Suppress(ctx, gatewaytest.Engine(), []facts.ListEntry{both}, false); gatewaytest.FirstField(t, err) != "entries[0].until" {
		t.Errorf("an end and for_ever: %v", err)
	}
	if list, err := f.Ledger.Listings.List(ctx, touch.Suppression, ledger.ListingCursor{}, 10); err != nil || len(list) != 0 {
		t.Fatalf("bad entries were saved: %v, %v", list, err)
	}
}

func TestSuppressionDryRun(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	if _, err := f.Facts.PutCustomers(ctx, gatewaytest.Engine(), []facts.Profile{{ID: "c1"}}); err != nil {
		t.Fatal(err)
	}
	entry := facts.ListEntry{Customer: "c1", Owner: "o", Reason: "r", ForEver: true}
	other, number := entry, entry
	other.Customer = "c2"
	number.Customer, number.Channel, number.Address = "", touch.SMS, "+447700900001"
	all := []facts.ListEntry{entry, entry, other, number}
	for _, dry := range []bool{true, false} {
		reach, err := f.Facts.Suppress(ctx, gatewaytest.Engine(), all, dry)
		if err != nil || reach != (facts.Impact{Customers: 1, Unknown: 1, Addresses: 1}) {
			t.Fatalf("reach %+v, %v", reach, err)
		}
		list, _ := f.Ledger.Listings.List(ctx, touch.Suppression, ledger.ListingCursor{}, 10)
		if want := map[bool]int{true: 0, false: 3}[dry]; len(list) != want {
			t.Errorf("dry %v: %d entries, want %d", dry, len(list), want)
		}
	}
	if err := f.Facts.EndListEntry(ctx, gatewaytest.Engine(), touch.Suppression, facts.ListEntry{Customer: "c1"}); err != nil {
		t.Fatal(err)
	}
	live, err := f.Ledger.Listings.Live(ctx, []string{touch.CustomerKey("c1")}, gatewaytest.Noon)
	if err != nil || len(live[touch.CustomerKey("c1")]) != 0 {
		t.Errorf("ended and still live: %v, %v", live, err)
	}
}
