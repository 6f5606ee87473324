package world

import (
	"reflect"
	"testing"
	"time"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestSameSeed(t *testing.T) {
	var made [2][]touch.Request
	for i := range made {
		w, err := New(3, 10, 5)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			made[i] = append(made[i], w.Urgent(Turn), w.Bulk("c", Turn), w.Scheduled(Turn))
		}
	}
	if !reflect.DeepEqual(made[0], made[1]) {
		t.Error("two worlds with the same seed differ")
	}
}

func TestPolicyCompiles(t *testing.T) {
	if _, err := ruleset.Compile([]ruleset.Source{{Name: "nemesis.yaml", Data: []byte(Policy)}}, ruleset.Options{}); err != nil {
		t.Fatal(err)
	}
}

// TestTurn: at the turn quiet hours begin, end, and a day begins.
func TestTurn(t *testing.T) {
	w, err := New(1, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	before, after := Turn.Add(-time.Second), Turn.Add(time.Second)
	shanghai, paulo, kamchatka := w.Zone("n000000"), w.Zone("n000001"), w.Zone("n000002")
	if !Open(before.In(shanghai)) || Open(after.In(shanghai)) || Open(before.In(paulo)) || !Open(after.In(paulo)) {
		t.Error("quiet hours do not begin in Shanghai or do not end in São Paulo")
	}
	if before.In(kamchatka).YearDay() == after.In(kamchatka).YearDay() {
		t.Error("no day begins in Kamchatka")
	}
	if w.Zone("n000004") != nil || w.Zone("x") != nil {
		t.Error("an unknown customer has a zone")
	}
}

// TestCrowdMoves: few customers get touches at one time, and at the end all had
// some.
func TestCrowdMoves(t *testing.T) {
	const crowd, touches = 4, 1000
	n := Customers(touches, crowd)
	w, err := New(1, n, crowd)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for range touches / 10 {
		now := map[string]bool{}
		for range 10 {
			id := w.Bulk("c", Turn).Customer
			now[id] = true
			all[id]++
		}
		if len(now) > crowd+1 {
			t.Errorf("%d customers get touches at one time, want at most %d", len(now), crowd+1)
		}
	}
	for id, got := range all {
		if got > 3*touchesEach {
			t.Errorf("%s got %d touches, want at most %d", id, got, 3*touchesEach)
		}
	}
	if len(all) < n*9/10 {
		t.Errorf("only %d of %d customers got a touch", len(all), n)
	}
}
