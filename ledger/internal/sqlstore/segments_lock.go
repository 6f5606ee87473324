package sqlstore

import (
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

func lockSegmentSQL(d sqldb.Dialect) string {
	return `SELECT ` + segmentFields.List() + ` FROM segments WHERE id = $1 AND epoch = $2` + d.ForUpdate()
}

// segmentLock is a query, queued in a transaction, that locks and reads a
// segment. Queue other statements after it and then call result: all of them
// travel to the server together.
type segmentLock struct {
	t   *tx
	seg *segment
}

// queueSegmentLock queues the query for a segment at an epoch.
func (t *tx) queueSegmentLock(ref ledger.SegmentRef) *segmentLock {
	l := &segmentLock{t: t}
	t.ask(func(rows sqldb.Rows) (err error) {
		l.seg, err = scanSegment(rows)
		return err
	}, t.core.sql.lockSegment, ref.Segment, ref.Epoch)
	return l
}

// result flushes the session and returns the segment; class Conflict when it
// is done or has a higher epoch.
func (l *segmentLock) result() (*segment, error) {
	if err := l.t.Flush(); err != nil {
		return nil, err
	}
	if l.seg == nil {
		return nil, conflict("this segment is done, or was taken over")
	}
	return l.seg, nil
}

// lockSegment locks and reads a segment; class Conflict as result.
func (t *tx) lockSegment(ref ledger.SegmentRef) (*segment, error) {
	return t.queueSegmentLock(ref).result()
}
