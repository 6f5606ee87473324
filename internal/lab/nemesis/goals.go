package nemesis

import (
	"fmt"
	"time"
)

// What a run must reach to count as proof.
const (
	goalLength  = 30 * time.Minute
	goalTouches = 300_000
	goalKills   = 200
	goalRedis   = 20 // restarts, deaths and promotions of Redis
	goalFlushes = 5
	goalUrgent  = 5 * time.Second // until urgent touches go out again after a fault
	goalBulk    = time.Minute
)

// Goal is one thing that a proof needs, and whether the run reached it.
type Goal struct {
	What string `json:"what"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// goals compares the run with what a proof needs. A shorter run keeps its
// promises as well, but proves less.
func (r *Report) goals(o Options) (all []Goal) {
	atLeast := func(what string, got, want int) {
		all = append(all, Goal{What: what, Want: fmt.Sprintf("at least %d", want), Got: fmt.Sprint(got), Met: got >= want})
	}
	atMost := func(what string, got, want int) {
		all = append(all, Goal{What: what, Want: fmt.Sprintf("at most %d", want), Got: fmt.Sprint(got), Met: got <= want})
	}
	all = append(all, Goal{
		What: "length", Want: "at least " + goalLength.String(), Got: o.Duration.String(), Met: o.Duration >= goalLength,
	})
	atLeast("touches", r.Touches, goalTouches)
	atLeast("kills of processes", r.Kills, goalKills)
	if o.Servers {
		atLeast("restarts and promotions of Redis", r.Redis, goalRedis)
		atLeast("FLUSHALLs", r.Flushes, goalFlushes)
	}
	atMost("lost", r.Lost, 0)
	atMost("over cap", r.OverCap, 0)
	atMost("sent in quiet hours", r.Quiet, 0)
	atMost("sent after a stop", r.AfterStop, 0)
	atMost("sent twice, of unknown outcomes that may be resent", r.Duplicated, r.Resendable)
	atMost("sent twice by idempotent vendors", r.IdempotentDups, 0)
	return append(all, r.resumeGoal("urgent", true, goalUrgent), r.resumeGoal("bulk", false, goalBulk))
}

// resumeGoal compares the longest time until touches went out again with the
// time allowed.
func (r *Report) resumeGoal(name string, urgent bool, within time.Duration) Goal {
	g := Goal{What: name + " resumes after every kind of fault", Want: "within " + within.String()}
	var worst time.Duration
	for _, x := range r.Resume {
		if x.Urgent == urgent && x.Worst >= worst {
			worst = x.Worst
			g.Got = fmt.Sprintf("%v (%s)", x.Worst.Round(time.Millisecond), x.Fault)
		}
	}
	g.Met = worst <= within
	return g
}
