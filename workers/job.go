package workers

import (
	"cmp"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// job is one touch of a segment on its way through judging and sending. One
// goroutine works on a job at a time.
type job struct {
	claimed  *ledger.ClaimedTouch
	leg      int           // index of the leg that is up
	attempts int           // spent on this leg
	index    int           // in the batch that intake accepts; of the fast path only
	events   []touch.Event // of this step, before the event that ends it

	// recipient is what is known of the customer, for one judgement. It is set
	// before judging only where intake has just read it; nil: it is to be read.
	recipient *lookup.Recipient
	verdict   touch.Verdict
	judgedAt  time.Time
	dispatch  adapter.Dispatch
	entry     contactlog.Entry // of this leg in the contact log
	reserved  bool             // holds a reservation in the contact log

	intended   bool // this worker has stored an intent to send it
	hasStep    bool
	provider   string
	tried      []string     // providers that surely did not send it, in this step
	lastResult touch.Result // of the last provider in tried
	resend     bool         // a deliberate second send after an unknown outcome

	// unknownSince is set while an earlier attempt may have been sent.
	unknownSince time.Time
	// notSent says that the contact which the ledger counts for this leg was
	// surely not made.
	notSent bool
}

// newJob makes the job of a touch. If an earlier attempt on the leg may have
// been sent, the job knows since when and by which provider.
func newJob(c *ledger.ClaimedTouch, now time.Time) *job {
	p := &c.Progress
	j := &job{claimed: c, leg: p.Leg, attempts: p.Attempts, provider: p.Provider}

	if p.State == touch.StateUnknown {
		j.unknownSince = now
		if contact, made := p.ContactOn(p.Leg); made {
			j.unknownSince = contact.At
		}
	}

	// An intent is left over when its worker was lost before it wrote the
	// result. It counts if it is for the leg that is up. After a wait for a
	// receipt that is the next leg: the intent is written before the ledger
	// moves the touch on.
	if c.Intent == nil {
		return j
	}
	onNext := p.State == touch.StateSent && c.Intent.Leg == p.Leg+1
	onThis := c.Intent.Leg == p.Leg && (p.State == touch.StateDue || p.State == touch.StateUnknown)
	if onNext || onThis {
		j.provider = c.Intent.Provider
		if j.unknownSince.IsZero() {
			j.unknownSince = c.Intent.At
		}
	}
	return j
}

func (j *job) touch() *touch.Touch    { return &j.claimed.Touch }
func (j *job) currentLeg() *touch.Leg { return &j.claimed.Touch.Plan[j.leg] }
func (j *job) channel() touch.Channel { return j.currentLeg().Channel }
func (j *job) isLastLeg() bool        { return j.leg+1 >= len(j.touch().Plan) }

// dispatchID names the message of the current leg towards its vendor.
func (j *job) dispatchID() string {
	if j.dispatch.ID != "" && j.dispatch.Leg == j.leg {
		return j.dispatch.ID
	}
	return touch.DispatchID(j.touch().ID, j.leg)
}

// inFlight reports whether an attempt on the current leg may have been sent.
func (j *job) inFlight() bool { return !j.unknownSince.IsZero() }

// denied reports whether the latest verdict forbids sending now.
func (j *job) denied() bool {
	return j.verdict.Decision != "" && j.verdict.Decision != touch.DecisionAllow
}

// orphaned reports whether a worker that was lost meant to send the message and
// did not write the result.
func (j *job) orphaned() bool {
	return j.claimed.Progress.State != touch.StateUnknown && j.claimed.Intent != nil
}

// intentUnrecorded reports whether the ledger has no contact for the leg that a
// lost worker meant to send.
func (j *job) intentUnrecorded() bool {
	if j.claimed.Intent == nil {
		return false
	}
	_, made := j.claimed.Progress.ContactOn(j.claimed.Intent.Leg)
	return !made
}

// mayHaveReached reports whether a leg was sent and is not known to have failed.
func (j *job) mayHaveReached() bool {
	p := &j.claimed.Progress
	for _, c := range p.Contacts {
		notSent := j.notSent && c.Leg == p.Leg
		if c.Kind != touch.ContactFailed && !notSent {
			return true
		}
	}
	return false
}

// intent returns the record that the job is about to be sent. An orphaned job
// keeps the instant of the lost worker's intent: only the intent says since
// when the outcome is unknown.
func (j *job) intent(now time.Time) ledger.Intent {
	at := now
	if j.inFlight() && j.orphaned() {
		at = j.unknownSince
	}
	return ledger.Intent{
		Seq:      j.claimed.Progress.Seq,
		Version:  j.claimed.Progress.Version,
		Leg:      j.leg,
		Attempt:  j.attempts + 1,
		Provider: j.provider,
		At:       at,
	}
}

// wantsAnother reports whether a different provider may still send the message:
// this one surely did not, and the message itself was not the cause.
func (j *job) wantsAnother(r touch.Result) bool {
	if j.inFlight() || len(j.tried) >= 2 || r.Reason == touch.ReasonLate {
		return false
	}
	return r.Class == touch.ResultRetryable || r.Class == touch.ResultMisconfigured || (r.Class == touch.ResultThrottled && r.NoAttempt)
}

// byPriority orders the jobs of a segment as the ledger orders due touches: by
// priority, and at the same priority the one that expires first.
func byPriority(a, b *job) int {
	if c := cmp.Compare(b.touch().Priority, a.touch().Priority); c != 0 {
		return c
	}
	x := a.touch().ExpiresAt
	y := b.touch().ExpiresAt
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	default:
		return x.Compare(*y)
	}
}
