package audit

import (
	"context"
	"sort"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// Span selects events; empty fields select all.
type Span struct {
	// Since and Until bound when events were recorded, which for receipts is
	// later than when they happened.
	Since, Until time.Time
	After        int64 // only events with a higher Seq
	Caller       string
	Campaign     string
}

// skew bounds how far the times of records may be out of order: transactions
// end in another order than they began, on nodes whose clocks differ.
const skew = 10 * time.Minute

// Events calls visit for each event of a span, in the order of Seq, up to the
// head that the journal has now. It holds one page of records in memory.
// progress, if not nil, is called after each page. It stops at an error of
// visit and returns it. Class Internal: a record cannot be decoded.
func Events(ctx context.Context, records ledger.Journal, s Span, visit func(touch.Event) error, progress func(done, total int64)) error {
	end, _, err := records.Head(ctx)
	if err != nil {
		return err
	}
	first, err := s.begin(ctx, records, end)
	if err != nil {
		return err
	}
	for pos := first; pos < end; {
		found, err := records.Records(ctx, pos, int(min(page, end-pos)))
		if err != nil || len(found) == 0 {
			return err
		}
		for i := range found {
			r := &found[i]
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

// begin returns the position after which the span may begin. Records stand
// almost in order of time, so a binary search finds it in a few reads.
func (s *Span) begin(ctx context.Context, records ledger.Journal, end int64) (int64, error) {
	after := max(0, journal.Position(s.After)-1)
	if s.Since.IsZero() || end <= after {
		return after, nil
	}
	early := s.Since.Add(-skew).UnixMicro()
	var err error
	n := sort.Search(int(end-after), func(i int) bool {
		if err != nil {
			return true
		}
		var found []journal.Record
		found, err = records.Records(ctx, after+int64(i), 1)
		return len(found) == 0 || found[0].At >= early
	})
	return after + int64(n), err
}

func (s *Span) visit(r *journal.Record, visit func(touch.Event) error) error {
	events, err := r.Events()
	if err != nil {
		return touch.Errorf(touch.Internal, "", "record %d of the journal cannot be read: %w", r.Pos, err)
	}
	for i := range events {
		if !s.selects(&events[i]) {
			continue
		}
		if err := visit(events[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Span) selects(e *touch.Event) bool {
	return e.Seq > s.After &&
		(s.Caller == "" || e.Caller == s.Caller) &&
		(s.Campaign == "" || e.Campaign == s.Campaign)
}
