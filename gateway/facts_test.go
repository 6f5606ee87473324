package gateway_test

import (
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"

	"context"
	"errors"
)

func firstField(t *testing.T, err error) string {
	t.Helper()
	var f touch.Faults
	if errors.As(err, &f) {
		return f[0].Field
	}
	return "no faults"
}

func TestProfilesAreChecked(t *testing.T) {
	h := newHouse(t)
	profiles := []gateway.Profile{
		{ID: "good", Zones: []string{"Europe/Paris"}, Attributes: map[string]any{"vip": true, "score": 4.5}},
		{ID: "zone", Zones: []string{"Mars/Olympus"}},
		{ID: "attr", Attributes: map[string]any{"x": []any{1.0}}},
		{ID: ""},
		{ID: "good", Zones: []string{"Asia/Tokyo"}}, // the last one holds
		{ID: "addr", Addresses: map[touch.Channel]string{touch.SMS: "call me"}},
	}
	wrong, err := h.PutCustomers(t.Context(), engine, profiles)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "zones", "attributes.x", "id", "", "addresses.sms"} {
		if want == "" {
			if wrong[i] != nil {
				t.Errorf("profile %d: %v", i, wrong[i])
			}
		} else if got := firstField(t, wrong[i]); got != want {
			t.Errorf("profile %d: %q, want %q", i, got, want)
		}
	}
	c, err := h.Customer(t.Context(), "good")
	if err != nil || c.Zones[0] != "Asia/Tokyo" {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := h.Customer(t.Context(), "zone"); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("a bad profile was stored: %v", err)
	}
}

func TestConsentsAndOutcomes(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	wrong, err := h.AddConsents(ctx, engine, []gateway.ConsentFact{
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", Granted: true}},
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", At: noon.Add(time.Hour)}},
		{Customer: "c1"},
	})
	if err != nil || wrong[0] != nil || firstField(t, wrong[1]) != "at" || firstField(t, wrong[2]) != "scope" {
		t.Fatalf("%v, %v", wrong, err)
	}
	wrong, err = h.AddOutcomes(ctx, engine, []gateway.OutcomeFact{
		{Customer: "c1", Outcome: touch.Outcome{Kind: "refused", Channel: touch.AICall}},
		{Customer: "c1", Outcome: touch.Outcome{Kind: "refused", Channel: "pigeon"}},
	})
	if err != nil || wrong[0] != nil || firstField(t, wrong[1]) != "channel" {
		t.Fatalf("%v, %v", wrong, err)
	}
	c, err := h.Customer(ctx, "c1")
	if err != nil || len(c.Consents) != 1 || !c.Consents[0].At.Equal(noon) || len(c.Outcomes) != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestASuppressionNeedsOwnerReasonAndEnd(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	later := noon.Add(time.Hour)
	good := gateway.Entry{Customer: "c1", Owner: "compliance", Reason: "complaint", Until: &later}
	for field, spoil := range map[string]func(e *gateway.Entry){
		"entries[1].owner":    func(e *gateway.Entry) { e.Owner = "" },
		"entries[1].reason":   func(e *gateway.Entry) { e.Reason = "" },
		"entries[1].until":    func(e *gateway.Entry) { e.Until = nil },
		"entries[1].scope":    func(e *gateway.Entry) { e.Scope = "everything" },
		"entries[1].customer": func(e *gateway.Entry) { e.Customer = "" },
		"entries[1].channel":  func(e *gateway.Entry) { e.Customer, e.Address = "", "x" },
	} {
		bad := good
		spoil(&bad)
		if _, err := h.Suppress(ctx, engine, []gateway.Entry{good, bad}, false); firstField(t, err) != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	both := good
	both.ForEver = true
	if _, err := h.Suppress(ctx, engine, []gateway.Entry{both}, false); firstField(t, err) != "entries[0].until" {
		t.Errorf("an end and for ever: %v", err)
	}
	if list, err := h.Listings(ctx, touch.Suppression, "", 10); err != nil || len(list) != 0 {
		t.Fatalf("bad entries left %v behind, %v", list, err)
	}
}

func TestASuppressionShowsItsReachBeforeItIsSaved(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	if _, err := h.PutCustomers(ctx, engine, []gateway.Profile{{ID: "c1"}}); err != nil {
		t.Fatal(err)
	}
	entry := gateway.Entry{Customer: "c1", Owner: "o", Reason: "r", ForEver: true}
	other, number := entry, entry
	other.Customer = "c2"
	number.Customer, number.Channel, number.Address = "", touch.SMS, "+123456"
	all := []gateway.Entry{entry, entry, other, number}
	for _, dry := range []bool{true, false} {
		reach, err := h.Suppress(ctx, engine, all, dry)
		if err != nil || reach != (gateway.Reach{Customers: 1, Unknown: 1, Addresses: 1}) {
			t.Fatalf("reach %+v, %v", reach, err)
		}
		list, _ := h.Listings(ctx, touch.Suppression, "", 10)
		if want := map[bool]int{true: 0, false: 3}[dry]; len(list) != want {
			t.Errorf("dry %v: %d entries, want %d", dry, len(list), want)
		}
	}
	if err := h.EndListing(ctx, engine, touch.Suppression, gateway.Entry{Customer: "c1"}); err != nil {
		t.Fatal(err)
	}
	live, err := h.ledger.Listings.Live(ctx, []string{touch.CustomerKey("c1")}, noon)
	if err != nil || len(live[touch.CustomerKey("c1")]) != 0 {
		t.Errorf("ended and still live: %v, %v", live, err)
	}
}

func TestSubscriptions(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for address, good := range map[string]bool{
		"https://engine.example/hook": true, "http://127.0.0.1:9/h": true, "http://localhost/h": true, "http://[::1]/h": true,
		"http://engine.example/h": false, "ftp://engine.example": false, "https://user:pw@engine.example": false,
		"https://": false, "": false, "http://127.0.0.1.evil.example/": false,
	} {
		s, err := h.Subscribe(ctx, "engine", address, nil, 0)
		if (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
		if good && len(s.Secret) != len("whsec_")+44 {
			t.Errorf("%s: a secret of %d characters", address, len(s.Secret))
		}
	}
	if _, err := h.Subscribe(ctx, "engine", "https://e.example", []touch.EventKind{"touch.lost"}, 0); firstField(t, err) != "kinds" {
		t.Errorf("an unknown kind: %v", err)
	}
	all, _ := h.Subscriptions(ctx, "engine")
	if len(all) != 4 {
		t.Fatalf("%d webhooks", len(all))
	}
	if err := h.Unsubscribe(ctx, "stranger", all[0].ID); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("a stranger ends it: %v", err)
	}
	if err := h.Unsubscribe(ctx, "engine", all[0].ID); err != nil {
		t.Error(err)
	}
}

// lateFeed has its first event after a while.
type lateFeed struct {
	from time.Time
}

func (l lateFeed) List(context.Context, string, int64, int) ([]touch.Event, error) {
	if time.Now().Before(l.from) {
		return nil, nil
	}
	return []touch.Event{{Seq: 1}}, nil
}

func TestEventsWaitForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, err := gateway.New(gateway.Options{Ledger: &ledger.Ledger{Events: lateFeed{from: time.Now().Add(3 * time.Second)}}, Guard: &fakeGuard{}, AppSecret: make([]byte, 32)})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if got, err := svc.Events(t.Context(), "engine", 0, 10, 2*time.Second); err != nil || len(got) != 0 || time.Since(start) != 2*time.Second {
			t.Errorf("too early: %v, %v after %s", got, err, time.Since(start))
		}
		if got, err := svc.Events(t.Context(), "engine", 0, 10, 30*time.Second); err != nil || len(got) != 1 || time.Since(start) > 3500*time.Millisecond {
			t.Errorf("in time: %v, %v after %s", got, err, time.Since(start))
		}
	})
}

func TestStops(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	if _, err := h.PutStop(ctx, engine, "s", gateway.StopOrder{Channel: "pigeon"}); firstField(t, err) != "channel" {
		t.Errorf("got %v", err)
	}
	if _, err := h.PutStop(ctx, engine, "s", gateway.StopOrder{Channel: touch.SMS, Owner: "duty officer", Reason: "wrong text"}); err != nil {
		t.Fatal(err)
	}
	stops, err := h.Stops(ctx)
	if err != nil || len(stops) != 1 || stops[0].Owner != "duty officer" {
		t.Fatalf("%+v, %v", stops, err)
	}
	if err := h.EndStop(ctx, engine, "s"); err != nil {
		t.Fatal(err)
	}
	if stops, _ := h.Stops(ctx); len(stops) != 0 {
		t.Errorf("ended and still there: %+v", stops)
	}
}
