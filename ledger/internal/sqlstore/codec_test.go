package sqlstore

import (
	"reflect"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

func TestPackIntents(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 1000, time.UTC)
	want := []ledger.Intent{
		{Seq: 9, Version: 3, Leg: 1, Attempt: 2, Provider: "p", At: at}, {Seq: 4, Version: 1, Provider: "p", At: at.Add(-time.Hour)},
	}
	got, err := unpackIntents(packIntents(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
}

// FuzzUnpack checks that a damaged blob is an error, and never a panic or a huge
// allocation.
func FuzzUnpack(f *testing.F) {
	until := time.Unix(1, 0)
	body := journal.NewBody()
	body.Add(&touch.Event{
		Kind: touch.EventSent, Key: "k", Result: &touch.Result{VendorID: "v"}, Until: until,
		Verdict: &touch.Verdict{Findings: []touch.Finding{{Rule: "r"}}, Obligations: []string{"d"}},
	})
	f.Add(body.Bytes())
	f.Add(packTouch(&touch.Touch{Pins: []int{1}, Request: touch.Request{
		Key: "k", NotBefore: &until, Addresses: map[touch.Channel]string{touch.SMS: "+86"},
		Plan: []touch.Leg{{Params: map[string]string{"a": "b"}, Content: &touch.Content{Body: "b"}, Assign: &touch.Assignee{Queue: "q"}}},
	}}))
	f.Add(packContacts([]ledger.Contact{{Leg: 1, Kind: touch.ContactAttempt}}))
	f.Add(packIntents([]ledger.Intent{{Seq: 1}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var t touch.Touch
		_ = unpackTouch(b, &t)
		_ = (&journal.Record{Pos: 1, Count: 3, Body: b}).Each(func(*touch.Event) {})
		_, _ = unpackContacts(b)
		_, _ = unpackIntents(b)
		_, _ = wire.UnpackInts(b)
	})
}
