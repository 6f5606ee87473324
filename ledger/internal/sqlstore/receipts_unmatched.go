package sqlstore

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// A vendor's receipt can arrive before the vendor's answer is stored, and then
// names an id that is not known yet. Such a receipt is stored as unmatched (the
// table orphans). The receipt and the id each look for the other after they
// were committed, so whichever comes second finds the first. What a crash
// leaves in between is found by ReclaimExpired.

// unmatchedFor is how long a receipt waits for the vendor's id that it names.
const unmatchedFor = 7 * 24 * time.Hour

// unmatchedRow is a receipt that names a vendor's id not known yet.
type unmatchedRow struct {
	digest [16]byte // of doc: a repeated receipt is stored once
	key    []byte   // see vendorKey
	at     int64
	doc    []byte
}

var insertUnmatched = sqldb.NewInsert("orphans", sqldb.Columns[*unmatchedRow]{
	sqldb.Blob("digest", func(r *unmatchedRow) []byte { return r.digest[:] }),
	sqldb.Blob("key", func(r *unmatchedRow) []byte { return r.key }),
	sqldb.Int("at", func(r *unmatchedRow) int64 { return r.at }),
	sqldb.Blob("doc", func(r *unmatchedRow) []byte { return r.doc }),
}, "(digest) DO NOTHING", "")

// saveUnmatched stores the receipts without a target that name a vendor's id,
// and returns the keys of these ids.
func (t *tx) saveUnmatched(
	receipts []touch.Receipt, targets []receiptTarget, now time.Time,
) (keys [][]byte, err error) {
	var rows []*unmatchedRow
	for i := range receipts {
		r := &receipts[i]
		if targets[i].seq != 0 || r.VendorID == "" {
			continue
		}
		doc, err := marshal(r)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(doc)
		row := &unmatchedRow{
			digest: [16]byte(sum[:16]), key: vendorKey(r.Provider, r.VendorID), at: micros(now), doc: doc,
		}
		if slices.ContainsFunc(rows, func(o *unmatchedRow) bool { return o.digest == row.digest }) {
			continue
		}
		keys = append(keys, row.key)
		rows = append(rows, row)
	}
	insert(&t.conn, insertUnmatched, rows)
	return keys, nil
}

// fromMatched are the unmatched receipts whose vendor's id has become known.
const fromMatched = ` FROM orphans o JOIN vendors v ON v.key = o.key`

// applyUnmatched applies the stored receipts that name one of these vendors'
// ids, if the id is known by now.
func (s *core) applyUnmatched(ctx context.Context, keys [][]byte, now time.Time) error {
	if len(keys) == 0 {
		return nil
	}
	// Nearly always there is none: then no transaction is needed.
	some, err := s.exists(ctx, `SELECT 1 FROM orphans LIMIT 1`)
	if err != nil || !some {
		return err
	}
	return s.update(ctx, func(t *tx) error {
		return t.applyMatched(now, ` WHERE `+t.in("o.key", 1, sqldb.Bytes), t.array(keys))
	})
}

// applyAllUnmatched applies up to a batch of stored receipts whose vendor's id
// is known by now.
func (s *core) applyAllUnmatched(ctx context.Context, now time.Time) error {
	some, err := s.exists(ctx, `SELECT 1`+fromMatched+` LIMIT 1`)
	if err != nil || !some {
		return err
	}
	return s.update(ctx, func(t *tx) error { return t.applyMatched(now, ` LIMIT 1000`) })
}

// applyMatched applies receipts whose vendor's id is known, and deletes them
// from the unmatched ones. tail is the end of the query that selects them.
func (t *tx) applyMatched(now time.Time, tail string, args ...any) error {
	var receipts []touch.Receipt
	var targets []receiptTarget
	var digests [][]byte
	err := t.each(func(rows sqldb.Rows) error {
		var digest, doc []byte
		var target receiptTarget
		var r touch.Receipt
		if err := rows.Scan(&digest, &doc, &target.seq, &target.leg); err != nil {
			return err
		}
		if err := unmarshal(doc, &r); err != nil {
			return err
		}
		target.proven = true
		receipts = append(receipts, r)
		targets = append(targets, target)
		digests = append(digests, digest)
		return nil
	}, `SELECT o.digest, o.doc, v.seq, v.leg`+fromMatched+tail, args...)
	if err != nil || len(receipts) == 0 {
		return err
	}
	if _, err := t.exec(`DELETE FROM orphans WHERE `+t.in("digest", 1, sqldb.Bytes), t.array(digests)); err != nil {
		return err
	}
	_, err = t.applyReceipts(receipts, targets, now)
	return err
}

// deleteOldUnmatched deletes receipts whose vendor's id never became known.
func (s *core) deleteOldUnmatched(ctx context.Context, now time.Time) error {
	before := micros(now.Add(-unmatchedFor))
	old, err := s.exists(ctx, `SELECT 1 FROM orphans WHERE at < $1 LIMIT 1`, before)
	if err != nil || !old {
		return err
	}
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM orphans WHERE at < $1`, before)
		return err
	})
}

// exists reports whether a query finds a row.
func (s *core) exists(ctx context.Context, query string, args ...any) (ok bool, err error) {
	err = s.query(ctx, func(c *conn) (err error) {
		ok, err = c.one([]any{new(int)}, query, args...)
		return err
	})
	return ok, err
}
