package sqlstore

import (
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// touchRow is a touch as it is read: of touches t and campaigns c.
type touchRow struct {
	touch.Touch
	id   []byte
	body []byte // the rest of the touch, packed
}

var touchFields = sqldb.Selection[touchRow]{
	{Expr: "t.id", Dest: func(r *touchRow) any { return &r.id }},
	{Expr: "t.customer", Dest: func(r *touchRow) any { return &r.Customer }},
	{Expr: "t.priority", Dest: func(r *touchRow) any { return &r.Priority }},
	{Expr: "t.body", Dest: func(r *touchRow) any { return &r.body }},
	{Expr: "c.caller", Dest: func(r *touchRow) any { return &r.Caller }},
	{Expr: "c.name", Dest: func(r *touchRow) any { return &r.Campaign }},
}

// decode completes the touch from the packed columns, and lets go of them:
// the touch may live long.
func (r *touchRow) decode() (*touch.Touch, error) {
	copy(r.ID[:], r.id)
	err := unpackTouch(r.body, &r.Touch)
	r.id, r.body = nil, nil
	return &r.Touch, err
}

func loadTouchesSQL(d sqldb.Dialect) string {
	return `SELECT ` + touchFields.List() + `, t.seq FROM touches t JOIN campaigns c ON c.no = t.campaign
		WHERE ` + d.In("t.seq", 1, sqldb.Integer)
}

// touches reads touches by number. Unknown numbers are absent from the map.
func (c *conn) touches(seqs []int64) (map[int64]*touch.Touch, error) {
	found := make(map[int64]*touch.Touch, len(seqs))
	err := c.each(func(rows sqldb.Rows) error {
		var r touchRow
		var seq int64
		if err := touchFields.Scan(rows, &r, &seq); err != nil {
			return err
		}
		t, err := r.decode()
		found[seq] = t
		return err
	}, c.core.sql.loadTouches, c.array(seqs))
	return found, err
}

// touchProgressColumns are what scanTouchProgress reads, and
// fromTouchProgress the tables that they are in.
var touchProgressColumns = touchFields.List() + `, ` + progressFields.List()

const fromTouchProgress = fromProgress + `JOIN campaigns c ON c.no = t.campaign `

// scanTouchProgress reads a touch together with its progress.
func scanTouchProgress(rows sqldb.Rows, more ...any) (*touch.Touch, *progressRow, error) {
	var t touchRow
	var p progressRow
	dest := make([]any, 0, len(touchFields)+len(progressFields)+len(more))
	dest = touchFields.AppendDest(dest, &t)
	dest = progressFields.AppendDest(dest, &p)
	if err := rows.Scan(append(dest, more...)...); err != nil {
		return nil, nil, err
	}
	tc, err := t.decode()
	if err != nil {
		return nil, nil, err
	}
	return tc, &p, p.decode()
}
