package bench

import (
	"io"
	"testing"
	"time"

	"touchgate.dev/touch"
)

// TestCompareInParts: the counts are right, and no customer is divided between
// two parts.
func TestCompareInParts(t *testing.T) {
	w := newWorkload("w", 5000, 700, touch.Marketing)
	d := &finishedWork{work: w, notSent: map[touch.ID]touch.State{}}
	at := time.Now()
	receive := func(i int) { d.received.add(message{id: touch.NewID(caller, w.key(i)), at: at.UnixNano()}) }
	contacts := map[int]int{}
	over := 0
	for i := range w.n {
		if i == 17 { // said to be sent, and lost
			continue
		}
		receive(i)
		if contacts[w.customer(i)]++; contacts[w.customer(i)] > weeklyLimit {
			over++
		}
	}
	receive(4711) // a duplicate
	d.received.add(message{id: touch.NewID("another", "1")})

	claims := 0
	messages := 0
	for k := range 7 {
		p := d.part(k, 7)
		claims += len(p.claims)
		messages += len(p.messages)
		for _, i := range p.number {
			if w.customer(i)%7 != k {
				t.Fatalf("customer %d is in part %d", w.customer(i), k)
			}
		}
	}
	if claims != w.n || messages != w.n {
		t.Errorf("the parts have %d claims and %d messages, want %d of each", claims, messages, w.n)
	}
	e := &env{options: Options{Progress: io.Discard}}
	var f Figures
	e.compare(&f, d, func(int) time.Time { return at.Add(-time.Second) })
	if f.Lost != 1 || f.Duplicated != 1 || f.OverCap != over {
		t.Errorf("lost %d, duplicated %d, over cap %d, want 1, 1, %d", f.Lost, f.Duplicated, f.OverCap, over)
	}
	if f.P50 < 900 || f.P50 > 1100 {
		t.Errorf("the median is %v ms, want about 1000", f.P50)
	}
	e.compare(&f, &finishedWork{work: newWorkload("none", 0, 1, touch.Service)}, nil)
	if f.OverCap != 0 {
		t.Errorf("over cap %d in an empty workload: earlier contacts are counted again", f.OverCap)
	}
}
