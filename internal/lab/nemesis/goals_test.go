package nemesis

import (
	"testing"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
)

// TestGoals: a run that reaches all goals is a proof, and each goal that a run
// misses is reported.
func TestGoals(t *testing.T) {
	proof := func() (*Report, *Options) {
		return &Report{
			Report: check.Report{
				Touches:    goalTouches,
				Duplicated: 2,
				Allowed:    2,
				Resendable: 2,
				Resume: []check.Resume{
					{Fault: "kill", Urgent: true, Worst: goalUrgent},
					{Fault: "kill", Worst: goalBulk},
				},
			},
			Kills:   goalKills,
			Redis:   goalRedis,
			Flushes: goalFlushes,
		}, &Options{Servers: true, Duration: goalLength}
	}
	missed := func(r *Report, o *Options) (n int) {
		for _, g := range r.goals(*o) {
			if !g.Met {
				n++
			}
		}
		return n
	}
	r, o := proof()
	if n := missed(r, o); n != 0 {
		t.Errorf("a proof misses %d goals, want 0: %+v", n, r.goals(*o))
	}
	for name, spoil := range map[string]func(*Report, *Options){
		"too short":                  func(_ *Report, o *Options) { o.Duration -= time.Second },
		"too few touches":            func(r *Report, _ *Options) { r.Touches-- },
		"too few kills":              func(r *Report, _ *Options) { r.Kills-- },
		"too few failures of Redis":  func(r *Report, _ *Options) { r.Redis-- },
		"too few FLUSHALLs":          func(r *Report, _ *Options) { r.Flushes-- },
		"lost":                       func(r *Report, _ *Options) { r.Lost++ },
		"over cap":                   func(r *Report, _ *Options) { r.OverCap++ },
		"in quiet hours":             func(r *Report, _ *Options) { r.Quiet++ },
		"after a stop":               func(r *Report, _ *Options) { r.AfterStop++ },
		"twice":                      func(r *Report, _ *Options) { r.Duplicated++ },
		"twice at idempotent vendor": func(r *Report, _ *Options) { r.IdempotentDups++ },
		"urgent is slow":             func(r *Report, _ *Options) { r.Resume[0].Worst++ },
		"bulk is slow":               func(r *Report, _ *Options) { r.Resume[1].Worst++ },
	} {
		t.Run(name, func(t *testing.T) {
			r, o := proof()
			spoil(r, o)
			if n := missed(r, o); n != 1 {
				t.Errorf("%d goals are missed, want 1", n)
			}
		})
	}
}
