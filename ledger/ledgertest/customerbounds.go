package ledgertest

import (
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testCustomerBounds: each verdict reads all consents and outcomes of a
// customer, so there are at most 1,000 of each. The last word about a scope is
// kept, however old it is.
func testCustomerBounds(k *kit) {
	at := k.now()
	consents := []ledger.CustomerConsent{{Customer: "c1", Consent: touch.Consent{Scope: "calls", At: at.Add(-time.Hour)}}}
	var outcomes []ledger.CustomerOutcome
	for i := range 1500 {
		instant := at.Add(time.Duration(i) * time.Second)
		consents = append(consents, ledger.CustomerConsent{
			Customer: "c1", Consent: touch.Consent{Scope: fmt.Sprint("s", i%3), Granted: i%2 == 0, At: instant},
		})
		outcomes = append(outcomes, ledger.CustomerOutcome{
			Customer: "c1", Outcome: touch.Outcome{Kind: touch.OutcomeNoAnswer, At: instant},
		})
	}
	for range 2 { // to say all of it again changes nothing
		k.must(k.ledger.Customers.AddConsents(k.ctx, consents, "me"))
		k.must(k.ledger.Customers.AddOutcomes(k.ctx, outcomes, "me"))
	}
	got, err := k.ledger.Customers.Get(k.ctx, []string{"c1"})
	k.must(err)
	c := got["c1"]
	k.wantEqual([]any{len(c.Consents), len(c.Outcomes), c.Version}, []any{1000, 1000, int64(2)})
	k.wantEqual(c.Consents[0], consents[0].Consent)
	k.wantEqual(c.Consents[999], consents[1500].Consent)
	k.wantEqual(c.Outcomes[0].At, at.Add(500*time.Second))

	// A revocation of a new scope is kept even where everything is a last word.
	consents = nil
	for i := range 1200 {
		consents = append(consents, ledger.CustomerConsent{
			Customer: "c2", Consent: touch.Consent{Scope: fmt.Sprint("s", i), At: at.Add(-time.Duration(i) * time.Second)},
		})
	}
	k.must(k.ledger.Customers.AddConsents(k.ctx, consents, "me"))
	got, err = k.ledger.Customers.Get(k.ctx, []string{"c2"})
	k.must(err)
	k.wantEqual(len(got["c2"].Consents), 1200)
}
