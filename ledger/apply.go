package ledger

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Apply moves a progress by a transition; it is the one place where a worker's
// word meets what happened meanwhile. If the touch has not moved since the
// worker looked (equal versions), the transition holds. If it has (a receipt
// overtook the vendor's answer, a caller cancelled), the newer progress stays
// and only the facts of the send are added: the contact, the provider and the
// events of the send itself.
//
// Within the worker's own segment nothing but receipts and a cancel can move a
// touch. There the transition holds as well while the touch is neither over
// nor on a later leg: a late report of an earlier leg must not leave a touch
// due that was just sent. Drivers call it inside Settle's transaction, with
// cur.Segment set only for touches of the settled segment. A transition
// without To only takes the touch out of its segment.
func Apply(cur Progress, tr Transition) (Progress, []touch.Event) {
	next := cur
	next.Version++
	if !tr.Keep {
		next.Segment = 0
	}
	if tr.Contact != nil {
		next.Contacts = mergeContact(cur.Contacts, *tr.Contact)
	}
	if tr.Provider != "" {
		next.Provider = tr.Provider
	}
	if tr.To == "" {
		return next, nil
	}
	holds := tr.Version == cur.Version || (cur.Segment != 0 && !cur.State.Final() && cur.Leg <= tr.Leg)
	if !holds {
		if tr.Contact != nil && cur.State.Final() {
			next.Leg = max(cur.Leg, tr.Leg) // the leg that was sent last
		}
		return next, sendEvents(tr.Events, cur.State)
	}
	if tr.DropContact {
		next.Contacts = dropContact(cur.Contacts, cur.Leg)
	}
	next.State, next.Leg, next.Attempts = tr.To, tr.Leg, tr.Attempts
	next.Due, next.Lane, next.Reason = tr.Due, tr.Lane, tr.Reason
	if next.Lane == "" {
		next.Lane = cur.Lane
	}
	return next, tr.Events
}

// sendEvents keeps the events that say what was sent, and why on that leg,
// under the state that the touch has reached since.
func sendEvents(events []touch.Event, state touch.State) []touch.Event {
	var kept []touch.Event
	sent := false
	for _, e := range events {
		switch e.Kind {
		case touch.EventSent, touch.EventUnknown:
			sent = true
		case touch.EventFallback:
		default:
			continue
		}
		e.State = state
		kept = append(kept, e)
	}
	if !sent {
		return nil
	}
	return kept
}

func mergeContact(all []Contact, c Contact) []Contact {
	merged := make([]Contact, 0, len(all)+1)
	for _, old := range all {
		if old.Leg != c.Leg {
			merged = append(merged, old)
			continue
		}
		if c.Kind == touch.ContactUnknown || old.Kind.Rank() > c.Kind.Rank() {
			c.Kind = old.Kind
		}
		for word := range strings.FieldsSeq(old.Heard) {
			c.Heard, _ = hear(c.Heard, word)
		}
	}
	return append(merged, c)
}

// hear adds a word to those heard of a contact; it reports whether it is news.
func hear(heard, word string) (string, bool) {
	words := strings.Fields(heard)
	if slices.Contains(words, word) {
		return heard, false
	}
	words = append(words, word)
	slices.Sort(words)
	return strings.Join(words, " "), true
}

func dropContact(all []Contact, leg int) []Contact {
	var kept []Contact
	for _, c := range all {
		if c.Leg != leg {
			kept = append(kept, c)
		}
	}
	return kept
}

// ApplyReceipt moves a progress by what a vendor reported of one leg. It is
// monotone: the order and the number of receipts do not change where the touch
// ends. Delivered wins over everything; a failure of the current leg goes on
// with the next one. A receipt that is no news changes nothing, not even the
// version.
func ApplyReceipt(cur Progress, t *touch.Touch, leg int, r touch.Receipt, now time.Time) (Progress, []touch.Event) {
	if leg >= len(t.Plan) {
		return cur, nil
	}
	at := r.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	b := receiptBuilder{next: cur, t: t, leg: leg, r: r, at: at, now: now}
	switch r.Kind {
	case touch.ReceiptFailed:
		b.failed()
	case touch.ReceiptDelivered:
		b.delivered(touch.ContactDelivered)
	case touch.ReceiptRead:
		b.delivered(touch.ContactDelivered)
		b.hear(".read", touch.EventRead)
	case touch.ReceiptReplied, touch.ReceiptOutcome:
		b.answered()
	}
	if !b.news {
		return cur, nil
	}
	b.next.Version++
	return b.next, b.events
}

type receiptBuilder struct {
	next    Progress
	t       *touch.Touch
	leg     int
	r       touch.Receipt
	at, now time.Time
	events  []touch.Event
	news    bool
}

func (b *receiptBuilder) event(kind touch.EventKind) {
	b.news = true
	e := b.t.Event(kind, b.at, b.next.State, b.leg)
	e.Until = b.next.Due
	e.Reason = b.r.Reason
	e.Outcome = b.r.Outcome
	e.Result = &touch.Result{
		Class: touch.ResultAccepted, Provider: b.r.Provider, VendorID: b.r.VendorID, Code: b.r.Code,
	}
	b.events = append(b.events, e)
}

// contact raises the leg's contact to kind.
func (b *receiptBuilder) contact(kind touch.ContactKind) {
	old, known := b.next.ContactOn(b.leg)
	if known && old.Kind.Rank() >= kind.Rank() {
		return
	}
	at := b.at
	// Of a leg with an unknown outcome only the receipt says when it was made.
	if known && (b.next.State != touch.StateUnknown || old.At.After(at)) {
		at = old.At
	}
	b.next.Contacts = mergeContact(b.next.Contacts, Contact{Leg: b.leg, Channel: b.t.Plan[b.leg].Channel, At: at, Kind: kind})
	b.news = true
}

func (b *receiptBuilder) delivered(kind touch.ContactKind) {
	old, _ := b.next.ContactOn(b.leg)
	b.contact(kind)
	if old.Kind.Rank() >= touch.ContactDelivered.Rank() && b.next.State == touch.StateDelivered {
		return // it had arrived before
	}
	b.next.State, b.next.Due, b.next.Reason = touch.StateDelivered, time.Time{}, ""
	b.event(touch.EventDelivered)
}

// hear notes a word of this leg's contact; the event is told the first time.
func (b *receiptBuilder) hear(word string, kind touch.EventKind) {
	for i, c := range b.next.Contacts {
		if c.Leg != b.leg {
			continue
		}
		heard, news := hear(c.Heard, strings.ReplaceAll(word, " ", "_"))
		if news {
			b.next.Contacts = slices.Clone(b.next.Contacts)
			b.next.Contacts[i].Heard = heard
			b.event(kind)
		}
		return
	}
}

func (b *receiptBuilder) answered() {
	switch b.r.Outcome {
	case touch.OutcomeNoAnswer:
		b.failed()
	case touch.OutcomeConversation, touch.OutcomeRefused, touch.OutcomeCompleted:
		b.delivered(touch.ContactConversation)
	default:
		b.delivered(touch.ContactConnected)
	}
	if b.r.Kind == touch.ReceiptReplied {
		b.hear(".replied", touch.EventReplied)
	}
	if b.r.Outcome != "" {
		b.hear(b.r.Outcome, touch.EventOutcome)
	}
}

func (b *receiptBuilder) failed() {
	old, known := b.next.ContactOn(b.leg)
	if known && old.Kind.Rank() >= touch.ContactFailed.Rank() {
		return // failed already, or delivered: a later failure is no news
	}
	b.contact(touch.ContactFailed)
	onLeg := b.leg == b.next.Leg && (!b.next.State.Final() || b.next.State == touch.StateUnconfirmed)
	if b.next.State == touch.StateSent && b.leg == b.next.Leg+1 { // it overtook the word that this leg was sent
		b.next.Leg, onLeg = b.leg, true
	}
	if onLeg {
		if next := b.leg + 1; next < len(b.t.Plan) && !b.t.Expired(b.now) {
			b.next.State, b.next.Leg, b.next.Attempts, b.next.Due = touch.StateDue, next, 0, b.now
			b.next.Lane = touch.Lane(b.t.Plan[next].Channel, b.t.Urgent())
		} else {
			b.next.State, b.next.Due = touch.StateFailed, time.Time{}
		}
		b.next.Reason = b.r.Reason
	}
	b.event(touch.EventUndelivered)
	switch {
	case onLeg && b.next.State == touch.StateDue:
		b.event(touch.EventFallback)
	case onLeg:
		b.event(touch.EventFailed)
	}
}
