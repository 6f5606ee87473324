package sqlstore

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
)

// segment is a set of touches in a worker's hands, or on the way there: a row
// of segments.
type segment struct {
	id      int64
	lane    string
	epoch   int64
	claimed bool
	worker  string    // that claimed it; only set in a segment that is new
	until   time.Time // the end of its lease; only set in a segment that is new
	crashes int
	// groups are the timer groups that it was made of, as pairs: the group's
	// id, and the alias by which its touches name the group.
	groups  []int64
	seqs    []int64 // of the touches, rising
	intents []ledger.Intent
}

func (s *segment) ref() ledger.SegmentRef {
	return ledger.SegmentRef{Segment: s.id, Epoch: s.epoch, Lane: s.lane}
}

// addGroup adds a timer group, and those of its members that are still in it.
func (s *segment) addGroup(g *timerGroup, seqs []int64) {
	s.groups = append(s.groups, g.id, g.alias())
	s.seqs = append(s.seqs, seqs...)
}

// groupIDs are the ids of the groups that it was made of.
func (s *segment) groupIDs() []int64 {
	ids := make([]int64, 0, len(s.groups)/2)
	for i := 0; i < len(s.groups); i += 2 {
		ids = append(ids, s.groups[i])
	}
	return ids
}

// hasGroup reports whether a touch that names this alias can be in the segment.
func (s *segment) hasGroup(alias int64) bool {
	for i := 1; i < len(s.groups); i += 2 {
		if s.groups[i] == alias {
			return true
		}
	}
	return false
}

// retain keeps only these touches, and their intents.
func (s *segment) retain(touches []ledger.ClaimedTouch) {
	in := make(map[int64]bool, len(touches))
	for i := range touches {
		in[touches[i].Progress.Seq] = true
	}
	s.seqs = slices.DeleteFunc(s.seqs, func(seq int64) bool { return !in[seq] })
	s.intents = slices.DeleteFunc(s.intents, func(i ledger.Intent) bool { return !in[i.Seq] })
}

// remove takes touches and their intents out of the segment. The touches in
// stay remain, but without their intents.
func (s *segment) remove(out, stay map[int64]bool) {
	s.seqs = slices.DeleteFunc(s.seqs, func(seq int64) bool { return out[seq] && !stay[seq] })
	s.intents = slices.DeleteFunc(s.intents, func(i ledger.Intent) bool { return out[i.Seq] })
}

const insertSegmentSQL = `INSERT INTO segments
	(id, lane, epoch, claimed, worker, lease_until, since, crashes, waits, seqs, intents)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)`

// insertSegment stores a new segment.
func (t *tx) insertSegment(s *segment) {
	slices.Sort(s.seqs)
	t.send(insertSegmentSQL, s.id, s.lane, s.epoch, flag(s.claimed), s.worker, micros(s.until),
		micros(t.core.now()), wire.PackInts(s.groups), wire.PackInts(s.seqs), packIntents(s.intents))
}

// saveSegment stores what is left of a segment and its intents. A segment
// without touches is done: it is deleted together with its timer groups.
func (t *tx) saveSegment(s *segment) {
	if len(s.seqs) > 0 {
		t.send(`UPDATE segments SET seqs = $2, intents = $3 WHERE id = $1`,
			s.id, wire.PackInts(s.seqs), packIntents(s.intents))
		return
	}
	t.deleteGroups(s.groupIDs())
	t.send(`DELETE FROM segments WHERE id = $1`, s.id)
}

// storedSegment are the packed columns of a segment.
type storedSegment struct {
	claimed int64
	groups  []byte
	seqs    []byte
	intents []byte
}

// segmentRow is a segment as it is read.
type segmentRow struct {
	segment
	stored storedSegment
}

var segmentFields = sqldb.Selection[segmentRow]{
	{Expr: "id", Dest: func(r *segmentRow) any { return &r.id }},
	{Expr: "lane", Dest: func(r *segmentRow) any { return &r.lane }},
	{Expr: "epoch", Dest: func(r *segmentRow) any { return &r.epoch }},
	{Expr: "claimed", Dest: func(r *segmentRow) any { return &r.stored.claimed }},
	{Expr: "crashes", Dest: func(r *segmentRow) any { return &r.crashes }},
	{Expr: "waits", Dest: func(r *segmentRow) any { return &r.stored.groups }},
	{Expr: "seqs", Dest: func(r *segmentRow) any { return &r.stored.seqs }},
	{Expr: "intents", Dest: func(r *segmentRow) any { return &r.stored.intents }},
}

func scanSegment(rows sqldb.Rows) (*segment, error) {
	r := &segmentRow{}
	err := segmentFields.Scan(rows, r)
	if err != nil {
		return nil, err
	}
	r.claimed = r.stored.claimed != 0
	if r.groups, err = wire.UnpackInts(r.stored.groups); err != nil {
		return nil, err
	}
	if r.seqs, err = wire.UnpackInts(r.stored.seqs); err != nil {
		return nil, err
	}
	r.intents, err = unpackIntents(r.stored.intents)
	return &r.segment, err
}
