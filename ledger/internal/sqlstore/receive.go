package sqlstore

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Receive implements ledger.Receipts.
func (s receiptStore) Receive(ctx context.Context, receipts []touch.Receipt, now time.Time) ([]ledger.AppliedReceipt, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	var answers []ledger.AppliedReceipt
	var unmatched [][]byte
	err := s.update(ctx, func(t *tx) error {
		answers, unmatched = nil, nil
		found, err := t.match(receipts)
		if err != nil {
			return err
		}
		if answers, err = t.receive(receipts, found, now); err != nil {
			return err
		}
		unmatched, err = t.saveUnmatched(receipts, found, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A vendor's id may have become known between our look and our commit.
	return answers, s.applyUnmatched(ctx, unmatched, false, now)
}

// receiptTarget is the leg that a receipt is about; seq 0 is none.
type receiptTarget struct {
	seq int64
	leg int
}

// match finds the targets of receipts: by our dispatch id, else by the vendor's.
func (c *conn) match(receipts []touch.Receipt) ([]receiptTarget, error) {
	found := make([]receiptTarget, len(receipts))
	byID, byKey := map[touch.ID][]int{}, map[[16]byte][]int{}
	var ids, keys [][]byte
	for i := range receipts {
		r := &receipts[i]
		if id, leg, err := touch.ParseDispatchID(r.Dispatch); err == nil {
			found[i].leg = leg
			byID[id] = append(byID[id], i)
			ids = append(ids, id[:])
		}
		if r.VendorID != "" {
			key := vendorKey(r.Provider, r.VendorID)
			byKey[[16]byte(key)] = append(byKey[[16]byte(key)], i)
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		err := c.each(func(rows sqldb.Rows) error {
			var key []byte
			var to receiptTarget
			if err := rows.Scan(&key, &to.seq, &to.leg); err != nil {
				return err
			}
			for _, i := range byKey[[16]byte(key)] {
				if receipts[i].Dispatch == "" || found[i].seq == 0 {
					found[i] = to
				}
			}
			return nil
		}, `SELECT key, seq, leg FROM vendors WHERE `+c.in("key", 1, sqldb.Bytes), c.array(keys))
		if err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		return found, nil
	}
	err := c.each(func(rows sqldb.Rows) error {
		var id []byte
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return err
		}
		for _, i := range byID[touch.ID(id)] {
			_, leg, _ := touch.ParseDispatchID(receipts[i].Dispatch)
			found[i] = receiptTarget{seq, leg}
		}
		return nil
	}, `SELECT id, seq FROM touches WHERE `+c.in("id", 1, sqldb.Bytes), c.array(ids))
	return found, err
}

// receive applies the receipts that have a target.
func (t *tx) receive(receipts []touch.Receipt, found []receiptTarget, now time.Time) ([]ledger.AppliedReceipt, error) {
	var seqs []int64
	for _, to := range found {
		if to.seq != 0 {
			seqs = append(seqs, to.seq)
		}
	}
	answers := make([]ledger.AppliedReceipt, len(receipts))
	if len(seqs) == 0 {
		return answers, nil
	}
	touches, err := t.touches(sortedSet(seqs))
	if err != nil {
		return nil, err
	}
	ms := newTransitionSet(t)
	for i, to := range found {
		tc := touches[to.seq]
		if tc == nil {
			continue
		}
		a := &answers[i]
		ms.add(to.seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			next, events := ledger.ApplyReceipt(cur, tc, to.leg, receipts[i], now)
			*a = ledger.AppliedReceipt{Known: true, Changed: next.Version != cur.Version, Touch: *tc, Leg: to.leg, Before: cur, After: next}
			return next, events
		})
	}
	if err := ms.run(); err != nil {
		return nil, err
	}
	return answers, t.saveOutcomes(ms, touches)
}

// saveOutcomes writes what came of contacts to the customers.
func (t *tx) saveOutcomes(ms *transitionSet, touches map[int64]*touch.Touch) error {
	facts := map[string]*customerFacts{}
	for seq, m := range ms.bySeq {
		tc := touches[seq]
		for i := range m.events {
			if m.events[i].Kind != touch.EventOutcome || m.events[i].Outcome == "" {
				continue
			}
			f := facts[tc.Customer]
			if f == nil {
				f = &customerFacts{logged: true}
				facts[tc.Customer] = f
			}
			f.addOutcome(tc, &m.events[i])
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return t.changeCustomers(facts, "")
}

// addOutcome adds an outcome, and for an opt-out the revocation that it is.
func (f *customerFacts) addOutcome(tc *touch.Touch, e *touch.Event) {
	p := pastContact(tc, ledger.Contact{Leg: e.Leg, Channel: e.Channel})
	f.outcomes = append(f.outcomes, touch.Outcome{
		Kind: e.Outcome, At: e.At, Channel: e.Channel, Category: tc.Category, Subject: tc.Subject, Campaign: tc.Campaign,
		Caller: tc.Caller, Template: p.Template, Address: p.Address, Touch: tc.ID,
	})
	if e.Outcome == touch.OutcomeOptOut {
		f.consents = append(f.consents, touch.Consent{
			Scope: string(tc.Category) + ":" + string(e.Channel), At: e.At, Evidence: "receipt of " + touch.DispatchID(tc.ID, e.Leg),
		})
	}
}

// unmatchedRow is a receipt that names a vendor's id not known yet.
type unmatchedRow struct {
	digest [16]byte
	key    []byte // see vendorKey
	at     int64
	doc    []byte
}

var insertUnmatched = sqldb.NewInsert("orphans", sqldb.Columns[*unmatchedRow]{
	sqldb.Blob("digest", func(r *unmatchedRow) []byte { return r.digest[:] }),
	sqldb.Blob("key", func(r *unmatchedRow) []byte { return r.key }),
	sqldb.Int("at", func(r *unmatchedRow) int64 { return r.at }),
	sqldb.Blob("doc", func(r *unmatchedRow) []byte { return r.doc }),
}, "(digest) DO NOTHING", "")

// saveUnmatched stores receipts that name a vendor's id not known yet.
func (t *tx) saveUnmatched(receipts []touch.Receipt, found []receiptTarget, now time.Time) (keys [][]byte, err error) {
	var orphans []*unmatchedRow
	for i := range receipts {
		r := &receipts[i]
		if found[i].seq != 0 || r.VendorID == "" {
			continue
		}
		doc, err := marshal(r)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(doc)
		orphan := &unmatchedRow{digest: [16]byte(sum[:16]), key: vendorKey(r.Provider, r.VendorID), at: micros(now), doc: doc}
		if slices.ContainsFunc(orphans, func(o *unmatchedRow) bool { return o.digest == orphan.digest }) {
			continue
		}
		keys, orphans = append(keys, orphan.key), append(orphans, orphan)
	}
	insert(&t.conn, insertUnmatched, orphans)
	return keys, nil
}

// applyUnmatched applies kept receipts whose vendor's id has become known: those with
// these keys, or, with all, up to a batch of any. Whoever comes second,
// the receipt or the vendor's id, finds the other, since both look after they
// committed; what a crash leaves in between is found by Recover.
func (s *core) applyUnmatched(ctx context.Context, keys [][]byte, all bool, now time.Time) error {
	if len(keys) == 0 && !all {
		return nil
	}
	const joined = ` FROM orphans o JOIN vendors v ON v.key = o.key`
	some := false
	err := s.query(ctx, func(c *conn) (err error) {
		if some, err = c.one([]any{new(int)}, `SELECT 1 FROM orphans LIMIT 1`); !some || err != nil || !all {
			return err
		}
		some, err = c.one([]any{new(int)}, `SELECT 1`+joined+` LIMIT 1`)
		return err
	})
	if err != nil || !some {
		return err
	}
	return s.update(ctx, func(t *tx) error {
		where, args := ` LIMIT 1000`, []any(nil)
		if !all {
			where, args = ` WHERE `+t.in("o.key", 1, sqldb.Bytes), []any{t.array(keys)}
		}
		var receipts []touch.Receipt
		var found []receiptTarget
		var digests [][]byte
		err := t.each(func(rows sqldb.Rows) error {
			var digest, doc []byte
			var to receiptTarget
			var r touch.Receipt
			if err := rows.Scan(&digest, &doc, &to.seq, &to.leg); err != nil {
				return err
			}
			if err := unmarshal(doc, &r); err != nil {
				return err
			}
			receipts, found, digests = append(receipts, r), append(found, to), append(digests, digest)
			return nil
		}, `SELECT o.digest, o.doc, v.seq, v.leg`+joined+where, args...)
		if err != nil || len(receipts) == 0 {
			return err
		}
		if _, err := t.exec(`DELETE FROM orphans WHERE `+t.in("digest", 1, sqldb.Bytes), t.array(digests)); err != nil {
			return err
		}
		_, err = t.receive(receipts, found, now)
		return err
	})
}

// unmatchedKept is how long a receipt waits for its message.
const unmatchedKept = 7 * 24 * time.Hour

// dropExpiredUnmatched deletes receipts that nobody will ask for.
func (s *core) dropExpiredUnmatched(ctx context.Context, now time.Time) error {
	before, old := micros(now.Add(-unmatchedKept)), false
	err := s.query(ctx, func(c *conn) (err error) {
		old, err = c.one([]any{new(int)}, `SELECT 1 FROM orphans WHERE at < $1 LIMIT 1`, before)
		return err
	})
	if err != nil || !old {
		return err
	}
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM orphans WHERE at < $1`, before)
		return err
	})
}
