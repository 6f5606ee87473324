package audit_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
)

// export makes a ledger with some history and gives its export by lines.
func export(t *testing.T, o audit.Options) (lines []string, head audit.Head) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "l.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for i := range 4 {
		id := touch.NewID("acme", fmt.Sprint(i))
		_, _, err := l.Intake.Accept(t.Context(), []ledger.NewTouch{{Touch: touch.Touch{ID: id, Caller: "acme", Request: touch.Request{Key: fmt.Sprint(i), Customer: "secret-customer"}},
			State: touch.StateRefused, Events: []touch.Event{{Kind: touch.EventRefused, At: now, Touch: id, Customer: "secret-customer"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Controls.PutKillSwitch(t.Context(), ledger.KillSwitch{ID: fmt.Sprint("s", i), Owner: "Ann", Reason: "storm"}, "key-1", now); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if head, err = audit.Export(t.Context(), l.Journal, &b, o); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSpace(b.String()), "\n"), head
}

func verify(lines []string, head string) ([]touch.Event, error) {
	var events []touch.Event
	_, err := audit.Verify(strings.NewReader(strings.Join(lines, "")), head, func(e touch.Event) { events = append(events, e) })
	return events, err
}

func TestExportVerifies(t *testing.T) {
	lines, head := export(t, audit.Options{})
	if head.Pos != 8 || head.Records != 8 || head.Shown != 4 || len(lines) != 10 {
		t.Fatalf("%+v, %d lines", head, len(lines))
	}
	if strings.Contains(strings.Join(lines, ""), "secret-customer") {
		t.Error("a customer is in the export")
	}
	events, err := verify(lines, head.Hash)
	if err != nil || len(events) != 4 || events[0].Actor != "key-1" || events[0].Reason != "stop s0 by Ann: storm" {
		t.Errorf("%v %+v", err, events)
	}
	all, _ := export(t, audit.Options{All: true})
	if events, err := verify(all, ""); err != nil || len(events) != 8 {
		t.Errorf("%v, %d events", err, len(events))
	}
}

// Whatever is done to an export, it is found, and where.
func TestTamperingIsFound(t *testing.T) {
	good, head := export(t, audit.Options{})
	for name, c := range map[string]struct {
		change func(l []string) []string
		want   string
	}{
		"a word changed":         {func(l []string) []string { l[2] = strings.Replace(l[2], "storm", "calm", 1); return l }, "line 3: record 2 was changed: its events"},
		"the bytes changed":      {func(l []string) []string { l[2] = strings.Replace(l[2], `"body":"A`, `"body":"B`, 1); return l }, "line 3: record 2 was changed: its bytes"},
		"the time changed":       {func(l []string) []string { l[2] = strings.Replace(l[2], `"at":1`, `"at":2`, 1); return l }, "the end is that of another chain"},
		"a hidden one changed":   {func(l []string) []string { l[1] = strings.NewReplacer("0", "1", "1", "0").Replace(l[1]); return l }, "line "},
		"one is missing":         {func(l []string) []string { return append(l[:3:3], l[4:]...) }, "line 4: record 4 stands after record 2"},
		"the last is missing":    {func(l []string) []string { return append(l[:8:8], l[9:]...) }, "line 9: the end is that of another chain"},
		"two are exchanged":      {func(l []string) []string { l[2], l[4] = l[4], l[2]; return l }, "line 3: record 4 stands after record 1"},
		"one stands twice":       {func(l []string) []string { return append(l[:4:4], l[3:]...) }, "line 5: record 3 stands after record 3"},
		"the end is cut off":     {func(l []string) []string { return l[:9] }, "line 9: the end is missing"},
		"more after the end":     {func(l []string) []string { return append(l, l[1]) }, "something follows"},
		"no export":              {func(l []string) []string { return []string{"{}\n"} }, "line 1: this is not an export"},
		"not JSON":               {func(l []string) []string { l[5] = "hello\n"; return l }, "line 6: it cannot be read"},
		"a shown one made blank": {func(l []string) []string { l[2] = `{"pos":2,"sum":"` + strings.Repeat("00", 32) + "\"}\n"; return l }, "the end is that of another chain"},
	} {
		lines := append([]string(nil), good...)
		lines[len(lines)-1] += "\n"
		if _, err := verify(c.change(lines), ""); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := verify(good, strings.Repeat("00", 32)); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "head") {
		t.Errorf("another head: %v", err)
	}
	_ = head
}
