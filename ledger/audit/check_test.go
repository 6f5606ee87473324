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

// story makes a ledger with a record a minute, and a clock to go on by.
func story(t *testing.T, n int) (l *ledger.Ledger, began time.Time) {
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

func TestCheckNamesTheFirstBrokenRecord(t *testing.T) {
	l, _ := story(t, 8)
	var seen int64
	head, err := audit.Check(t.Context(), l.Journal, nil, func(done, total int64) { seen = done*100 + total })
	if err != nil || head.Records != 8 || head.Pos != 8 || seen != 808 {
		t.Fatalf("%+v, %v, progress %d", head, err, seen)
	}
	type records = []journal.Record
	for name, c := range map[string]struct {
		change func(r records) records
		want   string
	}{
		"a byte":       {func(r records) records { r[2].Body[3] ^= 1; return r }, "record 3 was changed"},
		"the time":     {func(r records) records { r[4].At++; return r }, "record 5 was changed"},
		"the hash too": {func(r records) records { r[4].At++; r[4].Hash = journal.ChainHash(r[3].Hash, r[4].Sum()); return r }, "record 6 was changed"},
		"one out":      {func(r records) records { return append(r[:5], r[6:]...) }, "record 6 is missing"},
		"the end out":  {func(r records) records { return r[:6] }, "record 7 is missing, and every one after"},
		"the last anew": {func(r records) records { r[7].At++; r[7].Hash = journal.ChainHash(r[6].Hash, r[7].Sum()); return r },
			"record 8 is not the one that the journal's head names"},
		"nonsense": {func(r records) records {
			r[7].Body = []byte{255}
			r[7].Hash = journal.ChainHash(r[6].Hash, r[7].Sum())
			return r
		}, "record 8 cannot be read"},
	} {
		_, err := audit.Check(t.Context(), tampered{l.Journal, c.change}, nil, nil)
		if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckHoldsAgainstWhatWasNoted(t *testing.T) {
	l, _ := story(t, 5)
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

func TestEventsOfASpan(t *testing.T) {
	l, began := story(t, 90)
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

// uncut is a journal of which somebody removed the beginning by hand.
type uncut struct {
	tampered
	truncation journal.Truncation
}

func (j uncut) Truncation(context.Context) (journal.Truncation, error) { return j.truncation, nil }

// A beginning that is gone must be told of by a record of the chain.
func TestCheckWantsTheRecordOfACut(t *testing.T) {
	l, began := story(t, 8)
	all, err := l.Journal.Records(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	j := uncut{tampered{l.Journal, func(r []journal.Record) []journal.Record { return r[3:] }}, journal.Truncation{Pos: 3, Hash: all[2].Hash}}
	if _, err := audit.Check(t.Context(), j, nil, nil); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "no record says") {
		t.Errorf("cut by hand: %v", err)
	}
	if n, err := l.Retention.TruncateJournal(t.Context(), began.Add(150*time.Second), 10, began.Add(time.Hour)); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if head, err := audit.Check(t.Context(), l.Journal, nil, nil); err != nil || head.Records != 6 {
		t.Errorf("cut by retention: %+v, %v", head, err)
	}
	// The export and its proof begin where the journal does.
	var b strings.Builder
	head, err := audit.Export(t.Context(), l.Journal, &b, audit.Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.Verify(strings.NewReader(b.String()), head.Hash, nil); err != nil || got.Records != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}
