package ledger

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Receipts stores what vendors report.
type Receipts interface {
	// Receive stores receipts and applies them by ApplyReceipt. Their order and
	// repetition do not matter. A receipt for a message that is not known (yet)
	// is kept for a week and applied when Work.Apply stores its vendor id;
	// Recovery applies those that a crash left between the two. The results are
	// in the order of the receipts.
	Receive(ctx context.Context, receipts []touch.Receipt, now time.Time) ([]AppliedReceipt, error)
}

// AppliedReceipt is what one receipt changed.
type AppliedReceipt struct {
	Known   bool // a touch was found
	Foreign bool // it was found, and the source may not speak about it: nothing changed
	Changed bool // the receipt was news
	Touch   touch.Touch
	Leg     int
	Before  Progress
	After   Progress
}

// ApplyReceipt moves a progress by what a vendor reported of one leg. The order
// and the number of receipts do not change where the touch ends: delivered wins
// over everything, and a failure of the current leg makes the next leg due. A
// receipt that is no news changes nothing, not even the version.
func ApplyReceipt(cur Progress, t *touch.Touch, leg int, r touch.Receipt, now time.Time) (Progress, []touch.Event) {
	if leg >= len(t.Plan) {
		return cur, nil
	}
	at := nearestInstant(r.At, cur, t, leg, now)
	a := receiptApplier{next: cur, touch: t, leg: leg, receipt: r, at: at, now: now}
	switch r.Kind {
	case touch.ReceiptFailed:
		a.failed()
	case touch.ReceiptDelivered:
		a.delivered(touch.ContactDelivered)
	case touch.ReceiptRead:
		a.delivered(touch.ContactDelivered)
		a.read()
	case touch.ReceiptReplied, touch.ReceiptOutcome:
		a.answered()
	}
	if !a.news {
		return cur, nil
	}
	a.next.Version++
	return a.next, a.events
}

// nearestInstant returns the instant at which something that a receipt reports
// can have happened: not after now, and not before the leg was sent. A vendor's
// clock may run ahead or behind, or stand at 1970: taken at its word a refusal
// of today would be over long ago. No instant is now.
func nearestInstant(reported time.Time, p Progress, t *touch.Touch, leg int, now time.Time) time.Time {
	sent := t.AcceptedAt
	if c, made := p.ContactOn(leg); made && c.At.After(sent) {
		sent = c.At
	}
	switch {
	case reported.IsZero() || reported.After(now) || sent.After(now):
		return now
	case reported.Before(sent):
		return sent
	}
	return reported
}

// receiptApplier applies one receipt to next.
type receiptApplier struct {
	next    Progress
	touch   *touch.Touch
	leg     int // that the receipt is about
	receipt touch.Receipt
	at      time.Time // when it happened
	now     time.Time
	events  []touch.Event
	news    bool
}

func (a *receiptApplier) event(kind touch.EventKind) {
	a.news = true
	e := a.touch.Event(kind, a.at, a.next.State, a.leg)
	e.Until = a.next.Due
	e.Reason = a.receipt.Reason
	e.Outcome = a.receipt.Outcome
	e.Result = &touch.Result{
		Class:    touch.ResultAccepted,
		Provider: a.receipt.Provider,
		VendorID: a.receipt.VendorID,
		Code:     a.receipt.Code,
	}
	if reported := a.receipt.At; !reported.IsZero() && !reported.Equal(a.at) {
		e.Result.Detail = "reported for " + reported.UTC().Format(time.RFC3339Nano)
	}
	a.events = append(a.events, e)
}

// raiseContact makes the leg's contact at least of a kind.
func (a *receiptApplier) raiseContact(kind touch.ContactKind) {
	old, known := a.next.ContactOn(a.leg)
	if known && old.Kind.Rank() >= kind.Rank() {
		return
	}
	// The contact keeps its time, unless the outcome was unknown: then only the
	// receipt says when it was made.
	at := a.at
	if known && (a.next.State != touch.StateUnknown || old.At.After(at)) {
		at = old.At
	}
	c := Contact{Leg: a.leg, Channel: a.touch.Plan[a.leg].Channel, At: at, Kind: kind}
	a.next.Contacts = mergeContact(a.next.Contacts, c)
	a.news = true
}

func (a *receiptApplier) delivered(kind touch.ContactKind) {
	old, _ := a.next.ContactOn(a.leg)
	a.raiseContact(kind)
	if old.Kind.Rank() >= touch.ContactDelivered.Rank() && a.next.State == touch.StateDelivered {
		return // reported before
	}
	a.next.State = touch.StateDelivered
	a.next.Due = time.Time{}
	a.next.Reason = ""
	a.event(touch.EventDelivered)
}

// read notes that the customer opened the message.
func (a *receiptApplier) read() {
	a.report(touch.EventRead, func(r Reports) (Reports, bool) {
		news := !r.Read
		r.Read = true
		return r, news
	})
}

// replied notes that the customer wrote back.
func (a *receiptApplier) replied() {
	a.report(touch.EventReplied, func(r Reports) (Reports, bool) {
		news := !r.Replied
		r.Replied = true
		return r, news
	})
}

// outcome notes what came of the contact.
func (a *receiptApplier) outcome() {
	a.report(touch.EventOutcome, func(r Reports) (Reports, bool) { return r.addOutcome(a.receipt.Outcome) })
}

// report adds to the reports of the leg's contact. The event is written the
// first time only.
func (a *receiptApplier) report(kind touch.EventKind, add func(Reports) (Reports, bool)) {
	for i, c := range a.next.Contacts {
		if c.Leg != a.leg {
			continue
		}
		reports, news := add(c.Reports)
		if news {
			a.next.Contacts = slices.Clone(a.next.Contacts)
			a.next.Contacts[i].Reports = reports
			a.event(kind)
		}
		return
	}
}

// answered applies a reply or an outcome: both say that the message arrived,
// except a call that nobody took.
func (a *receiptApplier) answered() {
	switch a.receipt.Outcome {
	case touch.OutcomeNoAnswer:
		a.failed()
	case touch.OutcomeConversation, touch.OutcomeRefused, touch.OutcomeCompleted:
		a.delivered(touch.ContactConversation)
	default:
		a.delivered(touch.ContactConnected)
	}
	if a.receipt.Kind == touch.ReceiptReplied {
		a.replied()
	}
	if a.receipt.Outcome != "" {
		a.outcome()
	}
}

func (a *receiptApplier) failed() {
	old, known := a.next.ContactOn(a.leg)
	if known && old.Kind.Rank() >= touch.ContactFailed.Rank() {
		return // failed already, or delivered: a later failure is no news
	}
	a.raiseContact(touch.ContactFailed)

	onLeg := a.leg == a.next.Leg && (!a.next.State.Final() || a.next.State == touch.StateUnconfirmed)
	if a.next.State == touch.StateSent && a.leg == a.next.Leg+1 {
		// The receipt arrived before the worker's report that it sent this leg.
		a.next.Leg = a.leg
		onLeg = true
	}
	if !onLeg {
		a.event(touch.EventUndelivered)
		return
	}

	a.next.Reason = a.receipt.Reason
	next := a.leg + 1
	if next < len(a.touch.Plan) && !a.touch.Expired(a.now) {
		a.next.State = touch.StateDue
		a.next.Leg = next
		a.next.Attempts = 0
		a.next.Due = a.now
		a.next.Lane = touch.Lane(a.touch.Plan[next].Channel, a.touch.Urgent())
		a.event(touch.EventUndelivered)
		a.event(touch.EventFallback)
		return
	}
	a.next.State = touch.StateFailed
	a.next.Due = time.Time{}
	a.event(touch.EventUndelivered)
	a.event(touch.EventFailed)
}
