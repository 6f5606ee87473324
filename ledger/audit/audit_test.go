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

// export returns the lines of the export of a small ledger: 4 touches and 4 kill
// switches in turn, each a record.
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
		refused := ledger.NewTouch{
			Touch: touch.Touch{
				ID: id, Caller: "acme", Request: touch.Request{Key: fmt.Sprint(i), Customer: "secret-customer"},
			},
			State:  touch.StateRefused,
			Events: []touch.Event{{Kind: touch.EventRefused, At: now, Touch: id, Customer: "secret-customer"}},
		}
		if _, _, err := l.Intake.Accept(t.Context(), []ledger.NewTouch{refused}); err != nil {
			t.Fatal(err)
		}
		k := ledger.KillSwitch{ID: fmt.Sprint("s", i), Owner: "Ann", Reason: "storm"}
		if err := l.Controls.PutKillSwitch(t.Context(), k, "key-1", now); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if head, err = audit.Export(t.Context(), l.Journal, &b, o); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSpace(b.String()), "\n"), head
}

// verify verifies an export and returns the events that it shows.
func verify(lines []string, head string) ([]touch.Event, error) {
	var events []touch.Event
	text := strings.NewReader(strings.Join(lines, ""))
	_, err := audit.Verify(text, head, func(e touch.Event) { events = append(events, e) })
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

// edit changes the lines of an export.
type edit func(lines []string) []string

// replace changes text in one line.
func replace(line int, oldnew ...string) edit {
	return func(l []string) []string {
		l[line] = strings.NewReplacer(oldnew...).Replace(l[line])
		return l
	}
}

// remove takes one line out.
func remove(line int) edit {
	return func(l []string) []string { return append(l[:line:line], l[line+1:]...) }
}

// overwrite puts another line in the place of one.
func overwrite(line int, text string) edit {
	return func(l []string) []string {
		l[line] = text + "\n"
		return l
	}
}

func swap(i, j int) edit {
	return func(l []string) []string {
		l[i], l[j] = l[j], l[i]
		return l
	}
}

func repeat(line int) edit {
	return func(l []string) []string { return append(l[:line+1:line+1], l[line:]...) }
}

// TestVerifyFindsTampering: whatever is done to an export, Verify finds it and
// names the line.
func TestVerifyFindsTampering(t *testing.T) {
	good, _ := export(t, audit.Options{})
	for name, c := range map[string]struct {
		edit edit
		want string
	}{
		"a shown event changed":     {replace(2, "storm", "calm"), "line 3: record 2 was changed: its events"},
		"the body changed":          {replace(2, `"body":"A`, `"body":"B`), "line 3: record 2 was changed: its bytes"},
		"the time changed":          {replace(2, `"at":1`, `"at":2`), "the end is that of another chain"},
		"a hidden record changed":   {replace(1, "0", "1", "1", "0"), "line "},
		"a record is missing":       {remove(3), "line 4: record 4 stands after record 2"},
		"the last is missing":       {remove(8), "line 9: the end is that of another chain"},
		"two records are swapped":   {swap(2, 4), "line 3: record 4 stands after record 1"},
		"a record is repeated":      {repeat(3), "line 5: record 3 stands after record 3"},
		"the end is missing":        {func(l []string) []string { return l[:9] }, "line 9: the end is missing"},
		"more after the end":        {func(l []string) []string { return append(l, l[1]) }, "something follows"},
		"no export":                 {func([]string) []string { return []string{"{}\n"} }, "line 1: this is not an export"},
		"not JSON":                  {overwrite(5, "hello"), "line 6: it cannot be read"},
		"a shown record was hidden": {overwrite(2, `{"pos":2,"sum":"`+strings.Repeat("00", 32)+`"}`), "the end is that of another chain"},
	} {
		lines := append([]string(nil), good...)
		lines[len(lines)-1] += "\n"
		if _, err := verify(c.edit(lines), ""); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := verify(good, strings.Repeat("00", 32)); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "head") {
		t.Errorf("another head: %v", err)
	}
}
