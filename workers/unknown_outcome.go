package workers

import (
	"time"

	"touchgate.dev/touch"
)

// unknowns decides about touches that may have been sent. None of them goes to
// another provider, and none loses its reservation, until somebody knows.
type unknowns struct{ *steps }

// begin records that an attempt has an unknown outcome. The vendor is asked
// after ResolveBase.
func (u unknowns) begin(j *job, r touch.Result) {
	now := u.now()
	j.unknownSince = now
	j.provider = r.Provider
	j.attempts = 0 // from here on it counts how often the vendor was asked

	e := u.resultEvent(j, touch.EventUnknown, touch.StateUnknown, r)
	e.Verdict = &j.verdict
	tr := u.transition(j, touch.StateUnknown, e)
	tr.Due = now.Add(u.backoff(u.tuning.ResolveBase, u.tuning.RetryMax, 0))
	tr.Provider = r.Provider
	tr.Contact = j.unknownContact(now)

	// The reservation stays pending, and a pending reservation never ages.
	u.add(j, tr, nil)
}

// stillUnknown asks again later. After ResolveTries it gives up: the touch ends
// unconfirmed and counts as sent, and a late receipt still corrects it.
func (u unknowns) stillUnknown(j *job) {
	now := u.now()
	if j.orphaned() {
		j.attempts = 0
		j.events = append(j.events, u.event(j, touch.EventUnknown, touch.StateUnknown, touch.ReasonWorkerLost))
	}
	j.attempts++

	if j.attempts >= u.tuning.ResolveTries {
		tr := u.transition(j, touch.StateUnconfirmed, u.event(j, touch.EventUnconfirmed, touch.StateUnconfirmed, touch.ReasonUnknownOutcome))
		tr.Reason = touch.ReasonUnknownOutcome
		tr.Provider = j.provider
		// It was sent at some time until now. The latest instant is the strict
		// reading: the contact leaves the window of a cap last.
		tr.Contact = j.unknownContact(now)
		u.add(j, tr, j.commitContact(now, touch.ContactAttempt))
		return
	}

	wait := u.backoff(u.tuning.ResolveBase, u.tuning.RetryMax, j.attempts)
	tr := u.transition(j, touch.StateUnknown)
	tr.Due = u.notBeforeCallEnds(j, now.Add(wait))
	tr.Provider = j.provider
	tr.Contact = j.unknownContact(j.unknownSince)
	tr.Reason = j.claimed.Progress.Reason
	if j.resend {
		tr.Reason = touch.ReasonResent
	}
	u.add(j, tr, nil)
}

// foundUnsent makes a touch due again that the vendor surely does not have.
func (u unknowns) foundUnsent(j *job, r touch.Result) {
	release := j.releaseContact()
	j.notSent = true
	tr := u.transition(j, touch.StateDue, u.resultEvent(j, touch.EventRetry, touch.StateDue, r))
	tr.Attempts = 1
	tr.Due = u.now()
	tr.Reason = touch.ReasonNotSent
	u.add(j, tr, release)
}

// mayRepeat reports whether the provider treats two messages with the same id
// as one, so that sending it again is safe.
func (u unknowns) mayRepeat(j *job) bool {
	now := u.now()
	caps, known := u.pool.Capabilities(j.provider)
	if !known || caps.IdempotencyWindow <= 0 || j.touch().Expired(now) || j.attempts >= u.tuning.ResolveTries {
		return false
	}

	// The vendor forgets the id after the window. A tenth of it is left for the
	// request to arrive.
	return now.Sub(j.unknownSince) < caps.IdempotencyWindow*9/10
}

// mayResend reports whether a second message is better than none. It is, once,
// for urgent touches that are not marketing, when the vendor cannot say more: a
// customer who waits for a code wants it, even twice. It is not if an intent is
// left over: the lost worker may have sent the second message already.
func (u unknowns) mayResend(j *job) bool {
	t := j.touch()
	if !t.Urgent() || t.Category == touch.Marketing || t.Expired(u.now()) {
		return false
	}
	if j.claimed.Intent != nil || j.claimed.Progress.Resent() {
		return false
	}
	return j.attempts+1 >= u.tuning.ResolveTries
}

// callMayBeOpen reports whether a lost worker's call may still go on.
func (u unknowns) callMayBeOpen(j *job, now time.Time) bool { return now.Before(u.callDeadline(j)) }
