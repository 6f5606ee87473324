package sqlstore

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// vendorKey is the key under which a vendor's id is stored: a hash, because the
// ids of vendors are of any length and form.
func vendorKey(provider, id string) []byte {
	sum := sha256.Sum256([]byte(provider + "\x00" + id))
	return sum[:16]
}

// vendorKeys are the keys of the ids that transitions make known.
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

var insertVendors = sqldb.NewInsert("vendors", vendorColumns,
	"(key) DO UPDATE SET "+vendorColumns.Excluded("key"), "")

// saveVendorIDs stores the vendors' ids, so that receipts find their touch.
func (t *tx) saveVendorIDs(transitions []ledger.Transition) {
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
		rows = append(rows, vendorRow{key: vendorKey(tr.Provider, tr.VendorID), seq: tr.Seq, leg: int64(leg)})
	}
	// One order for all transactions. A statement cannot write one row twice.
	slices.SortStableFunc(rows, func(a, b vendorRow) int { return bytes.Compare(a.key, b.key) })
	rows = slices.CompactFunc(rows, func(a, b vendorRow) bool { return bytes.Equal(a.key, b.key) })
	insert(&t.conn, insertVendors, rows)
}
