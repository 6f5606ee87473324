package journal_test

import (
	"reflect"
	"testing"
	"time"

	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestRecordKeepsEvents(t *testing.T) {
	want := []touch.Event{
		{Kind: touch.EventControl, At: noon, Reason: "storm", Actor: "key-1"},
		{
			Kind: touch.EventSent, At: noon, Touch: touch.NewID("acme", "k"), Key: "k", Caller: "acme", Customer: "c",
			Campaign: "nov", State: touch.StateSent, Leg: 1, Channel: touch.SMS, Attempt: 2, Until: noon.Add(time.Hour),
			Reason: "r", Outcome: "refused", Actor: "a",
			Result: &touch.Result{Class: touch.ResultAccepted, Provider: "p", VendorID: "v", RetryAfter: time.Second, NoAttempt: true},
			Verdict: &touch.Verdict{
				Decision: touch.DecisionDefer, Rule: "p/r", At: noon, Obligations: []string{"opt_out_text"},
				Findings: []touch.Finding{{Rule: "p/r", Decision: touch.DecisionDefer, Count: 2, Limit: 3, Shadow: true}},
			},
		},
	}
	body := journal.NewBody()
	for i := range want {
		body.Add(&want[i])
		want[i].Seq = 7<<12 | int64(i)
	}
	r := journal.Record{Pos: 7, Count: 2, Body: body.Bytes()}
	got, err := r.Events()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v (%v), want %+v", got, err, want)
	}
	if pos := journal.Position(got[1].Seq); pos != 7 {
		t.Errorf("the position is %d", pos)
	}
}

func TestTruncationEvent(t *testing.T) {
	want := journal.Truncation{Pos: 8, Hash: []byte{0xab, 1}}
	e := want.Event(noon)
	if e.Reason != "journal cut: records up to 8 are removed, the last had the hash ab01" {
		t.Errorf("the stored text is %q", e.Reason)
	}
	if got, ok := journal.ParseTruncation(&e); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, reason := range []string{"", "storm", e.Reason + ".", "x" + e.Reason, e.Reason[:40]} {
		other := e
		other.Reason = reason
		if _, ok := journal.ParseTruncation(&other); ok {
			t.Errorf("%q was read as a truncation", reason)
		}
	}
	e.Kind = touch.EventListing
	if _, ok := journal.ParseTruncation(&e); ok {
		t.Error("an event of another kind was read as a truncation")
	}
}
