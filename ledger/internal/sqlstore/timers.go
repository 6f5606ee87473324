package sqlstore

import (
	"slices"
	"strconv"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
)

// groupStatus is where a timer group stands: the column waits.stage.
type groupStatus int

const (
	groupWaiting   groupStatus = iota // for its due time
	groupParked                       // its campaign is paused, or a kill switch holds it
	groupInSegment                    // its touches are in a segment
)

// is returns the SQL that compares a group's status, or sets it. The status
// is part of the text and no parameter: an index covers the groups that wait,
// and a database uses it only when it sees the number.
func (s groupStatus) is() string { return "stage = " + strconv.Itoa(int(s)) }

// Conditions over waits w.
var (
	isWaiting          = "w." + groupWaiting.is()
	isParked           = "w." + groupParked.is() + " AND w.hold = ''" // by a pause
	isInSegment        = "w." + groupInSegment.is()
	isOutsideOfSegment = "w.stage < " + strconv.Itoa(int(groupInSegment))
)

// groupKey is what the touches of one timer group have in common.
type groupKey struct {
	lane     string
	priority int
	expires  int64 // see roundExpiry
	due      int64
	campaign int64
	segment  int64  // not 0: the group begins in this segment
	hold     string // not "": it is parked until these kill switches are over
}

// timerGroup is a set of touches that wait together: a row of waits.
type timerGroup struct {
	groupKey
	id int64
	// origin is the group that this one was split off, to fill a segment; 0 for
	// most. Its touches still name the origin.
	origin int64
	seqs   []int64 // of the touches
}

// alias is the number by which touches name the group. Several groups can have
// one alias, but a touch is a member of only one of them.
func (g *timerGroup) alias() int64 {
	if g.origin != 0 {
		return g.origin
	}
	return g.id
}

// status is that of a new group.
func (g *timerGroup) status() groupStatus {
	switch {
	case g.segment != 0:
		return groupInSegment
	case g.hold != "":
		return groupParked
	default:
		return groupWaiting
	}
}

// groupRow is a timer group as it is read.
type groupRow struct {
	timerGroup
	packedSeqs []byte
}

// groupFields are read of waits w.
var groupFields = sqldb.Selection[groupRow]{
	{Expr: "w.id", Dest: func(r *groupRow) any { return &r.id }},
	{Expr: "w.origin", Dest: func(r *groupRow) any { return &r.origin }},
	{Expr: "w.lane", Dest: func(r *groupRow) any { return &r.lane }},
	{Expr: "w.priority", Dest: func(r *groupRow) any { return &r.priority }},
	{Expr: "w.expires", Dest: func(r *groupRow) any { return &r.expires }},
	{Expr: "w.due", Dest: func(r *groupRow) any { return &r.due }},
	{Expr: "w.campaign", Dest: func(r *groupRow) any { return &r.campaign }},
	{Expr: "w.segment", Dest: func(r *groupRow) any { return &r.segment }},
	{Expr: "w.seqs", Dest: func(r *groupRow) any { return &r.packedSeqs }},
}

func scanGroup(rows sqldb.Rows, more ...any) (*timerGroup, error) {
	var r groupRow
	if err := groupFields.Scan(rows, &r, more...); err != nil {
		return nil, err
	}
	var err error
	r.seqs, err = wire.UnpackInts(r.packedSeqs)
	r.packedSeqs = nil
	return &r.timerGroup, err
}

var insertGroups = sqldb.NewInsert("waits", sqldb.Columns[*timerGroup]{
	sqldb.Int("id", func(g *timerGroup) int64 { return g.id }),
	sqldb.Int("origin", func(g *timerGroup) int64 { return g.origin }),
	sqldb.Text("lane", func(g *timerGroup) string { return g.lane }),
	sqldb.Int("priority", func(g *timerGroup) int64 { return int64(g.priority) }),
	sqldb.Int("expires", func(g *timerGroup) int64 { return g.expires }),
	sqldb.Int("due", func(g *timerGroup) int64 { return g.due }),
	sqldb.Int("campaign", func(g *timerGroup) int64 { return g.campaign }),
	sqldb.Int("stage", func(g *timerGroup) int64 { return int64(g.status()) }),
	sqldb.Int("segment", func(g *timerGroup) int64 { return g.segment }),
	sqldb.Text("hold", func(g *timerGroup) string { return g.hold }),
	sqldb.Blob("seqs", func(g *timerGroup) []byte { return wire.PackInts(g.seqs) }),
}, "", "")

func (t *tx) writeGroups(groups []*timerGroup) {
	for _, g := range groups {
		slices.Sort(g.seqs) // the numbers are packed as differences
	}
	insert(&t.conn, insertGroups, groups)
}

func (t *tx) deleteGroups(ids []int64) {
	if len(ids) > 0 {
		t.send(`DELETE FROM waits WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	}
}
