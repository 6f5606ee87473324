package workers

import (
	"context"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// flushEvery is how long a result may wait in memory before it is written. What
// a quick vendor answers to a whole segment is written in one transaction; one
// slow answer does not keep the others from being written.
const flushEvery = 250 * time.Millisecond

// flush writes the pending steps: first the contacts made, then the ledger, and
// last the releases. So the contact log never shows fewer contacts than the
// ledger. While the ledger does not answer, flush tries again until ctx ends,
// which is when the lease is lost: a result in memory must not become an
// unknown outcome.
func (s *steps) flush(ctx context.Context) error {
	s.mu.Lock()
	pending := s.pending
	s.pending = nil
	s.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}

	transitions := make([]ledger.Transition, len(pending))
	var commits, releases []contactlog.Settlement
	for i := range pending {
		p := &pending[i]
		transitions[i] = p.transition
		// Only now: on the fast path a touch is judged before it is stored,
		// and has no number until then.
		transitions[i].Seq = p.job.claimed.Progress.Seq
		transitions[i].Version = p.job.claimed.Progress.Version
		switch {
		case p.contact == nil:
		case p.contact.Release:
			releases = append(releases, *p.contact)
		default:
			commits = append(commits, *p.contact)
		}
	}

	s.settleContacts(ctx, commits)
	if err := s.write(ctx, transitions); err != nil {
		return err
	}
	s.settleContacts(ctx, releases)

	for i := range transitions {
		if to := transitions[i].To; to != "" {
			s.metrics.settled.WithLabelValues(string(pending[i].job.channel()), string(to)).Inc()
		}
	}
	return nil
}

// write stores transitions, and tries again while the ledger is unavailable.
func (s *steps) write(ctx context.Context, transitions []ledger.Transition) error {
	wait := 50 * time.Millisecond
	for {
		err := s.work.Apply(ctx, s.segment, transitions)
		if touch.ClassOf(err) != touch.Unavailable || !loop.Sleep(ctx, wait) {
			return err
		}
		wait = min(2*wait, time.Second)
	}
}

// startFlushing flushes every now and then until the group is stopped.
func (s *steps) startFlushing(ctx context.Context) *loop.Group {
	flushing := loop.NewGroup(ctx)
	flushing.Go(func(ctx context.Context) {
		// An error ends only this loop. The last flush of the segment meets it
		// again, with the steps that are left.
		_ = loop.Until(ctx, flushEvery, func(ctx context.Context) (done bool, err error) {
			return false, s.flush(context.WithoutCancel(ctx))
		})
	})
	return flushing
}
