package bench

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// finishedWork is a workload that is finished: which of its touches the target
// says it has not sent, and what the vendor received.
type finishedWork struct {
	work     *workload
	notSent  map[touch.ID]touch.State
	received messageLog
}

// finishedWorks are all workloads that were compared so far: a cap also counts
// the contacts of earlier ones.
type finishedWorks struct {
	all     []*finishedWork
	overCap int
}

// partSize is about how many touches are compared at once. A workload of ten
// million touches must not need ten million claims in memory.
const partSize = 500_000

// compare counts what was lost, duplicated and over a cap in d. It goes through
// the customers in parts. If begun is not nil, it also sets how long touches
// took.
func (e *env) compare(f *Figures, d *finishedWork, begun func(i int) time.Time) {
	e.finished.all = append(e.finished.all, d)
	touches := 0
	for _, w := range e.finished.all {
		touches += w.work.n
	}
	parts := touches/partSize + 1
	now := time.Now()
	times := newHistogram()
	overCap := 0
	for k := range parts {
		// A cap counts the contacts of all workloads. What earlier ones lost was
		// counted when they were compared.
		var claims []oracle.Claim
		var messages []oracle.Message
		for _, w := range e.finished.all {
			p := w.part(k, parts)
			claims = append(claims, p.claims...)
			messages = append(messages, p.messages...)
			if w != d {
				continue
			}
			r := oracle.Check(idsOf(p.claims), p.claims, p.messages, nil, now)
			f.Lost += r.Lost
			f.Duplicated += r.Duplicated
			for _, example := range r.Examples {
				e.printf("%s", example)
			}
			if begun != nil {
				p.recordTimes(times, d, begun)
			}
		}
		overCap += oracle.Check(nil, claims, messages, oracleCaps(), now).OverCap
	}
	f.OverCap = overCap - e.finished.overCap
	e.finished.overCap = overCap
	if begun != nil {
		f.setLatencies(times)
	}
}

// part is a part of a finished workload: some customers with all their touches.
type part struct {
	claims   []oracle.Claim
	messages []oracle.Message
	number   map[touch.ID]int // of each touch within the workload
}

// part returns the k-th of so many parts.
func (d *finishedWork) part(k, parts int) part {
	size := d.work.n/parts + 1
	p := part{
		claims:   make([]oracle.Claim, 0, size),
		messages: make([]oracle.Message, 0, size),
		number:   make(map[touch.ID]int, size),
	}
	sms := []touch.Channel{touch.SMS}
	firstLeg := []int{0}
	for i := range d.work.n {
		customer := d.work.customer(i)
		if customer%parts != k {
			continue
		}
		c := oracle.Claim{
			ID:       touch.NewID(caller, d.work.key(i)),
			Customer: string(appendCustomer(nil, customer)),
			Category: d.work.category,
			Channels: sms,
			State:    touch.StateSent,
			SentLegs: firstLeg,
		}
		if state, ok := d.notSent[c.ID]; ok {
			c.State = state
			c.SentLegs = nil
		}
		p.claims = append(p.claims, c)
		p.number[c.ID] = i
	}
	for m := range d.received.all() {
		if _, ok := p.number[m.id]; ok {
			p.messages = append(p.messages, m.forOracle())
		}
	}
	return p
}

// recordTimes adds the time of each message of the part to a histogram.
func (p *part) recordTimes(h *hdr.Histogram, d *finishedWork, begun func(i int) time.Time) {
	for m := range d.received.all() {
		if i, ok := p.number[m.id]; ok {
			record(h, time.Unix(0, m.at).Sub(begun(i)))
		}
	}
}

func idsOf(claims []oracle.Claim) []touch.ID {
	all := make([]touch.ID, len(claims))
	for i := range claims {
		all[i] = claims[i].ID
	}
	return all
}
