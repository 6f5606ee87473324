package demodata

import (
	"reflect"
	"testing"

	"touchgate.dev/touch"
)

func TestSameSeed(t *testing.T) {
	a, b := Make(500, 7), Make(500, 7)
	if !reflect.DeepEqual(a, b) {
		t.Error("two worlds with the same seed differ")
	}
	if reflect.DeepEqual(a.Touches, Make(500, 8).Touches) {
		t.Error("two worlds with different seeds have the same touches")
	}
}

func TestWorldHasEveryCase(t *testing.T) {
	w := Make(3000, 1)
	if len(w.Touches) != 3000 || len(w.Customers) != len(w.Consents) {
		t.Fatalf("%d touches, %d customers, %d consents", len(w.Touches), len(w.Customers), len(w.Consents))
	}
	channels := map[touch.Channel]int{}
	keys := map[string]bool{}
	fallbacks := 0
	for _, r := range w.Touches {
		keys[r.Key] = true
		channels[r.Plan[0].Channel]++
		if len(r.Plan) > 1 {
			fallbacks++
		}
	}
	if len(keys) != 3000 {
		t.Errorf("%d keys are different, want 3000", len(keys))
	}
	for _, c := range touch.Channels() {
		if channels[c] == 0 {
			t.Errorf("no touch begins with %s", c)
		}
	}
	zones := map[string]bool{}
	withdrawn := 0
	never := 0
	for i, c := range w.Customers {
		for _, z := range c.Zones {
			zones[z] = true
		}
		switch {
		case len(w.Consents[i]) == 0:
			never++
		case !w.Consents[i][len(w.Consents[i])-1].Granted:
			withdrawn++
		}
	}
	if len(zones) < 5 || fallbacks == 0 || withdrawn == 0 || never == 0 || len(w.Listings) == 0 {
		t.Errorf("%d zones, want 5; %d fallbacks, %d withdrawn, %d never asked, %d suppressed, want some of each", len(zones), fallbacks, withdrawn, never, len(w.Listings))
	}
}
