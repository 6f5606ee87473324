package sqlstore

import (
	"slices"

	"touchgate.dev/ledger/internal/sqldb"
)

// groupMember is a touch, and the alias of a timer group that lists it.
type groupMember struct{ seq, alias int64 }

func groupMembersSQL(d sqldb.Dialect) string {
	return `SELECT seq, wait FROM progress WHERE ` + d.In("seq", 1, sqldb.Integer)
}

// members returns the members of groups that are still in them. A touch can be
// listed in several groups, of which it names one; in the others its timer is
// void. A touch without a row of progress had no transition, so it is still in
// the group that it was accepted into.
func (c *conn) members(groups []*timerGroup) (map[groupMember]bool, error) {
	var seqs []int64
	in := map[groupMember]bool{}
	for _, g := range groups {
		seqs = append(seqs, g.seqs...)
		for _, seq := range g.seqs {
			in[groupMember{seq, g.alias()}] = true
		}
	}

	current := map[int64]int64{} // the alias that each touch names
	err := c.each(func(rows sqldb.Rows) error {
		var seq, alias int64
		err := rows.Scan(&seq, &alias)
		current[seq] = alias
		return err
	}, c.core.sql.groupMembers, c.array(seqs))
	for m := range in {
		if alias, moved := current[m.seq]; moved && alias != m.alias {
			delete(in, m)
		}
	}
	return in, err
}

// groupOf returns the timer group that a touch is in, nil for none.
func (c *conn) groupOf(seq int64) (group *timerGroup, err error) {
	var alias int64
	_, err = c.one([]any{&alias}, `SELECT COALESCE(p.wait, t.wait)`+fromProgress+`WHERE t.seq = $1`, seq)
	if err != nil || alias == 0 {
		return nil, err
	}
	err = c.each(func(rows sqldb.Rows) error {
		g, err := scanGroup(rows)
		if err == nil && slices.Contains(g.seqs, seq) {
			group = g
		}
		return err
	}, `SELECT `+groupFields.List()+` FROM waits w WHERE w.id = $1 OR (w.origin <> 0 AND w.origin = $1)`, alias)
	if err != nil {
		return nil, err
	}
	return group, nil
}
