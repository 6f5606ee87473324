package workers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// run judges and sends the jobs. When the rules change between judging and
// the intents, it starts again with those not yet sent.
func (b *batch) run(ctx context.Context, jobs []*job) error {
	jobs = b.resolve(ctx, jobs)
	for len(jobs) > 0 {
		// Everything of one round is asserted against this one view: what
		// changed since it was taken voids the round.
		control := b.d.o.Control.Current()
		allowed, err := b.judge(ctx, control, jobs)
		if err != nil {
			return err
		}
		jobs, err = b.send(ctx, control, allowed)
		if errors.Is(err, ledger.ErrControlChanged) {
			err = b.d.o.Control.Refresh(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// send hands the jobs to providers, and again to another provider those that
// surely were not sent. With ErrFence it answers the jobs to judge again.
func (b *batch) send(ctx context.Context, control *ledger.Control, jobs []*job) ([]*job, error) {
	for len(jobs) > 0 {
		jobs = b.choose(control, jobs)
		intended, err := b.intend(ctx, control.Version, jobs)
		if err != nil {
			return jobs, err
		}
		jobs = b.dispatch(ctx, intended)
	}
	return nil, nil
}

// choose finds a provider for each job; those that none will take are put back.
func (b *batch) choose(control *ledger.Control, jobs []*job) []*job {
	now := b.d.o.Now()
	chosen := jobs[:0:0]
	for _, j := range jobs {
		exclude := j.tried
		for i := range control.KillSwitches {
			if s := &control.KillSwitches[i]; s.Provider != "" && s.Matches(j.touch(), j.plan().Channel, now) {
				exclude = append(exclude[:len(exclude):len(exclude)], s.Provider)
			}
		}
		if j.inFlight() { // never another provider while unknown
			if slices.Contains(exclude, j.provider) {
				b.unresolved(j)
			} else {
				chosen = append(chosen, j)
			}
			continue
		}
		provider, ok, refusal := b.d.o.Pool.Choose(j.plan().Channel, j.dispatch, exclude)
		if !ok {
			if len(j.tried) > 0 {
				refusal = j.last // what was really tried says more
			}
			b.applyResult(j, refusal)
			continue
		}
		j.provider = provider
		chosen = append(chosen, j)
	}
	return chosen
}

// intend records what is about to be sent, and takes out what must not be any more.
func (b *batch) intend(ctx context.Context, fence int64, jobs []*job) ([]*job, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	intents := make([]ledger.Intent, len(jobs))
	for i, j := range jobs {
		intents[i] = j.intent(b.d.o.Now())
	}
	dropped, err := b.d.o.Ledger.Work.Intend(ctx, b.seg.Ref, fence, intents)
	if err != nil {
		return nil, err
	}
	gone := make(map[int]bool, len(dropped))
	for _, i := range dropped {
		gone[i] = true
		b.drop(jobs[i])
	}
	kept := jobs[:0:0]
	for i, j := range jobs {
		if !gone[i] {
			kept = append(kept, j)
		}
	}
	return kept, nil
}

// intent says that the job is about to be sent. Where only an intent says since
// when the outcome is unknown, it goes on saying so.
func (j *job) intent(now time.Time) ledger.Intent {
	at := now
	if j.inFlight() && j.orphaned() {
		at = j.unknownSince
	}
	return ledger.Intent{
		Seq: j.c.Progress.Seq, Version: j.c.Progress.Version, Leg: j.leg, Attempt: j.attempts + 1, Provider: j.provider, At: at,
	}
}

// failover collects the jobs that another provider should try.
type failover struct {
	mu   sync.Mutex
	jobs []*job
}

// dispatch sends by every provider at once and settles results as they come,
// so that one slow answer does not keep the others from being written. It
// answers the jobs that surely were not sent, for another provider.
func (b *batch) dispatch(ctx context.Context, jobs []*job) []*job {
	var again failover
	byProvider := make(map[string][]*job)
	for _, j := range jobs {
		byProvider[j.provider] = append(byProvider[j.provider], j)
	}
	stop := b.flushWhile(ctx)
	var wg sync.WaitGroup
	for provider, group := range byProvider {
		wg.Go(func() {
			ds := make([]adapter.Dispatch, len(group))
			for i, j := range group {
				ds[i] = j.dispatch
				ds[i].NotAfter = j.judgedAt.Add(b.d.o.Tuning.SendWithin)
			}
			b.d.o.Pool.SendEach(ctx, provider, ds, func(i int, r touch.Result) {
				if r.Provider == "" {
					r.Provider = provider
				}
				b.result(ctx, group[i], r, &again)
			})
		})
	}
	wg.Wait()
	stop()
	return again.jobs
}

// flushEvery is how long a result may be in hand before it is written: long
// enough that what a quick vendor answers to a segment is written at once.
const flushEvery = 250 * time.Millisecond

// flushWhile flushes from time to time until the answer is called.
func (b *batch) flushWhile(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleep(ctx, flushEvery) {
			// An error shows again at the last flush, with what is left.
			if err := b.flush(context.WithoutCancel(ctx)); err != nil {
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// result settles one answer, or keeps the job for another provider.
func (b *batch) result(ctx context.Context, j *job, r touch.Result, again *failover) {
	b.logAttempt(ctx, j, r)
	if j.wantsAnother(r) {
		again.mu.Lock()
		j.tried, j.last = append(j.tried, r.Provider), r
		again.jobs = append(again.jobs, j)
		again.mu.Unlock()
		return
	}
	b.applyResult(j, r)
}

// wantsAnother reports whether a different provider may still send this: the
// message surely did not go out, and not because of the message.
func (j *job) wantsAnother(r touch.Result) bool {
	if j.inFlight() || len(j.tried) >= 2 || r.Reason == touch.ReasonLate {
		return false
	}
	return r.Class == touch.ResultRetryable || r.Class == touch.ResultMisconfigured || (r.Class == touch.ResultThrottled && r.NoAttempt)
}
