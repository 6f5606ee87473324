package sqlstore

import (
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

func findTouchIDsSQL(d sqldb.Dialect) string {
	return `SELECT t.id, t.digest, COALESCE(p.state, t.state), COALESCE(p.due, t.due), COALESCE(p.reason, t.reason)` +
		fromProgress + `WHERE ` + d.In("t.id", 1, sqldb.Bytes)
}

// answerStored answers for touches that were stored earlier; old are their
// indexes. A touch that was not written and is not found either was stored by a
// transaction that this one does not see yet: it has to run again.
func (in *acceptTx) answerStored(old []int) error {
	if len(old) == 0 {
		return nil
	}
	ids := make([][]byte, len(old))
	for i, index := range old {
		ids[i] = in.touches[index].Touch.ID[:]
	}

	found := 0
	err := in.t.each(func(rows sqldb.Rows) error {
		var id, digest []byte
		var due int64
		var a ledger.Accepted
		if err := rows.Scan(&id, &digest, &a.State, &due, &a.Reason); err != nil {
			return err
		}
		index := in.first[touch.ID(id)]
		in.digests[index] = [16]byte(digest)
		a.Same = in.digests[index] == in.touches[index].Digest
		a.Due = fromMicros(due)
		in.answers[index] = a
		found++
		return nil
	}, in.t.core.sql.findTouchIDs, in.t.array(ids))
	if err == nil && found < len(old) {
		return errConflict
	}
	return err
}

// answerDuplicates answers for touches whose id comes earlier in the batch: as
// the first of that id, but none of them is new.
func (in *acceptTx) answerDuplicates() {
	for i := range in.touches {
		first := in.first[in.touches[i].Touch.ID]
		if i == first {
			continue
		}
		digest, stored := in.digests[first]
		if !stored {
			digest = in.touches[first].Digest
		}
		a := in.answers[first]
		a.New = false
		a.Same = digest == in.touches[i].Digest
		in.answers[i] = a
	}
}
