package ledgertest

import (
	"fmt"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testCustomers(k *kit) {
	profile := touch.Customer{
		ID: "c1", Zones: []string{"Asia/Shanghai"}, Jurisdictions: []string{"cn"}, Addresses: map[touch.Channel]string{touch.SMS: "+86"},
		Tags: []string{"vip"}, Preferences: map[string]string{"quiet": "22:00-07:00"}, Attributes: map[string]any{"age": 42.0, "gold": true},
	}
	at := k.now()
	k.must(k.ledger.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", Granted: true, At: at}},
		{Customer: "c2", Consent: touch.Consent{Scope: "marketing:sms", At: at}},
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", At: at.Add(-time.Hour), Evidence: "doc 7"}},
	}, "me"))
	k.must(k.ledger.Customers.Put(k.ctx, []touch.Customer{profile, {ID: "c3"}}, "me", at))
	outcome := ledger.CustomerOutcome{Customer: "c1", Outcome: touch.Outcome{Kind: touch.OutcomeNoAnswer, At: at, Touch: touch.NewID("a", "b")}}
	k.must(k.ledger.Customers.AddOutcomes(k.ctx, []ledger.CustomerOutcome{outcome, outcome}, "me"))
	k.must(k.ledger.Customers.AddOutcomes(k.ctx, []ledger.CustomerOutcome{outcome}, "me"))
	got, err := k.ledger.Customers.Get(k.ctx, []string{"c1", "c2", "c3", "c4"})
	k.must(err)
	if len(got) != 3 {
		k.t.Fatalf("%+v", got)
	}
	want := profile
	want.Version = 3 // consents, the profile, one outcome
	want.Consents = []touch.Consent{{Scope: "marketing", At: at.Add(-time.Hour), Evidence: "doc 7"}, {Scope: "marketing", Granted: true, At: at}}
	want.Outcomes = []touch.Outcome{outcome.Outcome}
	k.wantEqual(got["c1"], want)
	k.must(k.ledger.Customers.Put(k.ctx, []touch.Customer{{ID: "c1", Consents: []touch.Consent{{Scope: "forged", Granted: true}}}}, "me", at))
	got, err = k.ledger.Customers.Get(k.ctx, []string{"c1"})
	k.must(err)
	k.wantEqual(got["c1"], touch.Customer{ID: "c1", Version: 4, Consents: want.Consents, Outcomes: want.Outcomes})
	k.wantClass(touch.Invalid, k.ledger.Customers.Put(k.ctx, []touch.Customer{{ID: ""}}, "me", at))
	k.wantClass(touch.Invalid, k.ledger.Customers.Put(k.ctx, []touch.Customer{{ID: "c9"}, {ID: "c9"}}, "me", at))
	k.wantClass(touch.Invalid, k.ledger.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{{}}, "me"))
	// Concurrent additions to one customer are all stored.
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := ledger.CustomerConsent{Customer: "c5", Consent: touch.Consent{Scope: fmt.Sprint("s", i), Granted: true, At: at}}
			if err := k.ledger.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{c}, "me"); err != nil {
				k.t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err = k.ledger.Customers.Get(k.ctx, []string{"c5"})
	k.must(err)
	k.wantEqual([]any{len(got["c5"].Consents), got["c5"].Version}, []any{20, 20})
	events, err := k.ledger.Events.List(k.ctx, "", 0, 1000)
	k.must(err)
	if len(events) != 3+2+1+1+20 || events[0].Customer == "" || events[0].Actor != "me" {
		k.t.Fatalf("%d events: %+v", len(events), events[0])
	}
}
