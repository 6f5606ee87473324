package channels

import (
	"context"
	"sync"
	"sync/atomic"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// SendEach sends ds by the named provider and passes on each result as it
// comes. Before each call to the vendor it asks the clearance; nil allows all. It
// calls done once for each dispatch, in any order, from any goroutine, but never
// twice at the same time. It returns after the last call of done.
func (p *Pool) SendEach(
	ctx context.Context, provider string, ds []adapter.Dispatch, clearance Clearance, done func(i int, r touch.Result),
) {
	v := p.byName[provider]
	if v == nil {
		for i := range ds {
			r := notTried(touch.ResultMisconfigured, touch.ReasonNoProvider, "")
			r.Provider = provider
			done(i, r)
		}
		return
	}
	v.sendAll(ctx, ds, clearance, done)
}

// sendAll divides ds into calls to the vendor and makes them, as many at once
// as the provider allows.
func (p *Provider) sendAll(
	ctx context.Context, ds []adapter.Dispatch, clearance Clearance, done func(int, touch.Result),
) {
	s := &sending{
		provider:  p,
		ds:        ds,
		results:   make([]touch.Result, len(ds)),
		calls:     p.splitCalls(ds),
		clearance: clearance,
		done:      done,
	}

	// Most urgent messages come alone. They need no goroutine and no start lock.
	if len(s.calls) == 1 {
		s.makeCall(ctx, s.calls[0])
		return
	}

	s.pass = p.startLock.acquire(ctx, ds[0].Urgent, len(s.calls))
	defer s.pass.release()
	var running sync.WaitGroup
	for range min(len(s.calls), p.cfg.Concurrency) {
		running.Go(func() { s.makeCalls(ctx) })
	}
	running.Wait()
}

// sending is one list of dispatches on its way through a provider.
type sending struct {
	provider  *Provider
	ds        []adapter.Dispatch
	results   []touch.Result
	calls     []span
	next      atomic.Int64 // the first call that nobody has taken
	pass      *startPass   // nil: a single call
	clearance Clearance    // nil: all may go out

	reporting sync.Mutex // held while done is called
	done      func(int, touch.Result)
}

// makeCalls takes calls from the list and makes them until none is left.
func (s *sending) makeCalls(ctx context.Context) {
	for {
		k := int(s.next.Add(1)) - 1
		if k >= len(s.calls) {
			return
		}
		s.makeCall(ctx, s.calls[k])
	}
}

// makeCall makes one call and reports its results. A call whose dispatches the
// provider cannot reach is not made.
func (s *sending) makeCall(ctx context.Context, c span) {
	ds, out := s.ds[c.lo:c.hi], s.results[c.lo:c.hi]
	if s.provider.canReach(&ds[0]) {
		s.provider.send(ctx, ds, out, s.pass, permit{s.clearance, c})
	} else {
		s.pass.callStarted()
		fillResults(out, notTried(touch.ResultRejected, touch.ReasonBadTarget, "no address"))
	}

	s.reporting.Lock()
	defer s.reporting.Unlock()
	for i := range out {
		out[i].Provider = s.provider.cfg.Name
		s.done(c.lo+i, out[i])
	}
}

// span is a run of dispatches that go in one call: [lo,hi).
type span struct{ lo, hi int }

// splitCalls divides ds into calls of at most a batch. No call mixes dispatches
// that the provider can reach with those it cannot, or urgent ones with bulk.
func (p *Provider) splitCalls(ds []adapter.Dispatch) []span {
	alike := func(a, b *adapter.Dispatch) bool {
		return p.canReach(a) == p.canReach(b) && a.Urgent == b.Urgent
	}
	calls := make([]span, 0, (len(ds)+p.batch-1)/p.batch)
	for lo := 0; lo < len(ds); {
		hi := lo + 1
		for hi < len(ds) && hi-lo < p.batch && alike(&ds[lo], &ds[hi]) {
			hi++
		}
		calls = append(calls, span{lo, hi})
		lo = hi
	}
	return calls
}
