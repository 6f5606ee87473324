package policies_test

import (
	"fmt"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Who is held out takes no place under any cap, and leaves a finding that says so.
func TestHoldoutTakesNoReservation(t *testing.T) {
	log := contactlog.NewModel()
	guard := policies.NewGuard(log, nil)
	guard.Use(compile(t, "policy: p\nrules:\n  - {id: h, until: 2026-12-01, holdout: {share: 50%, key: winter}}\n  - {id: c, cap: {limit: 9, per: 7d}}\n"))
	held := 0
	for i := range 200 {
		q := ask(fmt.Sprint("k", i), fmt.Sprint("c", i), touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
		v, err := guard.Reserve(t.Context(), []policies.Question{q})
		if err != nil {
			t.Fatal(err)
		}
		shots, err := log.Read(t.Context(), []string{q.Touch.Customer})
		if err != nil {
			t.Fatal(err)
		}
		out := v[0].Rule == "p/h"
		if out {
			held++
		}
		if out != (v[0].Decision == touch.DecisionRefuse) || out != (len(shots[0].Entries) == 0) {
			t.Fatalf("%s: %+v with %d contacts", q.Touch.Customer, v[0], len(shots[0].Entries))
		}
	}
	if held < 70 || held > 130 {
		t.Errorf("%d of 200 are held out, of a half", held)
	}
}
