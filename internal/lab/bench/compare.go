package bench

import (
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// done is a work that is done: what the house says of those touches that it
// has not sent, and what the vendor took meanwhile.
type done struct {
	w     *work
	other map[touch.ID]touch.State
	truth tape
}

// past is all work that was judged, since a cap looks back at earlier work.
type past struct {
	works []*done
	over  int
}

// partSize is about how many touches are compared at once: a work of ten
// million must not need ten million claims in memory.
const partSize = 500_000

// compare counts what was lost, duplicated and over a cap in d, some customers
// after the other, and takes the time of its touches.
func (e *env) compare(f *Figures, d *done, begun func(i int) time.Time) {
	e.past.works = append(e.past.works, d)
	total := 0
	for _, p := range e.past.works {
		total += p.w.n
	}
	parts, now, over, times := total/partSize+1, time.Now(), 0, newHistogram()
	for k := range parts {
		var claims []oracle.Claim
		var truth []oracle.Message
		for _, p := range e.past.works {
			its, messages, number := p.part(k, parts)
			claims, truth = append(claims, its...), append(truth, messages...)
			if p != d {
				continue
			}
			r := oracle.Check(ids(its), its, messages, nil, now)
			f.Lost, f.Duplicated = f.Lost+r.Lost, f.Duplicated+r.Duplicated
			for _, example := range r.Examples {
				e.say("%s", example)
			}
			if begun == nil {
				continue
			}
			for m := range d.truth.all() {
				if i, ok := number[m.id]; ok {
					waited := time.Unix(0, m.at).Sub(begun(i))
					_ = times.RecordValue(max(1, waited.Microseconds())) // beyond the histogram the run has failed anyhow
				}
			}
		}
		over += oracle.Check(nil, claims, truth, proofCaps(), now).OverCap
	}
	f.OverCap, e.past.over = over-e.past.over, over
	if begun != nil {
		f.latencies(times)
	}
}

// part gives the k-th of so many parts of a work, all of a customer in one:
// its claims, the messages taken of it, and the numbers of its touches.
func (d *done) part(k, parts int) (claims []oracle.Claim, truth []oracle.Message, number map[touch.ID]int) {
	sms, first := []touch.Channel{touch.SMS}, []int{0}
	size := d.w.n/parts + 1
	claims, truth, number = make([]oracle.Claim, 0, size), make([]oracle.Message, 0, size), make(map[touch.ID]int, size)
	for i := range d.w.n {
		customer := d.w.customer(i)
		if customer%parts != k {
			continue
		}
		c := oracle.Claim{
			ID: touch.NewID(caller, d.w.key(i)), Customer: string(appendCustomer(nil, customer)), Category: d.w.category,
			Channels: sms, State: touch.StateSent, SentLegs: first,
		}
		if state, other := d.other[c.ID]; other {
			c.State, c.SentLegs = state, nil
		}
		claims, number[c.ID] = append(claims, c), i
	}
	for m := range d.truth.all() {
		if _, ours := number[m.id]; ours {
			truth = append(truth, m.message())
		}
	}
	return claims, truth, number
}

func ids(claims []oracle.Claim) []touch.ID {
	all := make([]touch.ID, len(claims))
	for i := range claims {
		all[i] = claims[i].ID
	}
	return all
}
