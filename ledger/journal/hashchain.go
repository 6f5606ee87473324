package journal

import (
	"crypto/sha256"
	"encoding/binary"
)

// Sum is the hash of one record: of everything that is stored in it except its
// position and its chain hash.
func (r *Record) Sum() [32]byte {
	var head [24]byte
	binary.BigEndian.PutUint64(head[0:], uint64(r.ID))
	binary.BigEndian.PutUint64(head[8:], uint64(r.At))
	binary.BigEndian.PutUint64(head[16:], uint64(r.Count))
	return sha256.Sum256(append(head[:], r.Body...))
}

// ChainHash binds a record to the one before it. It is the hash that is stored
// with a record: of prev, the hash of the record before (empty for the first
// one), and of the record's own sum. Whoever changes or removes a record changes
// every hash after it.
func ChainHash(prev []byte, sum [32]byte) []byte {
	h := sha256.Sum256(append(append(make([]byte, 0, 64), prev...), sum[:]...))
	return h[:]
}
