package check

import (
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Resume is how long it took, after faults of a kind had ended, until touches
// went out again.
type Resume struct {
	Fault  string `json:"fault"`
	Urgent bool   `json:"urgent"`
	Times  int    `json:"times"`
	// Median and Worst are the time from the end of a fault to the first
	// message of a touch that was accepted after it.
	Median time.Duration `json:"median"`
	Worst  time.Duration `json:"worst"`
	// Straggler is the worst time after a fault's end at which a touch that it
	// had caught (accepted before its end, due at once) went out at last.
	Straggler time.Duration `json:"straggler"`
}

// sight is one message with the instant at which its touch was accepted.
type sight struct{ accepted, sent time.Time }

// resumes measures every kind of fault on urgent and on bulk touches.
func resumes(run *Run) []Resume {
	var sights [2][]sight // bulk, urgent
	seen := map[touch.ID]bool{}
	for _, m := range run.Messages {
		id, n, err := touch.ParseDispatchID(m.Dispatch)
		o := run.Orders[id]
		if err != nil || o == nil || n != 0 || seen[id] || o.TakenAt.IsZero() {
			continue
		}
		seen[id] = true
		sights[lane(o.Urgent)] = append(sights[lane(o.Urgent)], sight{o.TakenAt, m.At})
	}
	for _, all := range sights {
		slices.SortFunc(all, func(a, b sight) int { return a.sent.Compare(b.sent) })
	}
	kinds := map[string][]Fault{}
	var names []string
	for _, f := range run.Faults {
		if kinds[f.Kind] == nil {
			names = append(names, f.Kind)
		}
		kinds[f.Kind] = append(kinds[f.Kind], f)
	}
	slices.Sort(names)
	var all []Resume
	for _, name := range names {
		for _, urgent := range []bool{true, false} {
			all = append(all, measure(name, urgent, kinds[name], sights[lane(urgent)]))
		}
	}
	return all
}

func lane(urgent bool) int {
	if urgent {
		return 1
	}
	return 0
}

func measure(kind string, urgent bool, faults []Fault, sights []sight) Resume {
	r := Resume{Fault: kind, Urgent: urgent}
	var took []time.Duration
	for _, f := range faults {
		i, _ := slices.BinarySearchFunc(sights, f.To, func(s sight, at time.Time) int { return s.sent.Compare(at) })
		for ; i < len(sights); i++ {
			if !sights[i].accepted.Before(f.To) {
				took = append(took, sights[i].sent.Sub(f.To))
				break
			}
		}
		for j := i - 1; j >= 0 && sights[j].sent.After(f.To); j-- {
			if s := sights[j]; s.accepted.After(f.From) && s.accepted.Before(f.To) {
				r.Straggler = max(r.Straggler, s.sent.Sub(f.To))
			}
		}
	}
	if r.Times = len(took); r.Times > 0 {
		slices.Sort(took)
		r.Median, r.Worst = took[len(took)/2], took[len(took)-1]
	}
	return r
}
