package ruleset_test

import (
	"fmt"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Compile reports every fault of every document, with its line and often a hint.
func ExampleCompile() {
	_, err := ruleset.Compile([]ruleset.Source{{Name: "bank.yaml", Data: []byte(`policy: bank
rules:
  - {id: weekly, when: category == "marketng", cap: {limit: 2, per: 7d}}
  - {id: night, hours: {daily: ["9-21"]}}
`)}}, ruleset.Options{})
	fmt.Println(err)
	// Output:
	// bank.yaml:3: "marketng" is not a category (one of marketing, service, transactional, collection)
	// bank.yaml:4: "9-21" is not a window: write 09:00-17:30 (did you mean 09:00-21:00?)
}

// Evaluate needs no guard and no store: the question and the customer's contact
// log hold all facts.
func ExampleSet_Evaluate() {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "bank.yaml", Data: []byte(`
policy: bank
rules:
  - {id: night, when: category == "marketing", hours: {daily: ["09:00-21:00"]}}
  - {id: consent, when: category == "marketing", require: consented("marketing")}
`)}}, ruleset.Options{})
	if err != nil {
		panic(err)
	}

	evening := time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC)
	customer := &touch.Customer{ID: "ada", Zones: []string{"Europe/Berlin"}}
	q := ruleset.Question{
		Touch: &touch.Touch{Request: touch.Request{
			Customer: "ada",
			Category: touch.Marketing,
			Plan:     []touch.Leg{{Channel: touch.SMS}},
		}},
		Customer: customer,
		Now:      evening,
	}
	noContacts := contactlog.Snapshot{Known: true}
	v := set.Evaluate(q, noContacts)
	fmt.Println("without consent:", v.Decision, "by", v.Rule)

	customer.Consents = []touch.Consent{{Scope: "marketing", Granted: true, At: evening.Add(-time.Hour)}}
	v = set.Evaluate(q, noContacts)
	fmt.Println("with consent:", v.Decision, "by", v.Rule, "until", v.Until.Format(time.RFC3339))
	// Output:
	// without consent: refuse by bank/consent
	// with consent: defer by bank/night until 2026-03-03T08:00:00Z
}
