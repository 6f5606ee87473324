package gateway_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

const bank = `
policy: small-bank
zone: customer
rules:
  - {id: night,   when: 'category == "marketing"', hours: {daily: ["09:00-20:00"]}, else: defer}
  - {id: consent, when: 'category == "marketing"', require: 'consented("marketing:" + channel)', else: refuse}
  - {id: weekly,  when: 'category == "marketing"', cap: {limit: 1, per: 7d, by: [customer]}, else: refuse}
`

// newWithPolicy makes a fixture with the real policy engine.
func newWithPolicy(t *testing.T, policy string) (*gatewaytest.Fixture, *ruleset.Set) {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "bank.yaml", Data: []byte(policy)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	noContacts := func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		return nil, nil
	}
	guard := policies.NewGuard(contactlog.NewModel(), noContacts)
	guard.Use(set)
	f := gatewaytest.New(t)
	f.Rebuild(t, func(o *gateway.Options) { o.Guard = guard })
	return f, set
}

func TestWithRealGuard(t *testing.T) {
	f, set := newWithPolicy(t, bank) // gatewaytest.Noon in UTC, 20:00 in Shanghai: the window has just closed
	ctx := t.Context()
	profile := facts.Profile{ID: "c1", Zones: []string{"Asia/Shanghai"}}
	if wrong, err := f.Facts.PutCustomers(ctx, gatewaytest.Engine(), []facts.Profile{profile}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	refused := f.Submit(t, gatewaytest.SMS("without"))[0]
	if v := refused.Verdicts[0]; refused.State != touch.StateRefused || refused.Reason != "small-bank/consent" || len(v.Findings) < 3 || v.Policy != set.Hash() {
		t.Fatalf("without consent: %+v", refused)
	}
	consent := facts.Consent{Customer: "c1", ConsentChange: facts.ConsentChange{Scope: "marketing:sms", Granted: new(true)}}
	if wrong, err := f.Facts.AddConsents(ctx, gatewaytest.Engine(), []facts.Consent{consent}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	morning := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	deferred := f.Submit(t, gatewaytest.SMS("with"))[0]
	if deferred.State != touch.StateDue || !deferred.Due.Equal(morning) || deferred.Reason != "small-bank/night" {
		t.Fatalf("at night: %+v", deferred)
	}
	code := gatewaytest.SMS("code")
	code.Category = touch.Transactional
	if a := f.Submit(t, code)[0]; a.State != touch.StateDue || !a.Due.Equal(gatewaytest.Noon) {
		t.Errorf("a one-time password at night: %+v", a)
	}
}

func TestRegisterCheckedWithin(t *testing.T) {
	f, _ := newWithPolicy(t, `
policy: dnc
rules:
  - {id: register, absent_from: {lists: [dnc], checked_within: 21 days}, else: refuse}
`)
	ctx := t.Context()
	state := func(key string) touch.State { return f.Submit(t, gatewaytest.SMS(key))[0].State }
	if got := state("never"); got != touch.StateRefused {
		t.Errorf("a register never checked: %s", got)
	}
	if err := f.Facts.CheckRegister(ctx, gatewaytest.Engine(), "dnc", gatewaytest.Noon.Add(time.Hour)); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("checked in the future: %v", err)
	}
	if err := f.Facts.CheckRegister(ctx, gatewaytest.Engine(), "dnc", gatewaytest.Noon.AddDate(0, 0, -30)); err != nil {
		t.Fatal(err)
	}
	if got := state("long ago"); got != touch.StateRefused {
		t.Errorf("a register checked a month ago: %s", got)
	}
	if err := f.Facts.CheckRegister(ctx, gatewaytest.Engine(), "dnc", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := state("now"); got != touch.StateDue {
		t.Errorf("a register checked now: %s", got)
	}
}
