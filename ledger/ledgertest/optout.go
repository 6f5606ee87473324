package ledgertest

import (
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testReportedOptOut holds that an opt-out which a system reports revokes consent as one
// that a vendor reports does. What it does not name is meant as a whole.
func testReportedOptOut(k *kit) {
	at := k.now()
	outcome := func(customer, kind string, category touch.Category, channel touch.Channel) ledger.CustomerOutcome {
		o := touch.Outcome{Kind: kind, At: at, Category: category, Channel: channel}
		return ledger.CustomerOutcome{Customer: customer, Outcome: o}
	}
	outcomes := []ledger.CustomerOutcome{
		outcome("both", touch.OutcomeOptOut, touch.Marketing, touch.SMS),
		outcome("category", touch.OutcomeOptOut, touch.Marketing, ""),
		outcome("channel", touch.OutcomeOptOut, "", touch.SMS),
		outcome("nothing", touch.OutcomeOptOut, "", ""),
		outcome("refused", touch.OutcomeRefused, touch.Marketing, touch.SMS),
	}
	for range 2 { // the same again adds nothing
		k.must(k.ledger.Customers.AddOutcomes(k.ctx, outcomes, "me"))
	}

	want := map[string][]string{
		"both": {"marketing:sms"}, "category": {"marketing"}, "refused": nil, "channel": nil, "nothing": nil,
	}
	for _, category := range touch.Categories() {
		want["channel"] = append(want["channel"], string(category)+":sms")
		want["nothing"] = append(want["nothing"], string(category))
	}
	for customer, scopes := range want {
		found, err := k.ledger.Customers.Get(k.ctx, []string{customer})
		k.must(err)
		var revoked []string
		for _, c := range found[customer].Consents {
			if c.Granted || !c.At.Equal(at) || c.Evidence == "" {
				k.t.Errorf("%s: %+v is no revocation at the opt-out, with its source", customer, c)
			}
			revoked = append(revoked, c.Scope)
		}
		slices.Sort(revoked)
		slices.Sort(scopes)
		if !slices.Equal(revoked, scopes) {
			k.t.Errorf("%s: revoked %v, want %v", customer, revoked, scopes)
		}
	}
}
