package workers_test

import (
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// TestReleaseAfterQuietHours: at the end of quiet hours everything that waited
// is due at the same instant, at a vendor with a rate. It must go out at that
// rate, the higher priorities first, and nothing may knock again and again.
func TestReleaseAfterQuietHours(t *testing.T) {
	const (
		touches = 600
		rate    = 50 // a second
	)
	priorities := []int{1, 8, 5}
	h := newHouse(t)
	h.tuning.SegmentSize = 100
	h.deliver = h.newDeliver("w1")
	opening := h.clock()
	vendor := &paced{each: time.Second / rate, burst: rate / 4, free: opening}
	priority := map[touch.ID]int{}
	offers := 0
	var sent []int // by priority, in order
	h.pool.answer = func(_ string, d adapter.Dispatch) touch.Result {
		offers++
		if wait := vendor.ask(h.clock()); wait > 0 {
			return touch.Result{Class: touch.Throttled, Reason: touch.ReasonRate, RetryAfter: wait, NoAttempt: true}
		}
		sent = append(sent, priority[d.Touch])
		return touch.Result{Class: touch.Accepted}
	}
	for i, id := range h.submit(touches, func(i int, t *touch.Touch) { t.Priority = priorities[i%len(priorities)] }) {
		priority[id] = priorities[i%len(priorities)]
	}
	for h.clock().Before(opening.Add(2 * touches / rate * time.Second)) {
		h.step()
		if most := vendor.burst + int((h.clock().Sub(opening)+bulkWait)/vendor.each) + 1; len(sent) > most {
			t.Fatalf("%d are out after %v", len(sent), h.clock().Sub(opening))
		}
		if len(sent) == touches {
			break
		}
		h.pass(200 * time.Millisecond)
	}
	took := h.clock().Sub(opening)
	if len(sent) != touches || took > touches/rate*time.Second*3/2 {
		t.Errorf("%d of %d are out after %v; the rate allows %v", len(sent), touches, took, touches/rate*time.Second)
	}
	if offers > 3*touches {
		t.Errorf("%d touches knocked %d times", touches, offers)
	}
	// The last of a higher priority is out before the first of a lower one, but
	// for those whose turns lie within the same moment.
	const moment = rate * int(400*time.Millisecond) / int(time.Second)
	last := map[int]int{}
	first := map[int]int{}
	for i, p := range sent {
		last[p] = i
		if _, ok := first[p]; !ok {
			first[p] = i
		}
	}
	if last[8] > first[5]+moment || last[5] > first[1]+moment {
		t.Errorf("out of order: last of 8 at %d, 5 from %d to %d, first of 1 at %d", last[8], first[5], last[5], first[1])
	}
	t.Logf("%d touches in %v, %d offers", touches, took, offers)
}

// bulkWait is how long a provider lets a bulk message wait for its turn.
const bulkWait = 200 * time.Millisecond

// paced takes messages as a provider's rate does (channels, pace.go): a message
// waits a little for its turn, and those turned away are told instants of
// their own to come back at.
type paced struct {
	each    time.Duration
	burst   int
	free    time.Time // from when on the next one may go
	horizon time.Time // when the last one turned away comes back
}

func (p *paced) ask(now time.Time) (wait time.Duration) {
	if earliest := now.Add(-time.Duration(p.burst) * p.each); p.free.Before(earliest) {
		p.free = earliest
	}
	if !p.free.After(now.Add(bulkWait)) {
		p.free = p.free.Add(p.each)
		return 0
	}
	if p.horizon.Before(p.free) {
		p.horizon = p.free
	}
	wait = p.horizon.Sub(now)
	p.horizon = p.horizon.Add(p.each)
	return wait
}
