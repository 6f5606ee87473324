package demodata

import (
	"reflect"
	"testing"

	"touchgate.dev/touch"
)

func TestMakeIsRepeatable(t *testing.T) {
	a, b := Make(500, 7), Make(500, 7)
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed made two worlds")
	}
	if reflect.DeepEqual(a.Touches, Make(500, 8).Touches) {
		t.Error("another seed made the same touches")
	}
}

func TestWorldShowsEverything(t *testing.T) {
	w := Make(3000, 1)
	if len(w.Touches) != 3000 || len(w.Customers) != len(w.Consents) {
		t.Fatalf("%d touches, %d customers, %d consents", len(w.Touches), len(w.Customers), len(w.Consents))
	}
	channels, keys, fallbacks := map[touch.Channel]int{}, map[string]bool{}, 0
	for _, r := range w.Touches {
		keys[r.Key] = true
		channels[r.Plan[0].Channel]++
		if len(r.Plan) > 1 {
			fallbacks++
		}
	}
	if len(keys) != 3000 {
		t.Errorf("only %d keys are different", len(keys))
	}
	for _, c := range touch.Channels() {
		if channels[c] == 0 {
			t.Errorf("no touch begins on %s", c)
		}
	}
	zones, withdrawn, never := map[string]bool{}, 0, 0
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
		t.Errorf("zones %d, fallbacks %d, withdrawn %d, never asked %d, suppressed %d", len(zones), fallbacks, withdrawn, never, len(w.Listings))
	}
}
