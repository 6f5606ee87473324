package workers

import (
	"context"
	"maps"
	"sync"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// clearance is the right of jobs to be sent, by the Control that they were judged
// under. A segment is judged at once, and its calls may take seconds: before each
// one this looks whether somebody has stopped it meanwhile. It is a
// channels.Clearance, and safe for concurrent use.
type clearance struct {
	*services
	judged *ledger.Control
	// since is when the ledger last said that nothing had changed which binds the
	// jobs: when the transaction began that stored their intents.
	since    time.Duration
	provider string
	jobs     []*job
}

// Revoked implements channels.Clearance.
func (c *clearance) Revoked(lo, hi int) bool { return c.revokedBy(c.control.Current(), lo, hi) }

// Confirm implements channels.Clearance. A process that cannot read the ledger
// sends nothing.
func (c *clearance) Confirm(ctx context.Context, lo, hi int) (refusal touch.Result, ok bool) {
	newest, err := c.control.Confirm(ctx, c.since)
	if err != nil {
		return touch.Result{
			Class: touch.ResultRetryable, Reason: touch.ReasonLate, NoAttempt: true, Detail: "the controls could not be confirmed",
		}, false
	}
	if c.revokedBy(newest, lo, hi) {
		return channels.RevokedResult(), false
	}
	return touch.Result{}, true
}

func (c *clearance) revokedBy(newest *ledger.Control, lo, hi int) bool {
	if newest == c.judged {
		return false
	}
	now := c.now()
	for _, j := range c.jobs[lo:hi] {
		if binds(c.judged, newest, j, c.provider, now) {
			return true
		}
	}
	return false
}

// binds reports whether newest forbids to send a job by a provider, or to send it
// without another judgement, although it was allowed under judged. Epochs of
// shards are not compared: they bind until the intent is stored.
func binds(judged, newest *ledger.Control, j *job, provider string, now time.Time) bool {
	if newest == judged {
		return false
	}
	t := j.touch()
	ref := ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign}
	if newest.PolicyHash != judged.PolicyHash || newest.Campaigns.Of(ref) != ledger.CampaignRunning {
		return true
	}
	for i := range newest.KillSwitches {
		s := &newest.KillSwitches[i]
		if (s.Provider == "" || s.Provider == provider) && s.Matches(t, j.channel(), now) {
			return true
		}
	}
	return false
}

// bindsBeforeIntent is binds for a job without an intent. Its reservation is lost
// with a shard of the contact log.
func bindsBeforeIntent(judged, newest *ledger.Control, j *job, now time.Time) bool {
	return !maps.Equal(judged.Shards, newest.Shards) || binds(judged, newest, j, j.provider, now)
}

// jobList collects jobs. It is safe for concurrent use.
type jobList struct {
	mu   sync.Mutex
	jobs []*job
}

func (l *jobList) add(j *job) {
	l.mu.Lock()
	l.jobs = append(l.jobs, j)
	l.mu.Unlock()
}
