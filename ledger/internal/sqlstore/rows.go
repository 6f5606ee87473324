package sqlstore

import (
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// progressRow is a touch's progress as it is stored, together with what is stored for
// the store's own use.
type progressRow struct {
	ledger.Progress
	pristine     bool  // has not moved since it was accepted
	campaign     int64 // its number
	expires      int64 // 0: never
	alias        int64 // the name of the wait that the touch is in
	firstRecord  int64 // the journal's record of its acceptance
	laterRecords []int64
}

// allRecords are all records of the journal that hold events of the touch.
func (r *progressRow) allRecords() []int64 {
	if r.firstRecord == 0 {
		return r.laterRecords
	}
	return append([]int64{r.firstRecord}, r.laterRecords...)
}

// progressColumns are what scanProgress reads: of touches t, left joined with progress p.
const progressColumns = `t.seq, t.campaign, t.priority, t.expires, t.record, COALESCE(p.version, 0), COALESCE(p.state, t.state),
	COALESCE(p.reason, t.reason), COALESCE(p.leg, t.leg), COALESCE(p.attempts, 0), COALESCE(p.due, t.due),
	COALESCE(p.lane, t.lane), COALESCE(p.wait, t.wait), COALESCE(p.provider, ''), p.contacts, p.trail`

const fromProgress = ` FROM touches t LEFT JOIN progress p ON p.seq = t.seq `

// firstVersion is the version of a touch that has not moved.
const firstVersion = 1

func scanProgress(rows sqldb.Rows, more ...any) (*progressRow, error) {
	r := &progressRow{}
	var due int64
	var contacts, trail []byte
	dest := append([]any{&r.Seq, &r.campaign, &r.Priority, &r.expires, &r.firstRecord, &r.Version, &r.State, &r.Reason, &r.Leg,
		&r.Attempts, &due, &r.Lane, &r.alias, &r.Provider, &contacts, &trail}, more...)
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	return r, r.complete(due, contacts, trail)
}

// complete fills in what is not stored as it is.
func (r *progressRow) complete(due int64, contacts, trail []byte) (err error) {
	if r.Version == 0 {
		r.pristine, r.Version = true, firstVersion
	}
	r.Due = fromMicros(due)
	if r.Contacts, err = unpackContacts(contacts); err != nil {
		return err
	}
	r.laterRecords, err = wire.UnpackInts(trail)
	return err
}

// load reads rows by number, and into which segments they are taken. With lock
// the rows that have moved before are locked first.
func (c *conn) load(seqs []int64, lock bool) (map[int64]*progressRow, error) {
	if how := c.core.db.ForUpdate(); lock && how != "" {
		err := c.each(func(sqldb.Rows) error { return nil },
			`SELECT seq FROM progress WHERE `+c.in("seq", 1, sqldb.Integer)+` ORDER BY seq`+how, c.array(seqs))
		if err != nil {
			return nil, err
		}
	}
	found := make(map[int64]*progressRow, len(seqs))
	err := c.each(func(rows sqldb.Rows) error {
		r, err := scanProgress(rows)
		if err == nil {
			found[r.Seq] = r
		}
		return err
	}, `SELECT `+progressColumns+fromProgress+`WHERE `+c.in("t.seq", 1, sqldb.Integer), c.array(seqs))
	if err != nil {
		return nil, err
	}
	return found, c.locate(found)
}

// locate finds the segments that hold the rows. The timer that brought a touch
// there has run out, unless a receipt has set another since.
func (c *conn) locate(rows map[int64]*progressRow) error {
	var names []int64
	for _, r := range rows {
		if r.alias != 0 {
			names = append(names, r.alias)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return c.each(func(sqlRows sqldb.Rows) error {
		w, err := scanGroup(sqlRows)
		if err != nil {
			return err
		}
		for _, seq := range w.seqs {
			if r := rows[seq]; r != nil && r.alias == w.alias() {
				r.attach(w.segment, w.due)
			}
		}
		return nil
	}, `SELECT `+groupFields+` FROM waits w WHERE w.stage = 2 AND (`+c.in("w.id", 1, sqldb.Integer)+` OR (w.origin <> 0 AND `+c.in("w.origin", 1, sqldb.Integer)+`))`,
		c.array(sortedSet(names)))
}

func (r *progressRow) attach(segment, due int64) {
	r.Segment = segment
	if r.pristine || firedFor(r.Due, due) {
		r.Due = fromMicros(0)
	}
}

// touches reads the touches themselves.
func (c *conn) touches(seqs []int64) (map[int64]*touch.Touch, error) {
	found := make(map[int64]*touch.Touch, len(seqs))
	err := c.each(func(rows sqldb.Rows) error {
		var seq int64
		t, err := scanTouch(rows, &seq)
		if err == nil {
			found[seq] = t
		}
		return err
	}, `SELECT `+touchColumns+`, t.seq FROM touches t JOIN campaigns c ON c.no = t.campaign WHERE `+c.in("t.seq", 1, sqldb.Integer), c.array(seqs))
	return found, err
}

// touchColumns are what scanTouch reads: of touches t and campaigns c.
const touchColumns = `t.id, t.customer, t.priority, t.body, c.caller, c.name`

func scanTouch(rows sqldb.Rows, more ...any) (*touch.Touch, error) {
	t := &touch.Touch{}
	var id, body []byte
	dest := append([]any{&id, &t.Customer, &t.Priority, &body, &t.Caller, &t.Campaign}, more...)
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	copy(t.ID[:], id)
	return t, unpackTouch(body, t)
}

// sortedSet gives the different numbers, rising.
func sortedSet(ns []int64) []int64 {
	ns = slices.Clone(ns)
	slices.Sort(ns)
	return slices.Compact(ns)
}
