package ledger_test

import (
	"reflect"
	"testing"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

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
			t.Errorf("%s: the event of the send is %+v", name, last)
		}
	}
}

func TestApplyLeaveSegment(t *testing.T) {
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
		t.Fatalf("an unknown outcome removed what is known: %+v", c)
	}
	next, _ = ledger.Apply(cur, ledger.Transition{Version: 5, To: touch.StateFailed, Leg: 1, DropContact: true})
	if len(next.Contacts) != 1 || next.Contacts[0].Leg != 0 {
		t.Fatalf("%+v", next.Contacts)
	}
	if len(cur.Contacts) != 2 {
		t.Fatal("Apply changed its argument")
	}
}
