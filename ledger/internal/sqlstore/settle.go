package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Settle implements ledger.Work.
func (s *Store) Settle(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	err := s.change(ctx, func(t *tx) error {
		found := func() (*segment, error) { return nil, nil }
		if ref.Segment != 0 {
			found = t.askSegment(ref)
		}
		ms := newMoves(t)
		out, keep := map[int64]bool{}, map[int64]bool{}
		for i := range transitions {
			tr := &transitions[i]
			out[tr.Seq] = true
			keep[tr.Seq] = tr.Keep
			ms.add(tr.Seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) { return applyIn(ref.Segment, cur, *tr) })
		}
		if err := ms.run(); err != nil {
			return err
		}
		if err := t.storeVendorIDs(transitions); err != nil {
			return err
		}
		if err := t.noteDead(transitions); err != nil {
			return err
		}
		seg, err := found()
		if err != nil || seg == nil {
			return err
		}
		seg.leave(out, keep)
		t.shrink(seg)
		return nil
	})
	if err != nil {
		return err
	}
	return s.adopt(ctx, vendorKeys(transitions), false, s.now())
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

var insertVendors = Insert{
	Table:      "vendors",
	Columns:    []string{"key", "seq", "leg"},
	Kinds:      "bii",
	OnConflict: "(key) DO UPDATE SET seq = excluded.seq, leg = excluded.leg",
}

func (t *tx) storeVendorIDs(transitions []ledger.Transition) error {
	type entry struct {
		key []byte
		seq int64
		leg int64
	}
	var all []entry
	for i := range transitions {
		tr := &transitions[i]
		if tr.VendorID == "" {
			continue
		}
		leg := tr.Leg
		if tr.Contact != nil {
			leg = tr.Contact.Leg // the transition may go on to the next leg already
		}
		all = append(all, entry{vendorKey(tr.Provider, tr.VendorID), tr.Seq, int64(leg)})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b entry) bool { return bytes.Equal(a.key, b.key) })
	keys, seqs, legs := make([][]byte, len(all)), make([]int64, len(all)), make([]int64, len(all))
	for i, e := range all {
		keys[i], seqs[i], legs[i] = e.key, e.seq, e.leg
	}
	return t.insert(&insertVendors, len(all), keys, seqs, legs)
}
