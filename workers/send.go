package workers

import (
	"context"
	"slices"
	"sync"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// send gives the jobs to providers. A message that a provider surely did not
// send goes to another one. With ErrControlChanged it returns the jobs that must be
// judged again.
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

// choose returns the jobs that have a provider. A job that no provider takes
// now is tried again later.
func (b *batch) choose(control *ledger.Control, jobs []*job) []*job {
	chosen := jobs[:0:0]
	for _, j := range jobs {
		exclude := b.excluded(control, j)

		// While an outcome is unknown, no other provider gets the message.
		if j.inFlight() {
			if slices.Contains(exclude, j.provider) {
				b.unknowns.stillUnknown(j)
			} else {
				chosen = append(chosen, j)
			}
			continue
		}

		provider, ok, refusal := b.pool.Choose(j.channel(), j.dispatch, exclude)
		if !ok {
			if len(j.tried) > 0 {
				refusal = j.lastResult // what a provider said tells more
			}
			b.results.applyResult(j, refusal)
			continue
		}
		j.provider = provider
		chosen = append(chosen, j)
	}
	return chosen
}

// excluded returns the providers that must not get the job: those that did not
// send it in this step, and those under a kill switch.
func (b *batch) excluded(control *ledger.Control, j *job) []string {
	exclude := j.tried
	for i := range control.KillSwitches {
		s := &control.KillSwitches[i]
		if s.Provider != "" && s.Matches(j.touch(), j.channel(), b.now()) {
			exclude = append(exclude[:len(exclude):len(exclude)], s.Provider)
		}
	}
	return exclude
}

// intend records in the ledger what is about to be sent, before any provider is
// called. It returns the jobs that may be sent; the others were cancelled or
// moved on meanwhile, and are dropped.
func (b *batch) intend(ctx context.Context, controlVersion ledger.ControlVersion, jobs []*job) ([]*job, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	intents := make([]ledger.Intent, len(jobs))
	for i, j := range jobs {
		intents[i] = j.intent(b.now())
	}
	dropped, err := b.work.Intend(ctx, b.steps.segment, controlVersion, intents)
	if err != nil {
		return nil, err
	}
	if len(dropped) == 0 {
		return jobs, nil
	}

	gone := make(map[int]bool, len(dropped))
	for _, i := range dropped {
		gone[i] = true
		b.steps.drop(jobs[i])
	}
	kept := jobs[:0:0]
	for i, j := range jobs {
		if !gone[i] {
			kept = append(kept, j)
		}
	}
	return kept, nil
}

// retryList collects the jobs that another provider should try. It is safe for
// concurrent use.
type retryList struct {
	mu   sync.Mutex
	jobs []*job
}

func (l *retryList) add(j *job) {
	l.mu.Lock()
	l.jobs = append(l.jobs, j)
	l.mu.Unlock()
}

// dispatch calls all providers at the same time and applies each result as it
// comes. It returns the jobs that were surely not sent, for another provider.
func (b *batch) dispatch(ctx context.Context, jobs []*job) []*job {
	byProvider := make(map[string][]*job)
	for _, j := range jobs {
		byProvider[j.provider] = append(byProvider[j.provider], j)
	}

	// Results are written while slow providers still answer.
	flushing := b.steps.startFlushing(ctx)
	var failed retryList
	var calls sync.WaitGroup
	for provider, group := range byProvider {
		calls.Go(func() { b.sendBy(ctx, provider, group, &failed) })
	}
	calls.Wait()
	flushing.Stop()
	return failed.jobs
}

// sendBy sends jobs by one provider.
func (b *batch) sendBy(ctx context.Context, provider string, jobs []*job, failed *retryList) {
	dispatches := make([]adapter.Dispatch, len(jobs))
	for i, j := range jobs {
		dispatches[i] = j.dispatch
		// An old verdict is worth nothing: the provider starts no call after it.
		dispatches[i].NotAfter = j.judgedAt.Add(b.tuning.SendWithin)
	}

	b.pool.SendEach(ctx, provider, dispatches, func(i int, r touch.Result) {
		if r.Provider == "" {
			r.Provider = provider
		}
		j := jobs[i]
		b.results.logAttempt(ctx, j, r)
		if !j.wantsAnother(r) {
			b.results.applyResult(j, r)
			return
		}
		j.tried = append(j.tried, r.Provider)
		j.lastResult = r
		failed.add(j)
	})
}
