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

// TestWithTheRealGuard puts the true policy engine behind the gateway.
func TestWithTheRealGuard(t *testing.T) {
	set, err := policies.Compile([]policies.Source{{Name: "bank.yaml", Data: []byte(bank)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := policies.NewGuard(contactlog.NewModel(), func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		return nil, nil
	})
	guard.Use(set)
	h := newHouse(t) // noon in UTC, 20:00 in Shanghai: the window has just closed
	svc, err := gateway.New(gateway.Options{Ledger: h.ledger, Guard: guard, Now: h.clock, AppSecret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = svc
	ctx := t.Context()
	if wrong, err := h.PutCustomers(ctx, engine, []gateway.Profile{{ID: "c1", Zones: []string{"Asia/Shanghai"}}}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	refused := h.submit(t, sms("without"))[0]
	if v := refused.Verdicts[0]; refused.State != touch.Refused || refused.Reason != "small-bank/consent" || len(v.Findings) < 3 || v.Policy != set.Hash() {
		t.Fatalf("without consent: %+v", refused)
	}
	if wrong, err := h.AddConsents(ctx, engine, []gateway.ConsentFact{{Customer: "c1", Consent: touch.Consent{Scope: "marketing:sms", Granted: true}}}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	morning := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	deferred := h.submit(t, sms("with"))[0]
	if deferred.State != touch.Due || !deferred.Due.Equal(morning) || deferred.Reason != "small-bank/night" {
		t.Fatalf("at night: %+v", deferred)
	}
	code := sms("code")
	code.Category = touch.Transactional
	if a := h.submit(t, code)[0]; a.State != touch.Due || !a.Due.Equal(noon) {
		t.Errorf("a password at night: %+v", a)
	}
}
