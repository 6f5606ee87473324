package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Apply implements ledger.Work.
func (s workStore) Apply(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	return s.apply(ctx, &ref, transitions)
}

// ApplyUnclaimed implements ledger.Work.
func (s workStore) ApplyUnclaimed(ctx context.Context, transitions []ledger.Transition) error {
	return s.apply(ctx, nil, transitions)
}

// apply applies transitions within a segment; nil is none.
func (s workStore) apply(ctx context.Context, ref *ledger.SegmentRef, transitions []ledger.Transition) error {
	err := s.update(ctx, func(t *tx) error {
		segmentID := int64(0)
		found := func() (*segment, error) { return nil, nil }
		if ref != nil {
			segmentID = ref.Segment
			found = t.askSegment(*ref)
		}
		ms := newTransitionSet(t)
		out, keep := map[int64]bool{}, map[int64]bool{}
		for i := range transitions {
			tr := &transitions[i]
			out[tr.Seq] = true
			keep[tr.Seq] = tr.Keep
			ms.add(tr.Seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) { return applyIn(segmentID, cur, *tr) })
		}
		if err := ms.run(); err != nil {
			return err
		}
		t.storeVendorIDs(transitions)
		t.saveDeadLetters(transitions)
		seg, err := found()
		if err != nil || seg == nil {
			return err
		}
		seg.remove(out, keep)
		t.saveSegment(seg)
		return nil
	})
	if err != nil {
		return err
	}
	return s.applyUnmatched(ctx, vendorKeys(transitions), false, s.now())
}

// applyIn applies a transition in the name of a segment. A touch that is in
// another segment by now stays there, and the mover's word counts as stale.
func applyIn(segment int64, cur ledger.Progress, tr ledger.Transition) (ledger.Progress, []touch.Event) {
	if cur.Segment == 0 || cur.Segment == segment {
		return ledger.Apply(cur, tr)
	}
	elsewhere := cur.Segment
	cur.Segment = 0
	if tr.Version == cur.Version {
		tr.Version = -1
	}
	next, events := ledger.Apply(cur, tr)
	next.Segment = elsewhere
	return next, events
}

// vendorKey is the key of a vendor's id: vendors' ids are of any length and form.
func vendorKey(provider, id string) []byte {
	sum := sha256.Sum256([]byte(provider + "\x00" + id))
	return sum[:16]
}

func vendorKeys(transitions []ledger.Transition) (keys [][]byte) {
	for i := range transitions {
		if tr := &transitions[i]; tr.VendorID != "" {
			keys = append(keys, vendorKey(tr.Provider, tr.VendorID))
		}
	}
	return keys
}

// vendorRow says which leg of which touch a vendor's id names.
type vendorRow struct {
	key []byte
	seq int64
	leg int64
}

var vendorColumns = sqldb.Columns[vendorRow]{
	sqldb.Blob("key", func(r vendorRow) []byte { return r.key }),
	sqldb.Int("seq", func(r vendorRow) int64 { return r.seq }),
	sqldb.Int("leg", func(r vendorRow) int64 { return r.leg }),
}

var insertVendors = sqldb.NewInsert("vendors", vendorColumns, "(key) DO UPDATE SET "+vendorColumns.Excluded("key"), "")

func (t *tx) storeVendorIDs(transitions []ledger.Transition) {
	var rows []vendorRow
	for i := range transitions {
		tr := &transitions[i]
		if tr.VendorID == "" {
			continue
		}
		leg := tr.Leg
		if tr.Contact != nil {
			leg = tr.Contact.Leg // the transition may go on to the next leg already
		}
		rows = append(rows, vendorRow{vendorKey(tr.Provider, tr.VendorID), tr.Seq, int64(leg)})
	}
	slices.SortStableFunc(rows, func(a, b vendorRow) int { return bytes.Compare(a.key, b.key) })
	rows = slices.CompactFunc(rows, func(a, b vendorRow) bool { return bytes.Equal(a.key, b.key) })
	insert(&t.conn, insertVendors, rows)
}
