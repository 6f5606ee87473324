package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
)

// Journal reads the journal as it is stored: a chain of records, each bound to
// the one before by its hash. The package ledger/audit exports and verifies it.
type Journal interface {
	// JournalRecords gives up to limit records after the position, in order.
	JournalRecords(ctx context.Context, after int64, limit int) ([]JournalRecord, error)
	// JournalHead gives the last position and its hash; 0 when there is none.
	JournalHead(ctx context.Context) (pos int64, hash []byte, err error)
	// JournalCut gives the last position that was removed, and its hash, which
	// the first record's hash follows; 0 when none was. See Retention.
	JournalCut(ctx context.Context) (pos int64, hash []byte, err error)
}

// JournalRecord is the events of one transaction. Positions have no gaps.
type JournalRecord struct {
	Pos   int64
	ID    int64
	At    int64 // microseconds since 1970
	Count int64 // of events
	Body  []byte
	Hash  []byte // ChainHash of the record before and Sum
}

// Sum is the record's own hash.
func (r *JournalRecord) Sum() [32]byte {
	var head [24]byte
	binary.BigEndian.PutUint64(head[0:], uint64(r.ID))
	binary.BigEndian.PutUint64(head[8:], uint64(r.At))
	binary.BigEndian.PutUint64(head[16:], uint64(r.Count))
	return sha256.Sum256(append(head[:], r.Body...))
}

// ChainHash is the hash of a record with that sum, after one with hash prev
// (empty for the first).
func ChainHash(prev []byte, sum [32]byte) []byte {
	h := sha256.Sum256(append(append(make([]byte, 0, 64), prev...), sum[:]...))
	return h[:]
}
