package audit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
)

// tampered is a journal whose records somebody has changed.
type tampered struct {
	ledger.Journal
	change func([]journal.Record) []journal.Record
}

func (j tampered) Records(ctx context.Context, after int64, limit int) ([]journal.Record, error) {
	all, err := j.Journal.Records(ctx, 0, 10_000)
	var page []journal.Record
	for _, r := range j.change(all) {
		if r.Pos > after && len(page) < limit {
			page = append(page, r)
		}
	}
	return page, err
}

// ledgerOf returns a ledger with n records, one for each minute since began.
func ledgerOf(t *testing.T, n int) (l *ledger.Ledger, began time.Time) {
	t.Helper()
	began = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	now := began
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "l.db"), sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for i := range n {
		if err := l.Controls.PutKillSwitch(t.Context(), ledger.KillSwitch{ID: fmt.Sprint(i), Owner: "Ann", Reason: "storm"}, "k", now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	return l, began
}

// changed returns records with one of them changed.
func changed(index int, change func(r *journal.Record)) func([]journal.Record) []journal.Record {
	return func(all []journal.Record) []journal.Record {
		change(&all[index])
		return all
	}
}

// forged returns records with one of them changed and its hash made to fit.
func forged(index int, change func(r *journal.Record)) func([]journal.Record) []journal.Record {
	return func(all []journal.Record) []journal.Record {
		r := &all[index]
		change(r)
		r.Hash = journal.ChainHash(all[index-1].Hash, r.Sum())
		return all
	}
}

func TestCheckFindsBrokenRecord(t *testing.T) {
	l, _ := ledgerOf(t, 8)
	var seen int64
	head, err := audit.Check(t.Context(), l.Journal, nil, func(done, total int64) { seen = done*100 + total })
	if err != nil || head.Records != 8 || head.Pos != 8 || seen != 808 {
		t.Fatalf("%+v, %v, progress %d", head, err, seen)
	}

	later := func(r *journal.Record) { r.At++ }
	for name, c := range map[string]struct {
		change func([]journal.Record) []journal.Record
		want   string
	}{
		"a byte":           {changed(2, func(r *journal.Record) { r.Body[3] ^= 1 }), "record 3 was changed"},
		"the time":         {changed(4, later), "record 5 was changed"},
		"time and hash":    {forged(4, later), "record 6 was changed"},
		"one missing":      {func(r []journal.Record) []journal.Record { return append(r[:5], r[6:]...) }, "record 6 is missing"},
		"the end missing":  {func(r []journal.Record) []journal.Record { return r[:6] }, "record 7 is missing, and every one after"},
		"the last forged":  {forged(7, later), "record 8 is not the one that the journal's head names"},
		"a corrupt record": {forged(7, func(r *journal.Record) { r.Body = []byte{255} }), "record 8 cannot be read"},
	} {
		_, err := audit.Check(t.Context(), tampered{l.Journal, c.change}, nil, nil)
		if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckNoted(t *testing.T) {
	l, _ := ledgerOf(t, 5)
	head, err := audit.Check(t.Context(), l.Journal, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	noted := audit.Noted{Pos: head.Pos, Hash: head.Hash}
	if _, err := audit.Check(t.Context(), l.Journal, &noted, nil); err != nil {
		t.Error(err)
	}
	noted.Hash = strings.Repeat("0", 64)
	if _, err := audit.Check(t.Context(), l.Journal, &noted, nil); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("another hash: %v", err)
	}
	noted.Pos = 6
	if _, err := audit.Check(t.Context(), l.Journal, &noted, nil); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("a later head: %v", err)
	}
}

func TestEventsSpan(t *testing.T) {
	l, began := ledgerOf(t, 90)
	count := func(s audit.Span) (n int, first, last int64) {
		t.Helper()
		err := audit.Events(t.Context(), l.Journal, s, func(e touch.Event) error {
			if n++; n == 1 {
				first = e.Seq >> 12
			}
			last = e.Seq >> 12
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n, first, last
	}
	for name, c := range map[string]struct {
		s           audit.Span
		n           int
		first, last int64
	}{
		"all":     {audit.Span{}, 90, 1, 90},
		"since":   {audit.Span{Since: began.Add(60 * time.Minute)}, 30, 61, 90},
		"until":   {audit.Span{Until: began.Add(2 * time.Minute)}, 2, 1, 2},
		"between": {audit.Span{Since: began.Add(40 * time.Minute), Until: began.Add(50 * time.Minute)}, 10, 41, 50},
		"after":   {audit.Span{After: 70 << 12}, 20, 71, 90},
		"both":    {audit.Span{After: 70 << 12, Since: began.Add(10 * time.Minute)}, 20, 71, 90},
		"nobody":  {audit.Span{Caller: "nobody"}, 0, 0, 0},
		"future":  {audit.Span{Since: began.Add(time.Hour * 100)}, 0, 0, 0},
	} {
		if n, first, last := count(c.s); n != c.n || first != c.first || last != c.last {
			t.Errorf("%s: %d events, records %d to %d; want %d, %d to %d", name, n, first, last, c.n, c.first, c.last)
		}
	}
}

// truncatedByHand is a journal of which somebody removed the beginning without
// an event.
type truncatedByHand struct {
	tampered
	truncation journal.Truncation
}

func (j truncatedByHand) Truncation(context.Context) (journal.Truncation, error) {
	return j.truncation, nil
}

// TestCheckTruncated: a record of the chain must say where the journal was
// truncated.
func TestCheckTruncated(t *testing.T) {
	l, began := ledgerOf(t, 8)
	all, err := l.Journal.Records(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	j := truncatedByHand{
		tampered:   tampered{l.Journal, func(r []journal.Record) []journal.Record { return r[3:] }},
		truncation: journal.Truncation{Pos: 3, Hash: all[2].Hash},
	}
	if _, err := audit.Check(t.Context(), j, nil, nil); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "no record says") {
		t.Errorf("truncated by hand: %v", err)
	}
	if n, err := l.Retention.TruncateJournal(t.Context(), began.Add(150*time.Second), 10, began.Add(time.Hour)); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if head, err := audit.Check(t.Context(), l.Journal, nil, nil); err != nil || head.Records != 6 {
		t.Errorf("truncated by retention: %+v, %v", head, err)
	}

	// An export of a truncated journal verifies too.
	var b strings.Builder
	head, err := audit.Export(t.Context(), l.Journal, &b, audit.Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.Verify(strings.NewReader(b.String()), head.Hash, nil); err != nil || got.Records != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}
