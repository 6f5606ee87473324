package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"touchgate.dev/touch"
)

// TestWorkloadIsValid: the API accepts each line, and some customers get more
// than the cap allows.
func TestWorkloadIsValid(t *testing.T) {
	w := newWorkload("w", 2500, 1000, touch.Marketing)
	w.due = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	in := bufio.NewScanner(w.stream())
	contacts := map[string]int{}
	i := 0
	for ; in.Scan(); i++ {
		var r touch.Request
		d := json.NewDecoder(bytes.NewReader(in.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d: %v: %s", i, err, in.Text())
		}
		if r.Key != w.key(i) || r.Customer != string(appendCustomer(nil, w.customer(i))) || !r.NotBefore.Equal(w.due) {
			t.Fatalf("line %d is %+v", i, r)
		}
		contacts[r.Customer]++
	}
	if i != w.n || len(w.streamTimes) != w.n/streamStep {
		t.Fatalf("there are %d lines and %d of them are timed", i, len(w.streamTimes))
	}
	overCap := 0
	for _, n := range contacts {
		if n > weeklyLimit {
			overCap++
		}
	}
	if overCap == 0 || overCap > w.flooded {
		t.Errorf("%d customers get more than the cap, want 1 to %d: else nothing shows that the cap holds", overCap, w.flooded)
	}
}
