package world

import (
	"reflect"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func TestTheSameSeedIsTheSameWorld(t *testing.T) {
	var made [2][]touch.Request
	for i := range made {
		w, err := New(3, 10, 5)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			made[i] = append(made[i], w.Urgent(Turn), w.Bulk("c", Turn), w.Later(Turn))
		}
	}
	if !reflect.DeepEqual(made[0], made[1]) {
		t.Error("two worlds of one seed differ")
	}
}

func TestPolicyCompiles(t *testing.T) {
	if _, err := policies.Compile([]policies.Source{{Name: "nemesis.yaml", Data: []byte(Policy)}}, policies.Options{}); err != nil {
		t.Fatal(err)
	}
}

// TestTheTurn: the run crosses a closing, an opening and a midnight.
func TestTheTurn(t *testing.T) {
	w, err := New(1, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	before, after := Turn.Add(-time.Second), Turn.Add(time.Second)
	shanghai, paulo, kamchatka := w.Zone("n000000"), w.Zone("n000001"), w.Zone("n000002")
	if !Open(before.In(shanghai)) || Open(after.In(shanghai)) || Open(before.In(paulo)) || !Open(after.In(paulo)) {
		t.Error("no quiet hours begin or end")
	}
	if before.In(kamchatka).YearDay() == after.In(kamchatka).YearDay() {
		t.Error("no day turns")
	}
	if w.Zone("n000004") != nil || w.Zone("x") != nil {
		t.Error("a stranger lives somewhere")
	}
}

// TestTheCrowdMovesOn: few get all touches at one time, and in the end all had some.
func TestTheCrowdMovesOn(t *testing.T) {
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
			t.Errorf("%d customers at one time, want %d", len(now), crowd)
		}
	}
	for id, got := range all {
		if got > 3*visits {
			t.Errorf("%s got %d touches", id, got)
		}
	}
	if len(all) < n*9/10 {
		t.Errorf("%d of %d customers got a touch", len(all), n)
	}
}
