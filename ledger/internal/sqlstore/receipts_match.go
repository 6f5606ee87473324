package sqlstore

import (
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// receiptTarget is the leg that a receipt is about; seq 0 is none.
type receiptTarget struct {
	seq int64
	leg int
	// proven: the vendor has named the id that it gave the message itself.
	proven bool
}

func receiptVendorIDsSQL(d sqldb.Dialect) string {
	return `SELECT key, seq, leg FROM vendors WHERE ` + d.In("key", 1, sqldb.Bytes)
}

func receiptTouchesSQL(d sqldb.Dialect) string {
	return `SELECT id, seq FROM touches WHERE ` + d.In("id", 1, sqldb.Bytes)
}

// matchReceipts finds the targets of receipts, in their order: by our dispatch
// id where the receipt has one that is known, otherwise by the vendor's id.
func (c *conn) matchReceipts(receipts []touch.Receipt) ([]receiptTarget, error) {
	targets := make([]receiptTarget, len(receipts))
	if err := c.matchVendorIDs(receipts, targets); err != nil {
		return nil, err
	}
	// Second, so that our own id wins.
	return targets, c.matchDispatches(receipts, targets)
}

func (c *conn) matchVendorIDs(receipts []touch.Receipt, targets []receiptTarget) error {
	byKey := map[[16]byte][]int{}
	var keys [][]byte
	for i := range receipts {
		r := &receipts[i]
		if r.VendorID == "" {
			continue
		}
		key := vendorKey(r.Provider, r.VendorID)
		byKey[[16]byte(key)] = append(byKey[[16]byte(key)], i)
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil
	}
	return c.each(func(rows sqldb.Rows) error {
		var key []byte
		var target receiptTarget
		if err := rows.Scan(&key, &target.seq, &target.leg); err != nil {
			return err
		}
		target.proven = true
		for _, i := range byKey[[16]byte(key)] {
			targets[i] = target
		}
		return nil
	}, c.core.sql.receiptVendorIDs, c.array(keys))
}

func (c *conn) matchDispatches(receipts []touch.Receipt, targets []receiptTarget) error {
	type dispatch struct{ index, leg int }
	byID := map[touch.ID][]dispatch{}
	var ids [][]byte
	for i := range receipts {
		id, leg, err := touch.ParseDispatchID(receipts[i].Dispatch)
		if err != nil {
			continue // none, or not one of ours
		}
		byID[id] = append(byID[id], dispatch{index: i, leg: leg})
		ids = append(ids, id[:])
	}
	if len(ids) == 0 {
		return nil
	}
	return c.each(func(rows sqldb.Rows) error {
		var id []byte
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return err
		}
		for _, d := range byID[touch.ID(id)] {
			target := &targets[d.index]
			proven := target.proven && target.seq == seq && target.leg == d.leg
			*target = receiptTarget{seq: seq, leg: d.leg, proven: proven}
		}
		return nil
	}, c.core.sql.receiptTouches, c.array(ids))
}
