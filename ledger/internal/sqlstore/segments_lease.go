package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
)

// Renew implements ledger.Work.
func (s workStore) Renew(ctx context.Context, ref ledger.SegmentRef, worker string, until time.Time) error {
	return s.setLease(ctx, ref, worker, true, until)
}

// Release implements ledger.Work. The worker is alive, so this does not count
// as a crash.
func (s workStore) Release(ctx context.Context, ref ledger.SegmentRef, worker string) error {
	return s.setLease(ctx, ref, worker, false, time.Time{})
}

// setLease changes the lease of a worker that holds the segment.
func (s workStore) setLease(
	ctx context.Context, ref ledger.SegmentRef, worker string, claimed bool, until time.Time,
) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE segments SET lease_until = $4, claimed = $5
			WHERE id = $1 AND epoch = $2 AND worker = $3 AND claimed = 1`,
			ref.Segment, ref.Epoch, worker, micros(until), flag(claimed))
		if err == nil && n == 0 {
			return conflict("the lease on this segment was lost")
		}
		return err
	})
}

// OpenSegments implements ledger.Work.
func (s workStore) OpenSegments(ctx context.Context, lane string) (n int, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&n}, `SELECT count(*) FROM segments WHERE lane = $1`, lane)
		return err
	})
	return n, err
}
