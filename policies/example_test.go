package policies_test

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// document allows marketing from nine to nine, twice in seven days.
const document = `
policy: bank
rules:
  - {id: night, when: category == "marketing", hours: {daily: ["09:00-21:00"]}}
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}}
`

// exampleGuard returns a guard with an empty contact log in memory. A node keeps
// the log in Redis, and loads it from the ledger.
func exampleGuard() *policies.Guard {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "bank.yaml", Data: []byte(document)}}, ruleset.Options{})
	if err != nil {
		panic(err)
	}
	nothing := func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) { return nil, nil }
	guard := policies.NewGuard(contactlog.NewModel(), nothing)
	guard.Use(set)
	return guard
}

// offer asks about an offer by text message to one customer.
func offer(key string, now time.Time) policies.Question {
	return policies.Question{
		Touch: &touch.Touch{
			ID:     touch.NewID("engine", key),
			Caller: "engine",
			Request: touch.Request{
				Key:      key,
				Customer: "ada",
				Category: touch.Marketing,
				Plan:     []touch.Leg{{Channel: touch.SMS}},
			},
		},
		Customer: &touch.Customer{ID: "ada", Version: 1, Zones: []string{"UTC"}},
		Address:  "+4915112345678",
		Now:      now,
	}
}

// Forecast says whether a touch may go, and changes nothing.
func ExampleGuard_Forecast() {
	night := time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC)
	verdicts, err := exampleGuard().Forecast(context.Background(), []policies.Question{offer("spring-1", night)})
	if err != nil {
		panic(err)
	}
	v := verdicts[0]
	fmt.Println(v.Decision, v.Rule, v.Until.Format(time.DateTime))
	// Output: defer bank/night 2026-03-03 09:00:00
}

// Reserve takes a place under every cap. A place that is not used is released.
func ExampleGuard_Reserve() {
	ctx := context.Background()
	guard := exampleGuard()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	reserve := func(key string) {
		verdicts, err := guard.Reserve(ctx, []policies.Question{offer(key, noon)})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s %q\n", key, verdicts[0].Decision, verdicts[0].Rule)
	}
	reserve("spring-1")
	reserve("spring-2")
	reserve("spring-3")

	// The vendor certainly did not send spring-1, so its place is free again.
	unsent := contactlog.Settlement{
		Customer: "ada",
		ID:       touch.DispatchID(touch.NewID("engine", "spring-1"), 0),
		Release:  true,
	}
	if err := guard.Settle(ctx, []contactlog.Settlement{unsent}); err != nil {
		panic(err)
	}
	reserve("spring-3")
	// Output:
	// spring-1: allow ""
	// spring-2: allow ""
	// spring-3: defer "bank/weekly"
	// spring-3: allow ""
}

// Explain writes a verdict for people.
func ExampleExplain() {
	fmt.Print(policies.Explain(touch.Verdict{
		Decision: touch.DecisionRefuse,
		Rule:     "bank/consent",
		Channel:  touch.SMS,
		At:       time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		Findings: []touch.Finding{
			{Rule: "bank/night", Kind: "hours", Decision: touch.DecisionAllow},
			{Rule: "bank/consent", Kind: "consent", Decision: touch.DecisionRefuse},
		},
	}, time.UTC))
	// Output:
	// sms is refused at Mon 2026-03-02 12:00:00 UTC; bank/consent decided.
	//   allow  bank/night (hours)
	//   refuse bank/consent (consent)
}
