package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// job is one touch of a segment on its way through the stages.
type job struct {
	c         *ledger.ClaimedTouch
	recipient *lookup.Recipient // as intake has just read it; nil: read it before judging
	leg       int
	attempts  int           // spent on this leg
	events    []touch.Event // of this step, before the one that ends it
	verdict   touch.Verdict
	dispatch  adapter.Dispatch
	entry     contactlog.Entry // of this leg in the contact log
	reserved  bool             // holds a place there
	judgedAt  time.Time
	provider  string
	tried     []string     // providers that surely did not send it, in this step
	last      touch.Result // what the last of them said
	resend    bool         // a deliberate second send after an unknown outcome
	// unknownSince is set while an earlier attempt may have been sent.
	unknownSince time.Time
	notSent      bool // what the ledger holds to be unknown was surely not sent
}

func (j *job) touch() *touch.Touch { return &j.c.Touch }
func (j *job) plan() *touch.Leg    { return &j.c.Touch.Plan[j.leg] }

// inFlight reports whether an attempt on the current leg may be out.
func (j *job) inFlight() bool { return !j.unknownSince.IsZero() }

// denied reports whether the latest verdict forbids sending now.
func (j *job) denied() bool {
	return j.verdict.Decision != "" && j.verdict.Decision != touch.DecisionAllow
}

// batch is the work on one claimed segment. Transitions pile up in it, and are
// written by flush.
type batch struct {
	d       *Deliverer
	seg     *ledger.Segment
	mu      sync.Mutex // guards pending: results arrive concurrently
	pending []settled
	// waiting says that a touch stays in the segment until a lost worker's call
	// is surely over.
	waiting bool
}

// settled is one touch's next step together with its word to the contact log.
type settled struct {
	j   *job
	tr  ledger.Transition
	log *contactlog.Settlement
}

// sort finds out, for each touch, which leg is up, and takes out those with
// nothing to do.
func (b *batch) sort(all []ledger.ClaimedTouch) []*job {
	var jobs []*job
	for i := range all {
		j := b.job(&all[i])
		switch p := &all[i].Progress; {
		case p.State == touch.StateDue, p.State == touch.StateUnknown:
			jobs = append(jobs, j)
		case p.State == touch.StateSent:
			if b.waitIsOver(j) {
				jobs = append(jobs, j)
			}
		case j.intentUnrecorded():
			b.commitLost(j)
		default:
			b.drop(j)
		}
	}
	return jobs
}

func (b *batch) job(c *ledger.ClaimedTouch) *job {
	p := &c.Progress
	j := &job{c: c, leg: p.Leg, attempts: p.Attempts, provider: p.Provider}
	if p.State == touch.StateUnknown {
		j.unknownSince = b.d.o.Now()
		if c, made := p.ContactOn(p.Leg); made {
			j.unknownSince = c.At
		}
	}
	if c.Intent == nil {
		return j
	}
	// What is sent after a wait is intended before the ledger says that the
	// wait was over.
	onNext := p.State == touch.StateSent && c.Intent.Leg == p.Leg+1
	if onNext || (c.Intent.Leg == p.Leg && (p.State == touch.StateDue || p.State == touch.StateUnknown)) {
		j.provider = c.Intent.Provider
		if j.unknownSince.IsZero() {
			j.unknownSince = c.Intent.At
		}
	}
	return j
}

// intentUnrecorded reports whether a leg is intended that the ledger has no contact of.
func (j *job) intentUnrecorded() bool {
	if j.c.Intent == nil {
		return false
	}
	_, made := j.c.Progress.ContactOn(j.c.Intent.Leg)
	return !made
}

// commitLost takes a touch out that came to its end by a receipt of an earlier
// leg while a worker was lost over a later one: that one may have been sent,
// and counts.
func (b *batch) commitLost(j *job) {
	now := b.d.o.Now()
	j.leg = j.c.Intent.Leg
	j.dispatch.ID = touch.DispatchID(j.touch().ID, j.leg)
	contact := &ledger.Contact{Leg: j.leg, Channel: j.plan().Channel, At: now}
	b.add(j, ledger.Transition{Contact: contact}, b.commit(j, now, ledger.ContactAttempt))
}

// waitIsOver moves a sent touch, whose receipt did not come in time, to its
// next leg; without one it ends unconfirmed.
func (b *batch) waitIsOver(j *job) bool {
	if j.leg+1 >= len(j.touch().Plan) {
		b.end(j, touch.StateUnconfirmed, "no_receipt", touch.EventUnconfirmed)
		return false
	}
	j.leg++
	j.attempts = 0
	j.events = append(j.events, b.event(j, touch.EventFallback, touch.StateDue, "no_receipt"))
	return true
}

// event begins an event about the job's touch.
func (b *batch) event(j *job, kind touch.EventKind, state touch.State, reason string) touch.Event {
	t := j.touch()
	return touch.Event{
		Kind: kind, At: b.d.o.Now(), Touch: t.ID, Key: t.Key, Caller: t.Caller, Customer: t.Customer,
		Campaign: t.Campaign, State: state, Leg: j.leg, Channel: j.plan().Channel, Attempt: j.attempts, Reason: reason,
	}
}

// transition begins a transition that keeps everything as it is on this leg.
func (b *batch) transition(j *job, to touch.State, events ...touch.Event) ledger.Transition {
	return ledger.Transition{
		To: to, Leg: j.leg, Attempts: j.attempts,
		Lane: touch.Lane(j.plan().Channel, j.touch().Urgent()), Events: append(j.events, events...), DropContact: j.notSent,
	}
}

// end brings a touch to a final state and gives its reservation back.
func (b *batch) end(j *job, to touch.State, reason string, kind touch.EventKind) {
	b.endWith(j, to, reason, kind, b.release(j))
}

// endWith ends a touch with a word to the contact log (nil: none).
func (b *batch) endWith(j *job, to touch.State, reason string, kind touch.EventKind, log *contactlog.Settlement) {
	if to != touch.StateCancelled && to != touch.StateDead && j.reached() {
		// An earlier leg may have reached the customer: "refused" or
		// "failed" would deny a contact that was made.
		to, kind = touch.StateUnconfirmed, touch.EventUnconfirmed
	}
	e := b.event(j, kind, to, reason)
	if j.denied() {
		e.Verdict = &j.verdict
	}
	tr := b.transition(j, to, e)
	tr.Reason = reason
	b.add(j, tr, log)
}

// reached reports whether a leg was sent and is not known to have failed.
func (j *job) reached() bool {
	p := &j.c.Progress
	for _, c := range p.Contacts {
		if refuted := j.notSent && c.Leg == p.Leg; c.Kind != ledger.ContactFailed && !refuted {
			return true
		}
	}
	return false
}

// nextLeg goes on with the next leg, or ends the touch where there is none.
func (b *batch) nextLeg(j *job, reason string, last touch.State, kind touch.EventKind, log *contactlog.Settlement) {
	if j.leg+1 >= len(j.touch().Plan) {
		b.endWith(j, last, reason, kind, log)
		return
	}
	j.leg++
	j.attempts = 0
	e := b.event(j, touch.EventFallback, touch.StateDue, reason)
	if j.denied() {
		e.Verdict = &j.verdict
	}
	tr := b.transition(j, touch.StateDue, e)
	tr.Due, tr.Reason = b.d.o.Now(), reason
	b.add(j, tr, log)
}

// reschedule puts a touch back until the given instant, without a line in its
// history unless an event is given.
func (b *batch) reschedule(j *job, at time.Time, reason string, events ...touch.Event) {
	state := touch.StateDue
	if j.inFlight() {
		state = touch.StateUnknown
	}
	tr := b.transition(j, state, events...)
	tr.Due, tr.Reason = at, reason
	if j.inFlight() {
		tr.Due = latest(at, b.callDeadline(j))
		tr.Provider = j.provider
		tr.Contact = &ledger.Contact{Leg: j.leg, Channel: j.plan().Channel, At: j.unknownSince}
		b.add(j, tr, nil) // its place stays taken
		return
	}
	b.add(j, tr, b.release(j))
}

// drop takes a touch out of the segment and changes nothing else.
func (b *batch) drop(j *job) {
	b.add(j, ledger.Transition{}, b.release(j))
}

// release gives the place in the contact log back, if this job holds one.
func (b *batch) release(j *job) *contactlog.Settlement {
	if !j.reserved {
		return nil
	}
	return b.releaseContact(j)
}

func (b *batch) add(j *job, tr ledger.Transition, log *contactlog.Settlement) {
	b.mu.Lock()
	b.pending = append(b.pending, settled{j, tr, log})
	b.mu.Unlock()
}

// flush writes what has piled up: first the contacts made, then the ledger,
// and last the places given back, so that the contact log never shows less
// than the ledger does. While the ledger does not answer it tries again for as
// long as the lease lasts: a result in hand must not become an unknown one.
func (b *batch) flush(ctx context.Context) error {
	b.mu.Lock()
	pend := b.pending
	b.pending = nil
	b.mu.Unlock()
	if len(pend) == 0 {
		return nil
	}
	trs := make([]ledger.Transition, len(pend))
	var made, released []contactlog.Settlement
	for i, s := range pend {
		trs[i] = s.tr
		// A touch that is judged as it is accepted has no number before.
		trs[i].Seq, trs[i].Version = s.j.c.Progress.Seq, s.j.c.Progress.Version
		switch {
		case s.log == nil:
		case s.log.Release:
			released = append(released, *s.log)
		default:
			made = append(made, *s.log)
		}
	}
	b.settleLog(ctx, made)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := b.d.o.Ledger.Work.Apply(ctx, b.seg.Ref, trs)
		if err == nil {
			break
		}
		if touch.ClassOf(err) != touch.Unavailable || !sleep(ctx, wait) {
			return err
		}
	}
	for i := range trs {
		if trs[i].To != "" {
			b.d.metrics.settled.WithLabelValues(string(pend[i].j.plan().Channel), string(trs[i].To)).Inc()
		}
	}
	b.settleLog(ctx, released)
	return nil
}

// settleLog tells the contact log. When it does not answer, the places stay
// taken, which is the strict side.
func (b *batch) settleLog(ctx context.Context, ss []contactlog.Settlement) {
	if len(ss) == 0 {
		return
	}
	if err := b.d.o.Guard.Settle(ctx, ss); err != nil {
		b.d.o.Logger.LogAttrs(ctx, slog.LevelWarn, "contact log not settled",
			slog.Int("contacts", len(ss)), slog.Any("error", err))
	}
}
