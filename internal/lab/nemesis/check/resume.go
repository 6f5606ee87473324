package check

import (
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Resume says how long it took after faults of one kind until touches went out
// again, for urgent touches or for bulk.
type Resume struct {
	Fault  string `json:"fault"`
	Urgent bool   `json:"urgent"`
	Times  int    `json:"times"` // faults that were measured
	// Median and Worst are the time from the end of a fault to the first message
	// of a touch that was accepted after it.
	Median time.Duration `json:"median"`
	Worst  time.Duration `json:"worst"`
	// Straggler is the longest time from the end of a fault to the message of a
	// touch that was accepted during it.
	Straggler time.Duration `json:"straggler"`
}

// delivery is the first message of a touch, and when the touch was accepted.
type delivery struct {
	accepted time.Time
	sent     time.Time
}

// measureResume measures every kind of fault, for urgent and for bulk touches.
func measureResume(run *Run) (all []Resume) {
	urgent, bulk := deliveries(run)
	byKind := map[string][]Fault{}
	var kinds []string
	for _, f := range run.Faults {
		if byKind[f.Kind] == nil {
			kinds = append(kinds, f.Kind)
		}
		byKind[f.Kind] = append(byKind[f.Kind], f)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		r := resumeAfter(byKind[kind], urgent)
		r.Fault, r.Urgent = kind, true
		all = append(all, r)

		r = resumeAfter(byKind[kind], bulk)
		r.Fault = kind
		all = append(all, r)
	}
	return all
}

// deliveries lists the first message of each touch's first leg, by the time at
// which it was sent.
func deliveries(run *Run) (urgent, bulk []delivery) {
	seen := map[touch.ID]bool{}
	for _, m := range run.Messages {
		id, leg, err := touch.ParseDispatchID(m.Dispatch)
		e := run.Expected[id]
		if err != nil || e == nil || leg != 0 || seen[id] || e.AcceptedAt.IsZero() {
			continue
		}
		seen[id] = true
		d := delivery{accepted: e.AcceptedAt, sent: m.At}
		if e.Urgent {
			urgent = append(urgent, d)
		} else {
			bulk = append(bulk, d)
		}
	}
	bySent := func(a, b delivery) int { return a.sent.Compare(b.sent) }
	slices.SortFunc(urgent, bySent)
	slices.SortFunc(bulk, bySent)
	return urgent, bulk
}

// resumeAfter measures faults of one kind on deliveries that are sorted by the
// time of sending.
func resumeAfter(faults []Fault, all []delivery) (r Resume) {
	var took []time.Duration
	for _, f := range faults {
		after, _ := slices.BinarySearchFunc(all, f.To, func(d delivery, at time.Time) int { return d.sent.Compare(at) })

		// The first message of a touch that was accepted after the fault.
		first := after
		for first < len(all) && all[first].accepted.Before(f.To) {
			first++
		}
		if first < len(all) {
			took = append(took, all[first].sent.Sub(f.To))
		}

		// Before it lie the messages of touches that the fault held up.
		for _, d := range all[after:first] {
			if d.sent.After(f.To) && d.accepted.After(f.From) {
				r.Straggler = max(r.Straggler, d.sent.Sub(f.To))
			}
		}
	}
	slices.Sort(took)
	if r.Times = len(took); r.Times > 0 {
		r.Median = took[len(took)/2]
		r.Worst = took[len(took)-1]
	}
	return r
}
