package nemesis

import (
	"testing"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
)

// TestGoals: a run that holds all is a proof, and each thing that it lacks is
// seen, once.
func TestGoals(t *testing.T) {
	proof := func() (*Report, *Options) {
		return &Report{
			Report: check.Report{
				Touches: proofTouches, Duplicated: 2, Allowed: 2, Resendable: 2,
				Resume: []check.Resume{{Fault: "kill", Urgent: true, Worst: urgentWithin}, {Fault: "kill", Worst: bulkWithin}},
			},
			Kills: proofKills, Redis: proofRedis, Flushes: proofFlushes,
		}, &Options{Servers: true, Duration: proofLength}
	}
	unmet := func(r *Report, o *Options) (n int) {
		for _, g := range r.goals(*o) {
			if !g.Met {
				n++
			}
		}
		return n
	}
	r, o := proof()
	if n := unmet(r, o); n != 0 {
		t.Errorf("%d of a proof are not met: %+v", n, r.goals(*o))
	}
	for name, spoil := range map[string]func(*Report, *Options){
		"too short":      func(_ *Report, o *Options) { o.Duration -= time.Second },
		"too few":        func(r *Report, _ *Options) { r.Touches-- },
		"kills":          func(r *Report, _ *Options) { r.Kills-- },
		"redis":          func(r *Report, _ *Options) { r.Redis-- },
		"flushes":        func(r *Report, _ *Options) { r.Flushes-- },
		"lost":           func(r *Report, _ *Options) { r.Lost++ },
		"over cap":       func(r *Report, _ *Options) { r.OverCap++ },
		"quiet hours":    func(r *Report, _ *Options) { r.Quiet++ },
		"stop":           func(r *Report, _ *Options) { r.AfterStop++ },
		"twice":          func(r *Report, _ *Options) { r.Duplicated++ },
		"twice, known":   func(r *Report, _ *Options) { r.IdempotentDups++ },
		"urgent is slow": func(r *Report, _ *Options) { r.Resume[0].Worst++ },
		"bulk is slow":   func(r *Report, _ *Options) { r.Resume[1].Worst++ },
	} {
		t.Run(name, func(t *testing.T) {
			r, o := proof()
			spoil(r, o)
			if n := unmet(r, o); n != 1 {
				t.Errorf("%d goals are not met, want 1", n)
			}
		})
	}
}
