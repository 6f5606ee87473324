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

// sentOn is a touch that was sent on every leg up to this one.
func sentOn(leg int) ledger.Progress {
	p := ledger.Progress{Seq: 1, Version: 5, State: touch.StateSent, Leg: leg, Lane: "sms.bulk", Provider: "p"}
	for i := range leg + 1 {
		p.Contacts = append(p.Contacts, ledger.Contact{Leg: i, Channel: threeLegs().Plan[i].Channel, At: noon.Add(-time.Hour), Kind: touch.ContactAttempt})
	}
	return p
}

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

func applyAll(p ledger.Progress, all []touch.Receipt) (ledger.Progress, []touch.Event) {
	var events []touch.Event
	for _, r := range all {
		_, leg, _ := touch.ParseDispatchID(r.Dispatch)
		next, more := ledger.ApplyReceipt(p, threeLegs(), leg, r, noon)
		p, events = next, append(events, more...)
	}
	return p, events
}

// TestReceiptsInAnyOrder: the order of receipts, and repeating them, changes
// neither where the touch ends nor what is known of its legs, nor which
// outcomes are told.
func TestReceiptsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leg := rapid.IntRange(0, 2).Draw(t, "on leg")
		all := rapid.SliceOfN(receipts(leg), 1, 6).Draw(t, "receipts")
		shuffled := rapid.Permutation(all).Draw(t, "order")
		repeated := append(append([]touch.Receipt{}, shuffled...), rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "repeated")...)
		a, aEvents := applyAll(sentOn(leg), all)
		b, bEvents := applyAll(sentOn(leg), repeated)
		a.Version, b.Version = 0, 0
		for _, p := range []*ledger.Progress{&a, &b} {
			slices.SortFunc(p.Contacts, func(x, y ledger.Contact) int { return x.Leg - y.Leg })
		}
		if a.State == touch.StateDelivered {
			a.Leg, b.Leg, a.Attempts, b.Attempts, a.Lane, b.Lane = 0, 0, 0, 0, "", ""
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("in order %v\n%+v\notherwise %v\n%+v", all, a, repeated, b)
		}
		if x, y := outcomes(aEvents), outcomes(bEvents); !slices.Equal(x, y) {
			t.Fatalf("outcomes %v, otherwise %v", x, y)
		}
	})
}

func outcomes(events []touch.Event) (all []string) {
	for _, e := range events {
		switch e.Kind {
		case touch.EventReplied, touch.EventRead: // told with the first that says so
			all = append(all, fmt.Sprint(e.Kind, e.Leg))
		case touch.EventOutcome:
			all = append(all, fmt.Sprint(e.Kind, e.Leg, e.Outcome))
		}
	}
	slices.Sort(all)
	return all
}

func TestReceiptTwiceIsNoNews(t *testing.T) {
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

func TestFailureGoesOn(t *testing.T) {
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

func TestApply(t *testing.T) {
	sent := ledger.Transition{
		Seq: 1, Version: 5, To: touch.StateSent, Leg: 1, Provider: "q",
		Contact: &ledger.Contact{Leg: 1, Channel: touch.SMS, At: noon, Kind: touch.ContactAttempt},
		Events:  []touch.Event{{Kind: touch.EventFallback}, {Kind: touch.EventSent, State: touch.StateSent}},
	}
	at := func(state touch.State, leg int, version, segment int64) ledger.Progress {
		return ledger.Progress{Seq: 1, Version: version, State: state, Leg: leg, Segment: segment}
	}
	for name, c := range map[string]struct {
		cur    ledger.Progress
		state  touch.State
		leg    int
		events int
	}{
		"unmoved":                   {at(touch.StateDue, 1, 5, 9), touch.StateSent, 1, 2},
		"delivered meanwhile":       {at(touch.StateDelivered, 0, 6, 9), touch.StateDelivered, 1, 2},
		"cancelled meanwhile":       {at(touch.StateCancelled, 1, 6, 0), touch.StateCancelled, 1, 2},
		"this leg failed meanwhile": {at(touch.StateDue, 2, 6, 9), touch.StateDue, 2, 2},
		"late report while held":    {at(touch.StateDue, 1, 6, 9), touch.StateSent, 1, 2},
		"moved while not held":      {at(touch.StateDue, 1, 6, 0), touch.StateDue, 1, 2},
	} {
		next, events := ledger.Apply(c.cur, sent)
		if next.State != c.state || next.Leg != c.leg || len(events) != c.events || next.Version != c.cur.Version+1 ||
			next.Segment != 0 || next.Provider != "q" || len(next.Contacts) != 1 {
			t.Errorf("%s: %+v with %v", name, next, events)
		}
		if last := events[len(events)-1]; last.Kind != touch.EventSent || last.State != c.state {
			t.Errorf("%s: the send is told as %+v", name, last)
		}
	}
}

func TestApplyOnlyLeaves(t *testing.T) {
	cur := ledger.Progress{Seq: 1, Version: 6, State: touch.StateDue, Leg: 1, Segment: 9, Due: noon, Lane: "sms.bulk"}
	next, events := ledger.Apply(cur, ledger.Transition{Seq: 1})
	want := cur
	want.Version, want.Segment = 7, 0
	if !reflect.DeepEqual(next, want) || len(events) > 0 {
		t.Errorf("left as %+v with %v, want %+v", next, events, want)
	}
}

func TestApplyContacts(t *testing.T) {
	cur := sentOn(1)
	cur.Contacts[1].Kind = touch.ContactDelivered
	cur.Contacts[1].Reports = ledger.Reports{Replied: true, Outcomes: []string{"accepted"}}
	tr := ledger.Transition{Version: 5, To: touch.StateSent, Leg: 1, Contact: &ledger.Contact{Leg: 1, Channel: touch.SMS, At: noon, Reports: ledger.Reports{Read: true}}}
	next, _ := ledger.Apply(cur, tr)
	if c := next.Contacts[1]; c.Kind != touch.ContactDelivered || c.Reports.String() != ".read .replied accepted" || !c.At.Equal(noon) {
		t.Fatalf("%+v", c)
	}
	cur.Contacts[0].Kind = touch.ContactAttempt
	next, _ = ledger.Apply(cur, ledger.Transition{Version: 5, To: touch.StateUnknown, Leg: 0, Contact: &ledger.Contact{Leg: 0, Channel: touch.SMS, At: noon}})
	if c := next.Contacts[len(next.Contacts)-1]; c.Leg != 0 || c.Kind != touch.ContactAttempt {
		t.Fatalf("an unknown outcome took back what is known: %+v", c)
	}
	next, _ = ledger.Apply(cur, ledger.Transition{Version: 5, To: touch.StateFailed, Leg: 1, DropContact: true})
	if len(next.Contacts) != 1 || next.Contacts[0].Leg != 0 {
		t.Fatalf("%+v", next.Contacts)
	}
	if len(cur.Contacts) != 2 {
		t.Fatal("the progress given was changed")
	}
}

// TestAFailureThatOvertakesItsSending: the report on the second leg comes
// before the worker's word that the wait was over and this leg was sent.
func TestAFailureThatOvertakesItsSending(t *testing.T) {
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
