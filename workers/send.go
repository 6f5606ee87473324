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

// send gives the jobs to providers. A message that a provider surely did not
// send goes to another one. It returns the jobs that must be judged again, since
// something changed that binds them; after an error, all jobs without a next step.
func (b *batch) send(ctx context.Context, control *ledger.Control, jobs []*job) (again []*job, err error) {
	for len(jobs) > 0 {
		jobs = b.choose(control, jobs)
		intended, since, err := b.intend(ctx, control.Version, jobs)
		if errors.Is(err, ledger.ErrControlChanged) {
			var bound []*job
			control, bound, jobs, err = b.follow(ctx, control, jobs)
			again = append(again, bound...)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return append(again, jobs...), err
		}
		failed, revoked := b.dispatch(ctx, control, since, intended)
		again = append(again, revoked...)
		jobs = failed
	}
	return again, nil
}

// follow reads what has changed since the jobs were judged. bound are those that
// must be judged again; the others are as good as judged under the newest view.
func (b *batch) follow(ctx context.Context, judged *ledger.Control, jobs []*job) (newest *ledger.Control, bound, free []*job, err error) {
	if err := b.control.Refresh(ctx); err != nil {
		return judged, nil, jobs, err
	}
	newest = b.control.Current()
	now := b.now()
	for _, j := range jobs {
		if bindsBeforeIntent(judged, newest, j, now) {
			bound = append(bound, j)
		} else {
			free = append(free, j)
		}
	}
	return newest, bound, free, nil
}

// choose returns the jobs that have a provider. A job that no provider takes
// now is tried again later.
func (b *batch) choose(control *ledger.Control, jobs []*job) []*job {
	chosen := jobs[:0:0]
	for _, j := range jobs {
		exclude, stops := b.excluded(control, j)

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
		switch {
		case ok:
		case len(j.tried) > 0:
			b.results.applyResult(j, j.lastResult) // what a provider said tells more
			continue
		case len(stops) > 0 && refusal.Reason == touch.ReasonNoProvider:
			b.holdForProviders(j, stops)
			continue
		default:
			b.results.applyResult(j, refusal)
			continue
		}
		j.provider = provider
		chosen = append(chosen, j)
	}
	return chosen
}

// excluded returns the providers that must not get the job: those that did not
// send it in this step, and those under a kill switch. stops are these switches.
func (b *batch) excluded(control *ledger.Control, j *job) (exclude []string, stops []*ledger.KillSwitch) {
	exclude = j.tried
	for i := range control.KillSwitches {
		s := &control.KillSwitches[i]
		if s.Provider != "" && s.Matches(j.touch(), j.channel(), b.now()) {
			exclude = append(exclude[:len(exclude):len(exclude)], s.Provider)
			stops = append(stops, s)
		}
	}
	return exclude, stops
}

// holdForProviders keeps a job back whose providers are all under kill switches,
// until one of these ends.
func (b *batch) holdForProviders(j *job, stops []*ledger.KillSwitch) {
	holds := make([]string, len(stops))
	for i, s := range stops {
		holds[i] = s.Hold()
	}
	b.steps.hold(j, touch.ReasonKillSwitch+stops[0].ID, ledger.JoinHolds(holds))
}

// intend records in the ledger what is about to be sent, before any provider is
// called. It returns the jobs that may be sent, and since when it is known that
// nothing stops them; the others were cancelled or moved on meanwhile, and are
// dropped.
func (b *batch) intend(ctx context.Context, controlVersion ledger.ControlVersion, jobs []*job) (kept []*job, since time.Duration, err error) {
	if len(jobs) == 0 {
		return nil, 0, nil
	}
	intents := make([]ledger.Intent, len(jobs))
	for i, j := range jobs {
		intents[i] = j.intent(b.now())
	}
	since = b.control.Elapsed()
	dropped, err := b.work.Intend(ctx, b.steps.segment, controlVersion, intents)
	if err != nil {
		return nil, 0, err
	}

	gone := make(map[int]bool, len(dropped))
	for _, i := range dropped {
		gone[i] = true
		b.steps.drop(jobs[i])
	}
	kept = jobs[:0:0]
	for i, j := range jobs {
		if !gone[i] {
			j.intended = true
			kept = append(kept, j)
		}
	}
	return kept, since, nil
}

// dispatch calls all providers at the same time and applies each result as it
// comes. It returns the jobs that were surely not sent: those that failed, for
// another provider, and those that were revoked, to be judged again.
func (b *batch) dispatch(ctx context.Context, judged *ledger.Control, since time.Duration, jobs []*job) (failed, revoked []*job) {
	byProvider := make(map[string][]*job)
	for _, j := range jobs {
		byProvider[j.provider] = append(byProvider[j.provider], j)
	}

	// Results are written while slow providers still answer.
	flushing := b.steps.startFlushing(ctx)
	var unsent unsentJobs
	var calls sync.WaitGroup
	for provider, group := range byProvider {
		may := &clearance{services: b.services, judged: judged, since: since, provider: provider, jobs: group}
		calls.Go(func() { b.sendBy(ctx, may, &unsent) })
	}
	calls.Wait()
	flushing.Stop()
	return unsent.failed.jobs, unsent.revoked.jobs
}

// unsentJobs are the jobs that providers did not send, and that have no next step.
type unsentJobs struct{ failed, revoked jobList }

// sendBy sends the jobs of a clearance by its provider.
func (b *batch) sendBy(ctx context.Context, may *clearance, unsent *unsentJobs) {
	jobs := may.jobs
	dispatches := make([]adapter.Dispatch, len(jobs))
	for i, j := range jobs {
		dispatches[i] = j.dispatch
		// An old verdict is worth nothing: the provider starts no call after it.
		dispatches[i].NotAfter = j.judgedAt.Add(b.tuning.SendWithin)
	}

	b.pool.SendEach(ctx, may.provider, dispatches, may, func(i int, r touch.Result) {
		if r.Provider == "" {
			r.Provider = may.provider
		}
		j := jobs[i]
		if r.NoAttempt && r.Reason == touch.ReasonRevoked {
			unsent.revoked.add(j)
			return
		}
		b.results.logAttempt(ctx, j, r)
		if !j.wantsAnother(r) {
			b.results.applyResult(j, r)
			return
		}
		j.tried = append(j.tried, r.Provider)
		j.lastResult = r
		unsent.failed.add(j)
	})
}
