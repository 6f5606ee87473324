package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
)

// ledgerFolder makes a data folder whose ledger holds n sent touches.
func ledgerFolder(t *testing.T, n int) (environ []string, ids []touch.ID) {
	t.Helper()
	dir := t.TempDir()
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "touchgate.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Now()
	sub := ledger.Subscription{ID: "hook1", Caller: "acme", URL: "https://hooks.acme.example/x", Secret: "whsec_secret", Cursor: 2 << 12}
	if err := l.Subscriptions.Create(t.Context(), sub, 0); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		key := fmt.Sprint("k", i)
		tc := touch.Touch{ID: touch.NewID("acme", key), Caller: "acme", AcceptedAt: now, Request: touch.Request{
			Key: key, Customer: "c1", Category: touch.Service, Campaign: "nov",
			Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "canary text"}}, {Channel: touch.Inbox, Template: "t"}},
			Addresses: map[touch.Channel]string{touch.SMS: "+15550100"},
		}}
		e := touch.Event{Kind: touch.EventAccepted, At: now, Touch: tc.ID, Caller: "acme", Campaign: "nov", State: touch.StateDue}
		lane := touch.Lane(touch.SMS, false)
		_, _, err := l.Intake.Accept(t.Context(), []ledger.NewTouch{{Touch: tc, Digest: tc.Digest(), State: touch.StateDue, Due: now, Lane: lane, Events: []touch.Event{e}}})
		if err != nil {
			t.Fatal(err)
		}
		ref, _, _, err := l.Work.Feed(t.Context(), lane, now, 1)
		if err != nil {
			t.Fatal(err)
		}
		e.Kind, e.State, e.Channel = touch.EventSent, touch.StateSent, touch.SMS
		e.Result = &touch.Result{Class: touch.ResultAccepted, Provider: "acme-sms", VendorID: "v-77", Code: "0"}
		e.Verdict = &touch.Verdict{Decision: touch.DecisionAllow, Findings: []touch.Finding{{Rule: "weekly-cap", Kind: "cap", Decision: touch.DecisionAllow, Count: 1, Limit: 3}}}
		err = l.Work.Apply(t.Context(), ref, []ledger.Transition{{Seq: int64(i + 1), Version: 1, To: touch.StateSent, Provider: "acme-sms",
			Contact: &ledger.Contact{Channel: touch.SMS, At: now}, Events: []touch.Event{e}}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, tc.ID)
	}
	return []string{"TOUCHGATE_DATA=" + dir}, ids
}

// runWith runs a command line in an environment.
func runWith(environ []string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs, environ)
	return status, out.String(), errs.String()
}

func TestLedgerVerify(t *testing.T) {
	environ, _ := ledgerFolder(t, 3)
	status, out, _ := runWith(environ, "ledger", "verify")
	head, ok := strings.CutPrefix(strings.TrimSpace(out), "ok: 7 records; head: ")
	if status != exitOK || !ok {
		t.Fatalf("%d %q", status, out)
	}
	if status, _, errs := runWith(environ, "ledger", "verify", "--noted", head); status != exitOK {
		t.Errorf("%d %s", status, errs)
	}
	if status, _, errs := runWith(environ, "ledger", "verify", "--noted", "7:"+strings.Repeat("a", 64)); status != exitFailed || !strings.Contains(errs, "record 7 has another hash") {
		t.Errorf("%d %s", status, errs)
	}
	if status, _, _ := runWith(environ, "ledger", "verify", "--noted", "x"); status != exitUsage {
		t.Errorf("%d", status)
	}
}

func TestLedgerTrace(t *testing.T) {
	environ, ids := ledgerFolder(t, 2)
	status, out, errs := runWith(environ, "ledger", "trace", ids[1].String())
	if status != exitOK {
		t.Fatalf("%d %s", status, errs)
	}
	for _, want := range []string{"is sent", "campaign nov", "> 0 sms: attempt", "1 inbox, template t version 0: not sent", "accepted, provider acme-sms, vendor's id v-77",
		"weekly-cap", "webhook hook1 at hooks.acme.example: told of 0 events, 2 wait"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	status, doc, errs := runWith(environ, "ledger", "trace", "--caller", "acme", "--key", "k1", "--json")
	var f touchTrace
	if status != exitOK || json.Unmarshal([]byte(doc), &f) != nil || f.ID != ids[1] || len(f.Events) != 2 || f.Legs[0].Contact == nil {
		t.Errorf("%d %s %s", status, doc, errs)
	}
	for _, secret := range []string{"canary", "+15550100", "whsec"} {
		if strings.Contains(out+doc, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if status, _, _ := runWith(environ, "ledger", "trace", "--key", "k1"); status != exitUsage {
		t.Errorf("a key without its caller: %d", status)
	}
	if status, _, errs := runWith(environ, "ledger", "trace", touch.NewID("acme", "none").String()); status != exitFailed {
		t.Errorf("no such touch: %d %s", status, errs)
	}
}

// TestLedgerExport checks that an export that broke off anywhere, also in the
// middle of a line, is complete after --resume.
func TestLedgerExport(t *testing.T) {
	environ, _ := ledgerFolder(t, 20)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.ndjson")
	if status, _, errs := runWith(environ, "ledger", "export", "--out", whole); status != exitOK || !strings.Contains(errs, "41 events") {
		t.Fatalf("%d %s", status, errs)
	}
	want, err := os.ReadFile(whole)
	if err != nil || bytes.Count(want, []byte("\n")) != 41 {
		t.Fatal(err, string(want))
	}
	for _, kept := range []int{0, 10, len(want) / 2, len(want) - 1, len(want)} {
		broken := filepath.Join(dir, fmt.Sprint(kept))
		if err := os.WriteFile(broken, want[:kept], 0o600); err != nil {
			t.Fatal(err)
		}
		if status, _, errs := runWith(environ, "ledger", "export", "--out", broken, "--resume"); status != exitOK {
			t.Errorf("%d bytes: %d %s", kept, status, errs)
		}
		if got, err := os.ReadFile(broken); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes kept: the file has %d, want %d", kept, len(got), len(want))
		}
	}
	if status, _, _ := runWith(environ, "ledger", "export", "--out", whole); status != exitUsage {
		t.Errorf("a file that exists: %d", status)
	}
	if _, out, _ := runWith(environ, "ledger", "export", "--campaign", "dec"); out != "" {
		t.Errorf("another campaign: %s", out)
	}
	if _, out, _ := runWith(environ, "ledger", "export", "--since", "1h", "--after", fmt.Sprint(30<<12)); strings.Count(out, "\n") != 11 {
		t.Errorf("after the cursor: %s", out)
	}
}
