package sqlstore

import (
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
)

// progressRow is a touch's progress as it is read, with what the store itself
// needs to know of the touch.
type progressRow struct {
	ledger.Progress
	pristine bool  // no transition yet: there is no row of progress
	campaign int64 // its number
	expires  int64 // in microseconds; 0: never
	alias    int64 // names the timer group that the touch is in; 0: none
	// firstRecord is the journal's record of the touch's acceptance, and
	// laterRecords are the others that hold events of the touch.
	firstRecord  int64
	laterRecords []int64

	stored storedProgress
}

// storedProgress are the columns that have another form than in the Progress.
type storedProgress struct {
	due      int64
	contacts []byte
	trail    []byte // laterRecords, packed
}

// progressFields are read of touches t, left joined with progress p: a touch
// without a row of progress stands as it was accepted.
var progressFields = sqldb.Selection[progressRow]{
	{Expr: "t.seq", Dest: func(r *progressRow) any { return &r.Seq }},
	{Expr: "t.campaign", Dest: func(r *progressRow) any { return &r.campaign }},
	{Expr: "t.priority", Dest: func(r *progressRow) any { return &r.Priority }},
	{Expr: "t.expires", Dest: func(r *progressRow) any { return &r.expires }},
	{Expr: "t.record", Dest: func(r *progressRow) any { return &r.firstRecord }},
	{Expr: "COALESCE(p.version, 0)", Dest: func(r *progressRow) any { return &r.Version }},
	{Expr: "COALESCE(p.state, t.state)", Dest: func(r *progressRow) any { return &r.State }},
	{Expr: "COALESCE(p.reason, t.reason)", Dest: func(r *progressRow) any { return &r.Reason }},
	{Expr: "COALESCE(p.leg, t.leg)", Dest: func(r *progressRow) any { return &r.Leg }},
	{Expr: "COALESCE(p.attempts, 0)", Dest: func(r *progressRow) any { return &r.Attempts }},
	{Expr: "COALESCE(p.due, t.due)", Dest: func(r *progressRow) any { return &r.stored.due }},
	{Expr: "COALESCE(p.lane, t.lane)", Dest: func(r *progressRow) any { return &r.Lane }},
	{Expr: "COALESCE(p.wait, t.wait)", Dest: func(r *progressRow) any { return &r.alias }},
	{Expr: "COALESCE(p.provider, '')", Dest: func(r *progressRow) any { return &r.Provider }},
	{Expr: "p.contacts", Dest: func(r *progressRow) any { return &r.stored.contacts }},
	{Expr: "p.trail", Dest: func(r *progressRow) any { return &r.stored.trail }},
}

const fromProgress = ` FROM touches t LEFT JOIN progress p ON p.seq = t.seq `

// firstVersion is the version of a touch that had no transition yet.
const firstVersion = 1

// decode completes the progress from the stored columns.
func (r *progressRow) decode() (err error) {
	if r.Version == 0 {
		r.pristine = true
		r.Version = firstVersion
	}
	r.Due = fromMicros(r.stored.due)
	if r.Contacts, err = unpackContacts(r.stored.contacts); err != nil {
		return err
	}
	r.laterRecords, err = wire.UnpackInts(r.stored.trail)
	r.stored = storedProgress{}
	return err
}

// records are the journal's records that hold events of the touch.
func (r *progressRow) records() []int64 {
	if r.firstRecord == 0 {
		return r.laterRecords
	}
	return append([]int64{r.firstRecord}, r.laterRecords...)
}

func lockProgressSQL(d sqldb.Dialect) string {
	return `SELECT seq FROM progress WHERE ` + d.In("seq", 1, sqldb.Integer) + ` ORDER BY seq` + d.ForUpdate()
}

func loadProgressSQL(d sqldb.Dialect) string {
	return `SELECT ` + progressFields.List() + fromProgress + `WHERE ` + d.In("t.seq", 1, sqldb.Integer)
}

// load reads the progress of touches by number, with the segments that they
// are in. With lock, the rows of progress are locked first; a touch without
// such a row cannot be locked.
func (c *conn) load(seqs []int64, lock bool) (map[int64]*progressRow, error) {
	if lock && c.core.db.ForUpdate() != "" {
		ignore := func(sqldb.Rows) error { return nil }
		if err := c.each(ignore, c.core.sql.lockProgress, c.array(seqs)); err != nil {
			return nil, err
		}
	}

	found := make(map[int64]*progressRow, len(seqs))
	err := c.each(func(rows sqldb.Rows) error {
		r := &progressRow{}
		if err := progressFields.Scan(rows, r); err != nil {
			return err
		}
		found[r.Seq] = r
		return r.decode()
	}, c.core.sql.loadProgress, c.array(seqs))
	if err != nil {
		return nil, err
	}
	return found, c.attachSegments(found)
}

func loadGroupsSQL(d sqldb.Dialect) string {
	return `SELECT ` + groupFields.List() + ` FROM waits w WHERE ` + isInSegment + ` AND
		(` + d.In("w.id", 1, sqldb.Integer) + ` OR (w.origin <> 0 AND ` + d.In("w.origin", 1, sqldb.Integer) + `))`
}

// attachSegments finds the segments that hold the touches and fills in the
// segment of each. The rows do not hold it: a segment takes whole timer groups,
// and writing one row for each touch would cost more than all the rest.
func (c *conn) attachSegments(rows map[int64]*progressRow) error {
	var aliases []int64
	for _, r := range rows {
		if r.alias != 0 {
			aliases = append(aliases, r.alias)
		}
	}
	if len(aliases) == 0 {
		return nil
	}
	return c.each(func(sqlRows sqldb.Rows) error {
		g, err := scanGroup(sqlRows)
		if err != nil {
			return err
		}
		for _, seq := range g.seqs {
			if r := rows[seq]; r != nil && r.alias == g.alias() {
				r.attach(g.segment, g.due)
			}
		}
		return nil
	}, c.core.sql.loadGroups, c.array(sortedSet(aliases)))
}

// attach puts a touch into a segment, to which a timer group of this due time
// brought it. The timer that brought it there has fired, so the touch has none,
// unless a receipt has set another timer since.
func (r *progressRow) attach(segment, due int64) {
	r.Segment = segment
	if r.pristine || firedFor(r.Due, due) {
		r.Due = fromMicros(0)
	}
}

// sortedSet returns the distinct numbers in rising order.
func sortedSet(ns []int64) []int64 {
	ns = slices.Clone(ns)
	slices.Sort(ns)
	return slices.Compact(ns)
}
