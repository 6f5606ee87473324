package workers

import (
	"context"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// resendReason marks a touch that was resent once after an unknown outcome.
const resendReason = "resent"

// resolve finds out what became of jobs that may have been sent. It answers
// the jobs to send: those never tried, and those that the same provider may be
// given again under the same id, or that it surely never got from a lost
// worker. These go on in their segment, whose count of lost workers is theirs.
func (b *batch) resolve(ctx context.Context, jobs []*job) []*job {
	send, now := jobs[:0:0], b.d.o.Now()
	var released []contactlog.Settlement
	for _, j := range jobs {
		if !j.inFlight() || b.mayRepeat(j) {
			send = append(send, j)
			continue
		}
		if now.Before(b.callDeadline(j)) {
			b.waiting = true
			continue
		}
		d := b.bareDispatch(j)
		r, can := b.d.o.Pool.Query(ctx, j.provider, d)
		r.Provider = j.provider
		j.dispatch = d
		switch {
		case can && r.Class == touch.ResultAccepted:
			b.applyAccepted(j, r)
		case can && r.Class == touch.ResultRetryable && j.orphaned():
			released = append(released, *b.releaseContact(j))
			j.events = append(j.events, b.resultEvent(j, touch.EventRetry, touch.StateDue, r))
			j.unknownSince = time.Time{}
			send = append(send, j)
		case can && r.Class == touch.ResultRetryable:
			b.foundUnsent(j, r)
		case b.mayResend(j):
			j.resend = true
			send = append(send, j)
		default:
			b.unresolved(j)
		}
	}
	b.settleLog(ctx, released)
	return send
}

// orphaned reports whether the intent to send the job was a worker's that did not
// live to settle it.
func (j *job) orphaned() bool { return j.c.Progress.State != touch.StateUnknown && j.c.Intent != nil }

// callDeadline is when a call that a lost worker meant to make, also to repeat a
// message, is surely over: it may only stand still, and go on until then. Zero
// where no worker was lost.
func (b *batch) callDeadline(j *job) time.Time {
	if j.c.Intent == nil {
		return time.Time{}
	}
	return j.c.Intent.At.Add(b.d.o.Tuning.SendWithin + b.d.o.Tuning.CallWithin)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bareDispatch names a message towards its vendor without its content.
func (b *batch) bareDispatch(j *job) adapter.Dispatch {
	t, leg := j.touch(), j.plan()
	return adapter.Dispatch{
		ID: touch.DispatchID(t.ID, j.leg), Touch: t.ID, Leg: j.leg, Channel: leg.Channel, Customer: t.Customer,
		Category: t.Category, Campaign: t.Campaign, Subject: t.Subject, Address: touch.AddressOn(leg.Channel, &t.Request, nil),
	}
}

// mayRepeat reports whether the provider treats the same id as one message,
// so that sending it again is safe.
func (b *batch) mayRepeat(j *job) bool {
	caps, ok := b.d.o.Pool.Capabilities(j.provider)
	now := b.d.o.Now()
	// The window must still be open when the request arrives, with room to spare.
	return ok && caps.IdempotencyWindow > 0 && now.Sub(j.unknownSince) < caps.IdempotencyWindow*9/10 &&
		!j.touch().Expired(now) && j.attempts < b.d.o.Tuning.ResolveTries
}

// mayResend reports whether an unknown outcome is worse than a second message:
// for urgent touches that are not marketing, once, when nobody can say more. A
// lost worker may have done so.
func (b *batch) mayResend(j *job) bool {
	t := j.touch()
	return t.Urgent() && t.Category != touch.Marketing && j.attempts+1 >= b.d.o.Tuning.ResolveTries &&
		j.c.Progress.Reason != resendReason && j.c.Intent == nil && !t.Expired(b.d.o.Now())
}

// foundUnsent goes on with a touch that the vendor surely does not have.
func (b *batch) foundUnsent(j *job, r touch.Result) {
	log := b.releaseContact(j)
	j.notSent = true
	tr := b.transition(j, touch.StateDue, b.resultEvent(j, touch.EventRetry, touch.StateDue, r))
	tr.Attempts, tr.Due = 1, b.d.o.Now()
	tr.Reason = "not_sent"
	b.add(j, tr, log)
}

// unresolved looks again later, or settles for not knowing: the touch counts
// as sent, and a late receipt still corrects it.
func (b *batch) unresolved(j *job) {
	now := b.d.o.Now()
	contact := &ledger.Contact{Leg: j.leg, Channel: j.plan().Channel, At: j.unknownSince}
	j.dispatch.ID = touch.DispatchID(j.touch().ID, j.leg)
	if j.orphaned() {
		j.attempts = 0
		j.events = append(j.events, b.event(j, touch.EventUnknown, touch.StateUnknown, "worker_lost"))
	}
	j.attempts++
	if j.attempts >= b.d.o.Tuning.ResolveTries {
		tr := b.transition(j, touch.StateUnconfirmed, b.event(j, touch.EventUnconfirmed, touch.StateUnconfirmed, "unknown_outcome"))
		contact.At = now // it was made at some time until now: the strict reading is the latest
		tr.Reason, tr.Provider, tr.Contact = "unknown_outcome", j.provider, contact
		b.add(j, tr, b.commit(j, now, ledger.ContactAttempt))
		return
	}
	tr := b.transition(j, touch.StateUnknown)
	tr.Due = latest(now.Add(b.d.backoff(b.d.o.Tuning.ResolveBase, b.d.o.Tuning.RetryMax, j.attempts)), b.callDeadline(j))
	tr.Provider, tr.Contact = j.provider, contact
	tr.Reason = j.c.Progress.Reason
	if j.resend {
		tr.Reason = resendReason
	}
	b.add(j, tr, nil)
}
