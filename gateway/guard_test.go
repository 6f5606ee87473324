package gateway_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
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

// ruled puts the true policy engine behind the gateway.
func ruled(t *testing.T, policy string) (*house, *policies.Set) {
	t.Helper()
	set, err := policies.Compile([]policies.Source{{Name: "bank.yaml", Data: []byte(policy)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := policies.NewGuard(contactlog.NewModel(), func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		return nil, nil
	})
	guard.Use(set)
	h := newHouse(t)
	svc, err := gateway.New(gateway.Options{Ledger: h.ledger, Guard: guard, Now: h.clock, AppSecret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = svc
	return h, set
}

func TestWithTheRealGuard(t *testing.T) {
	h, set := ruled(t, bank) // noon in UTC, 20:00 in Shanghai: the window has just closed
	ctx := t.Context()
	if wrong, err := h.PutCustomers(ctx, engine, []gateway.Profile{{ID: "c1", Zones: []string{"Asia/Shanghai"}}}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	refused := h.submit(t, sms("without"))[0]
	if v := refused.Verdicts[0]; refused.State != touch.StateRefused || refused.Reason != "small-bank/consent" || len(v.Findings) < 3 || v.Policy != set.Hash() {
		t.Fatalf("without consent: %+v", refused)
	}
	if wrong, err := h.AddConsents(ctx, engine, []gateway.ConsentFact{{Customer: "c1", Consent: touch.Consent{Scope: "marketing:sms", Granted: true}}}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	morning := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	deferred := h.submit(t, sms("with"))[0]
	if deferred.State != touch.StateDue || !deferred.Due.Equal(morning) || deferred.Reason != "small-bank/night" {
		t.Fatalf("at night: %+v", deferred)
	}
	code := sms("code")
	code.Category = touch.Transactional
	if a := h.submit(t, code)[0]; a.State != touch.StateDue || !a.Due.Equal(noon) {
		t.Errorf("a password at night: %+v", a)
	}
}

func TestARegisterIsTrustedForAsLongAsItWasCheckedWithin(t *testing.T) {
	h, _ := ruled(t, `
policy: dnc
rules:
  - {id: register, absent_from: {lists: [dnc], checked_within: 21 days}, else: refuse}
`)
	ctx := t.Context()
	state := func(key string) touch.State { return h.submit(t, sms(key))[0].State }
	if got := state("never"); got != touch.StateRefused {
		t.Errorf("a register that nobody took over: %s", got)
	}
	if err := h.CheckRegister(ctx, engine, "dnc", noon.Add(time.Hour)); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("checked in the future: %v", err)
	}
	if err := h.CheckRegister(ctx, engine, "dnc", noon.AddDate(0, 0, -30)); err != nil {
		t.Fatal(err)
	}
	if got := state("long ago"); got != touch.StateRefused {
		t.Errorf("a register taken over a month ago: %s", got)
	}
	if err := h.CheckRegister(ctx, engine, "dnc", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := state("now"); got != touch.StateDue {
		t.Errorf("a register just taken over: %s", got)
	}
}
