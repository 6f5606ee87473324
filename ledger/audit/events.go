package audit

import (
	"context"
	"sort"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// Span says which events to give; empty fields give all.
type Span struct {
	// Since and Until bound when events were recorded, which for receipts is
	// later than when they happened.
	Since, Until time.Time
	After        int64 // only events after this Seq
	Caller       string
	Campaign     string
}

// skew is how far the times of neighbouring records may lie apart the wrong
// way round: transactions end in another order than they began, on nodes whose
// clocks differ.
const skew = 10 * time.Minute

// Events gives the events of a span to visit, in the order of their Seq, up
// to the head that the journal has now. It uses little memory. progress, if
// not nil, hears of each page of records. An error of visit ends it.
func Events(ctx context.Context, journal ledger.Journal, s Span, visit func(touch.Event) error, progress func(done, total int64)) error {
	end, _, err := journal.JournalHead(ctx)
	if err != nil {
		return err
	}
	first, err := s.begin(ctx, journal, end)
	if err != nil {
		return err
	}
	for pos := first; pos < end; {
		records, err := journal.JournalRecords(ctx, pos, int(min(page, end-pos)))
		if err != nil || len(records) == 0 {
			return err
		}
		for i := range records {
			r := &records[i]
			pos = r.Pos
			at := time.UnixMicro(r.At)
			if !s.Until.IsZero() && at.After(s.Until.Add(skew)) {
				return nil
			}
			if at.Before(s.Since) || !s.Until.IsZero() && !at.Before(s.Until) {
				continue
			}
			if err := s.visit(r, visit); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(pos-first, end-first)
		}
	}
	return nil
}

// begin gives the position after which the span may begin.
func (s *Span) begin(ctx context.Context, journal ledger.Journal, end int64) (int64, error) {
	after := max(0, sqlstore.Position(s.After)-1)
	if s.Since.IsZero() || end <= after {
		return after, nil
	}
	early := s.Since.Add(-skew).UnixMicro()
	var err error
	n := sort.Search(int(end-after), func(i int) bool {
		if err != nil {
			return true
		}
		var records []ledger.JournalRecord
		records, err = journal.JournalRecords(ctx, after+int64(i), 1)
		return len(records) == 0 || records[0].At >= early
	})
	return after + int64(n), err
}

func (s *Span) visit(r *ledger.JournalRecord, visit func(touch.Event) error) error {
	events, err := sqlstore.DecodeRecord(r)
	if err != nil {
		return touch.Errorf(touch.Internal, "", "record %d of the journal cannot be read: %w", r.Pos, err)
	}
	for i := range events {
		e := &events[i]
		if e.Seq <= s.After || s.Caller != "" && e.Caller != s.Caller || s.Campaign != "" && e.Campaign != s.Campaign {
			continue
		}
		if err := visit(*e); err != nil {
			return err
		}
	}
	return nil
}
