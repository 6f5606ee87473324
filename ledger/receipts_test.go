package ledger_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func threeLegs() *touch.Touch {
	return &touch.Touch{
		ID: touch.NewID("acme", "k"), Caller: "acme",
		Request: touch.Request{
			Key: "k", Customer: "c", Category: touch.Marketing, Campaign: "nov",
			Plan: []touch.Leg{{Channel: touch.Push}, {Channel: touch.SMS}, {Channel: touch.AICall}},
		},
	}
}

// sentOn is the progress of a touch that was sent on every leg up to this one.
func sentOn(leg int) ledger.Progress {
	p := ledger.Progress{Seq: 1, Version: 5, State: touch.StateSent, Leg: leg, Lane: "sms.bulk", Provider: "p"}
	for i := range leg + 1 {
		p.Contacts = append(p.Contacts, ledger.Contact{Leg: i, Channel: threeLegs().Plan[i].Channel, At: noon.Add(-time.Hour), Kind: touch.ContactAttempt})
	}
	return p
}

// receipts generates receipts of legs up to this one.
func receipts(leg int) *rapid.Generator[touch.Receipt] {
	return rapid.Custom(func(t *rapid.T) touch.Receipt {
		return touch.Receipt{
			Kind: rapid.SampledFrom([]touch.ReceiptKind{
				touch.ReceiptDelivered, touch.ReceiptFailed, touch.ReceiptReplied, touch.ReceiptRead, touch.ReceiptOutcome, "nonsense",
			}).Draw(t, "kind"),
			Outcome:  rapid.SampledFrom([]string{"", touch.OutcomeConversation, touch.OutcomeOptOut, touch.OutcomeNoAnswer, "a bank's word"}).Draw(t, "outcome"),
			Dispatch: touch.DispatchID(threeLegs().ID, rapid.IntRange(0, leg).Draw(t, "leg")),
		}
	})
}

// applyAll applies receipts in order.
func applyAll(p ledger.Progress, all []touch.Receipt) (ledger.Progress, []touch.Event) {
	var events []touch.Event
	for _, r := range all {
		_, leg, _ := touch.ParseDispatchID(r.Dispatch)
		next, more := ledger.ApplyReceipt(p, threeLegs(), leg, r, noon)
		p = next
		events = append(events, more...)
	}
	return p, events
}

// TestReceiptsInAnyOrder: neither the order of receipts nor their repetition
// changes where the touch ends, what is known of its legs, or which outcomes
// become events.
func TestReceiptsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leg := rapid.IntRange(0, 2).Draw(t, "on leg")
		all := rapid.SliceOfN(receipts(leg), 1, 6).Draw(t, "receipts")
		shuffled := rapid.Permutation(all).Draw(t, "order")
		repeated := append(append([]touch.Receipt{}, shuffled...), rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "repeated")...)
		a, aEvents := applyAll(sentOn(leg), all)
		b, bEvents := applyAll(sentOn(leg), repeated)
		for _, p := range []*ledger.Progress{&a, &b} {
			p.Version = 0
			slices.SortFunc(p.Contacts, func(x, y ledger.Contact) int { return x.Leg - y.Leg })
		}
		if a.State == touch.StateDelivered {
			// On the way there the touch may have gone on to another leg.
			for _, p := range []*ledger.Progress{&a, &b} {
				p.Leg = 0
				p.Attempts = 0
				p.Lane = ""
			}
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("in order %v\n%+v\notherwise %v\n%+v", all, a, repeated, b)
		}
		if x, y := outcomes(aEvents), outcomes(bEvents); !slices.Equal(x, y) {
			t.Fatalf("outcomes %v, otherwise %v", x, y)
		}
	})
}

// outcomes lists which outcomes, replies and reads became events.
func outcomes(events []touch.Event) (all []string) {
	for _, e := range events {
		switch e.Kind {
		case touch.EventReplied, touch.EventRead: // the first receipt that says so
			all = append(all, fmt.Sprint(e.Kind, e.Leg))
		case touch.EventOutcome:
			all = append(all, fmt.Sprint(e.Kind, e.Leg, e.Outcome))
		}
	}
	slices.Sort(all)
	return all
}

func TestReceiptTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leg := rapid.IntRange(0, 2).Draw(t, "on leg")
		once, _ := applyAll(sentOn(leg), rapid.SliceOfN(receipts(leg), 1, 6).Draw(t, "receipts"))
		last := receipts(leg).Draw(t, "last")
		first, _ := applyAll(once, []touch.Receipt{last})
		second, events := applyAll(first, []touch.Receipt{last})
		if !reflect.DeepEqual(first, second) || len(events) > 0 {
			t.Fatalf("%+v again: %+v, %v", last, second, events)
		}
	})
}

func TestReceiptOfFailure(t *testing.T) {
	tc := threeLegs()
	failed := touch.Receipt{Kind: touch.ReceiptFailed, Reason: touch.ReasonBadTarget}
	p, events := ledger.ApplyReceipt(sentOn(0), tc, 0, failed, noon)
	if p.State != touch.StateDue || p.Leg != 1 || p.Lane != "sms.bulk" || !p.Due.Equal(noon) || len(events) != 2 {
		t.Fatalf("%+v %v", p, events)
	}
	tc.ExpiresAt = &noon
	if p, _ = ledger.ApplyReceipt(sentOn(0), tc, 0, failed, noon); p.State != touch.StateFailed || p.Reason != touch.ReasonBadTarget {
		t.Fatalf("an expired touch goes on: %+v", p)
	}
	if p, _ = ledger.ApplyReceipt(sentOn(1), threeLegs(), 0, failed, noon); p.State != touch.StateSent || p.Leg != 1 {
		t.Fatalf("a failed earlier leg moved the touch: %+v", p)
	}
}

// TestReceiptBeforeSend: the receipt of the second leg's failure is applied before
// the worker's transition that this leg was sent.
func TestReceiptBeforeSend(t *testing.T) {
	for legs, want := range map[int]touch.State{2: touch.StateFailed, 3: touch.StateDue} {
		tc, cur := threeLegs(), sentOn(0)
		tc.Plan = tc.Plan[:legs]
		cur.Segment = 7
		next, _ := ledger.ApplyReceipt(cur, tc, 1, touch.Receipt{Kind: touch.ReceiptFailed, Provider: "p"}, noon)
		sent := ledger.Transition{
			Version: cur.Version, To: touch.StateSent, Leg: 1, Contact: &ledger.Contact{Leg: 1, Channel: touch.SMS, At: noon, Kind: touch.ContactAttempt},
			Due: noon.Add(time.Hour), Events: []touch.Event{{Kind: touch.EventFallback}, {Kind: touch.EventSent}},
		}
		next, events := ledger.Apply(next, sent)
		if next.State != want || next.Leg != min(2, legs-1) || len(next.Contacts) != 2 || len(events) != 2 {
			t.Errorf("of %d legs: %s on leg %d, contacts %+v, events %+v; want %s", legs, next.State, next.Leg, next.Contacts, events, want)
		}
	}
}
