package sqlstore

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.SliceOf(rapid.Int64()).Draw(t, "numbers")
		got, err := unpackNumbers(packNumbers(ns))
		if err != nil || len(got) != len(ns) {
			t.Fatal(got, err)
		}
		for i := range ns {
			if got[i] != ns[i] {
				t.Fatal(got)
			}
		}
	})
}

func TestIntents(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 1000, time.UTC)
	want := []ledger.Intent{
		{Seq: 9, Version: 3, Leg: 1, Attempt: 2, Provider: "p", At: at}, {Seq: 4, Version: 1, Provider: "p", At: at.Add(-time.Hour)},
	}
	got, err := unpackIntents(packIntents(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatal(got, err)
	}
}

// FuzzBlobs: a damaged record is an error, never a panic or a huge allocation.
func FuzzBlobs(f *testing.F) {
	until := time.Unix(1, 0)
	w := newWriter(0)
	w.event(&touch.Event{
		Kind: touch.EventSent, Key: "k", Result: &touch.Result{VendorID: "v"}, Until: until,
		Verdict: &touch.Verdict{Findings: []touch.Finding{{Rule: "r"}}, Duties: []string{"d"}},
	})
	f.Add(w.b)
	f.Add(packTouch(&touch.Touch{Pins: []int{1}, Request: touch.Request{
		Key: "k", NotBefore: &until, Addresses: map[touch.Channel]string{touch.SMS: "+86"},
		Plan: []touch.Leg{{Params: map[string]string{"a": "b"}, Content: &touch.Content{Body: "b"}, Assign: &touch.Assignee{Queue: "q"}}},
	}}))
	f.Add(packContacts([]ledger.Contact{{Leg: 1, Kind: ledger.ContactAttempt}}))
	f.Add(packIntents([]ledger.Intent{{Seq: 1}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var t touch.Touch
		_ = unpackTouch(b, &t)
		_ = readRecord(1, 3, b, func(*touch.Event) {})
		_, _ = unpackContacts(b)
		_, _ = unpackIntents(b)
		_, _ = unpackNumbers(b)
	})
}
