package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// ReclaimExpired implements ledger.Recovery.
func (s recoveryStore) ReclaimExpired(
	ctx context.Context, leasesBefore, unclaimedBefore time.Time, limit int,
) ([]ledger.SegmentRef, error) {
	return s.reclaim(ctx, `(claimed = 1 AND lease_until < $3) OR (claimed = 0 AND since < $1)`,
		unclaimedBefore, limit, micros(leasesBefore))
}

// ReclaimAll implements ledger.Recovery.
func (s recoveryStore) ReclaimAll(
	ctx context.Context, unclaimedBefore time.Time, limit int,
) ([]ledger.SegmentRef, error) {
	return s.reclaim(ctx, `claimed = 1 OR since < $1`, unclaimedBefore, limit)
}

// reclaim reclaims the segments that a condition selects. In it, $1 is
// unclaimedBefore, and more are the parameters from $3 on. It first cleans up
// the receipts that a crash left between a receipt and its vendor's id.
func (s recoveryStore) reclaim(
	ctx context.Context, where string, unclaimedBefore time.Time, limit int, more ...any,
) ([]ledger.SegmentRef, error) {
	if err := s.applyAllUnmatched(ctx, s.now()); err != nil {
		return nil, err
	}
	if err := s.deleteOldUnmatched(ctx, s.now()); err != nil {
		return nil, err
	}
	args := append([]any{micros(unclaimedBefore), clampLimit(limit, 100, 10_000)}, more...)
	var refs []ledger.SegmentRef
	err := s.update(ctx, func(t *tx) (err error) {
		refs, err = reclaimSegments(t, where, args)
		return err
	})
	return refs, err
}

// reclaimSegments raises the epoch of segments, which shuts their workers out,
// and returns the new references.
func reclaimSegments(t *tx, where string, args []any) (refs []ledger.SegmentRef, err error) {
	var ids []int64
	err = t.each(func(rows sqldb.Rows) error {
		var ref ledger.SegmentRef
		if err := rows.Scan(&ref.Segment, &ref.Epoch, &ref.Lane); err != nil {
			return err
		}
		ref.Epoch++
		refs = append(refs, ref)
		ids = append(ids, ref.Segment)
		return nil
	}, `SELECT id, epoch, lane FROM segments WHERE `+where+` ORDER BY id LIMIT $2`+t.core.db.SkipLocked(), args...)
	if err != nil || len(ids) == 0 {
		return nil, err
	}

	// claimed is 1 or 0: only a segment that had a worker counts as a crash.
	_, err = t.exec(`UPDATE segments SET epoch = epoch + 1, crashes = crashes + claimed, claimed = 0, worker = '',
		lease_until = 0, since = $2 WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids), micros(t.core.now()))
	return refs, err
}
