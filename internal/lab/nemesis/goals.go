package nemesis

import (
	"fmt"
	"time"
)

// What a run must hold to count as proof.
const (
	proofLength  = 30 * time.Minute
	proofTouches = 300_000
	proofKills   = 200
	proofRedis   = 20
	proofFlushes = 5
	urgentWithin = 5 * time.Second
	bulkWithin   = time.Minute
)

// Goal is one line of what a run is to show, and whether it did.
type Goal struct {
	What string `json:"what"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// goals compares the run with all that one of half an hour is to show. A
// shorter one keeps its promises just as well, and proves less.
func (r *Report) goals(o Options) (all []Goal) {
	least := func(what string, got, want int) {
		all = append(all, Goal{what, fmt.Sprintf("at least %d", want), fmt.Sprint(got), got >= want})
	}
	most := func(what string, got, want int) {
		all = append(all, Goal{what, fmt.Sprintf("at most %d", want), fmt.Sprint(got), got <= want})
	}
	all = append(all, Goal{"length", "at least " + proofLength.String(), o.Duration.String(), o.Duration >= proofLength})
	least("touches", r.Touches, proofTouches)
	least("kills of processes", r.Kills, proofKills)
	if o.Servers {
		least("restarts and promotions of Redis", r.Redis, proofRedis)
		least("FLUSHALLs", r.Flushes, proofFlushes)
	}
	most("lost", r.Lost, 0)
	most("over cap", r.OverCap, 0)
	most("sent in quiet hours", r.Quiet, 0)
	most("sent after a stop", r.AfterStop, 0)
	most("sent twice, of unknown outcomes that may be resent", r.Duplicated, r.Resendable)
	most("sent twice by idempotent vendors", r.IdempotentDups, 0)
	for _, lane := range []struct {
		name   string
		urgent bool
		within time.Duration
	}{{"urgent", true, urgentWithin}, {"bulk", false, bulkWithin}} {
		g := Goal{What: lane.name + " resumes after every kind of fault", Want: "within " + lane.within.String(), Met: true}
		var worst time.Duration
		for _, x := range r.Resume {
			if x.Urgent == lane.urgent && x.Worst >= worst {
				worst, g.Got = x.Worst, fmt.Sprintf("%v (%s)", x.Worst.Round(time.Millisecond), x.Fault)
			}
		}
		g.Met = worst <= lane.within
		all = append(all, g)
	}
	return all
}
