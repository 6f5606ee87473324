package sqlstore

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// Intend implements ledger.Work. After it commits, a worker that takes the
// segment over knows which messages may have been sent.
func (s workStore) Intend(
	ctx context.Context, ref ledger.SegmentRef, version ledger.ControlVersion, intents []ledger.Intent,
) (dropped []int, err error) {
	err = s.update(ctx, func(t *tx) (err error) {
		dropped, err = intend(t, ref, version, intents)
		return err
	})
	if err != nil {
		return nil, err
	}
	return dropped, nil
}

// intend stores the intents of touches that did not change since they were
// judged, and returns the indexes of the others.
func intend(t *tx, ref ledger.SegmentRef, controlVersion ledger.ControlVersion, intents []ledger.Intent) (dropped []int, err error) {
	control := t.assertControlVersion(controlVersion)
	seg, err := t.lockSegment(ref)
	if err != nil {
		return nil, err
	}
	err = control.noneChanged(func() ([]int64, error) {
		seqs := make([]int64, len(intents))
		for i := range intents {
			seqs[i] = intents[i].Seq
		}
		return t.campaignsOf(seqs)
	})
	if err != nil {
		return nil, err
	}
	unchanged, err := t.unchangedSince(seg, intents)
	if err != nil {
		return nil, err
	}

	replaced := map[int64]bool{}
	var added []ledger.Intent
	for i := range intents {
		if !unchanged[i] {
			dropped = append(dropped, i)
			continue
		}
		replaced[intents[i].Seq] = true
		added = append(added, intents[i])
	}
	if len(added) == 0 {
		return dropped, nil
	}

	// A touch that is tried again replaces its earlier intent.
	seg.intents = slices.DeleteFunc(seg.intents, func(i ledger.Intent) bool { return replaced[i.Seq] })
	seg.intents = append(seg.intents, added...)
	t.send(`UPDATE segments SET intents = $2 WHERE id = $1`, seg.id, packIntents(seg.intents))
	return dropped, nil
}

func progressVersionsSQL(d sqldb.Dialect) string {
	return `SELECT seq, version, wait FROM progress WHERE ` + d.In("seq", 1, sqldb.Integer)
}

// unchangedSince tells which touches are in the segment, at the version that
// was judged. A touch without a row of progress is at the first version, and
// where its acceptance put it.
func (t *tx) unchangedSince(seg *segment, intents []ledger.Intent) ([]bool, error) {
	unchanged := make([]bool, len(intents))
	seqs := make([]int64, len(intents))
	indexes := make(map[int64][]int, len(intents)) // of the intents of each touch
	for i, in := range intents {
		_, member := slices.BinarySearch(seg.seqs, in.Seq)
		unchanged[i] = member && in.Version == firstVersion
		seqs[i] = in.Seq
		if member {
			indexes[in.Seq] = append(indexes[in.Seq], i)
		}
	}
	err := t.each(func(rows sqldb.Rows) error {
		var seq, version, alias int64
		if err := rows.Scan(&seq, &version, &alias); err != nil {
			return err
		}
		for _, i := range indexes[seq] {
			unchanged[i] = intents[i].Version == version && seg.hasGroup(alias)
		}
		return nil
	}, t.core.sql.progressVersions, t.array(seqs))
	return unchanged, err
}
