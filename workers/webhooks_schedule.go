package workers

import (
	"slices"
	"sync"
	"time"

	"touchgate.dev/ledger"
)

// webhookSchedule says which subscription is served next. It is safe for
// concurrent use.
//
// A subscription is idle, ready, or being served; it is ready once it was woken
// (its caller has new events, or it was changed) or its next try is due. Among
// the ready, the caller with the fewest calls under way comes first, so that one
// caller's hanging receivers delay no other caller.
type webhookSchedule struct {
	mu      sync.Mutex
	all     map[string]*scheduledWebhook
	callers map[string]*webhookCaller
	running int
}

type webhookCaller struct {
	all     map[string]*scheduledWebhook
	ready   []*scheduledWebhook
	running int
}

type scheduledWebhook struct {
	id, caller string
	revision   int64
	taken      int64 // the revision when its turn began
	nextAt     time.Time
	woken      bool
	ready      bool
	running    bool
	removed    bool
	readyAt    time.Time
	handicap   time.Duration // how much later others of its caller go first
	cancel     func()        // ends the call that is under way
}

func newWebhookSchedule() *webhookSchedule {
	return &webhookSchedule{all: map[string]*scheduledWebhook{}, callers: map[string]*webhookCaller{}}
}

// replace makes subs the subscriptions. New and changed ones are woken; a call
// of one that has ended is cut.
func (s *webhookSchedule) replace(subs []ledger.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := make(map[string]bool, len(subs))
	for i := range subs {
		sub := &subs[i]
		have[sub.ID] = true
		w := s.all[sub.ID]
		if w == nil {
			w = &scheduledWebhook{id: sub.ID, caller: sub.Caller}
			s.all[sub.ID] = w
			c := s.callers[sub.Caller]
			if c == nil {
				c = &webhookCaller{all: map[string]*scheduledWebhook{}}
				s.callers[sub.Caller] = c
			}
			c.all[sub.ID] = w
		}
		if w.revision != sub.Revision {
			w.revision = sub.Revision
			w.woken = true
			w.nextAt = sub.NextAt
			if len(sub.Again) > 0 {
				w.nextAt = time.Time{}
			}
		}
	}
	for id, w := range s.all {
		if !have[id] {
			s.remove(w)
		}
	}
}

func (s *webhookSchedule) remove(w *scheduledWebhook) {
	w.removed = true
	if w.cancel != nil {
		w.cancel()
	}
	delete(s.all, w.id)
	c := s.callers[w.caller]
	delete(c.all, w.id)
	c.ready = slices.DeleteFunc(c.ready, func(r *scheduledWebhook) bool { return r == w })
	s.forget(c, w.caller)
}

// forget drops a caller that has nothing any more.
func (s *webhookSchedule) forget(c *webhookCaller, name string) {
	if len(c.all) == 0 && c.running == 0 {
		delete(s.callers, name)
	}
}

// names returns the callers that have subscriptions.
func (s *webhookSchedule) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.callers))
	for name := range s.callers {
		names = append(names, name)
	}
	return names
}

// wake notes that callers have new events.
func (s *webhookSchedule) wake(callers []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range callers {
		if c := s.callers[name]; c != nil {
			for _, w := range c.all {
				w.woken = true
			}
		}
	}
}

// calling is how many subscriptions are being served.
func (s *webhookSchedule) calling() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// collect makes those ready that are woken or due at now.
func (s *webhookSchedule) collect(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.all {
		s.offer(w, now)
	}
}

func (s *webhookSchedule) offer(w *scheduledWebhook, now time.Time) {
	due := !w.nextAt.IsZero()
	if w.ready || w.running || w.removed || !w.woken && !due || w.nextAt.After(now) {
		return
	}
	w.ready = true
	w.readyAt = now
	c := s.callers[w.caller]
	c.ready = append(c.ready, w)
}

// take returns the subscription that is to be served next, or nil: none is
// ready, or too many are being served. Call done for it.
func (s *webhookSchedule) take() *scheduledWebhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running >= webhookCalls {
		return nil
	}
	var first *webhookCaller
	for _, c := range s.callers {
		if len(c.ready) > 0 && c.running < webhookCallsPerCaller && (first == nil || c.running < first.running) {
			first = c
		}
	}
	if first == nil {
		return nil
	}
	w := first.pop()
	w.ready = false
	w.woken = false
	w.running = true
	w.taken = w.revision
	first.running++
	s.running++
	return w
}

// pop takes the one out that has waited longest, slow ones less.
func (c *webhookCaller) pop() *scheduledWebhook {
	best := 0
	for i, w := range c.ready {
		if w.readyAt.Add(w.handicap).Before(c.ready[best].readyAt.Add(c.ready[best].handicap)) {
			best = i
		}
	}
	w := c.ready[best]
	last := len(c.ready) - 1
	c.ready[best] = c.ready[last]
	c.ready[last] = nil
	c.ready = c.ready[:last]
	return w
}

// webhookResult is what became of one turn of a subscription.
type webhookResult struct {
	nextAt time.Time     // not before; zero: when there are new events
	more   bool          // there may be more to send at once
	took   time.Duration // by the call
	failed bool
}

// done ends the turn that take began.
func (s *webhookSchedule) done(w *scheduledWebhook, r webhookResult, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.running = false
	w.cancel = nil
	s.running--
	c := s.callers[w.caller]
	c.running--
	if w.removed {
		s.forget(c, w.caller)
		return
	}
	if w.taken == w.revision { // otherwise it was changed meanwhile, and woken
		w.nextAt = r.nextAt
	}
	w.woken = w.woken || r.more
	w.handicap = r.took
	if r.failed {
		w.handicap += 10 * time.Second
	}
	if w.woken {
		s.offer(w, now)
	}
}

// begun notes how the turn of a subscription is cut when it ends meanwhile. It
// returns false if it has ended already.
func (s *webhookSchedule) begun(w *scheduledWebhook, cancel func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.cancel = cancel
	return !w.removed
}
