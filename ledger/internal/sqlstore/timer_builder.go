package sqlstore

import (
	"slices"

	"touchgate.dev/touch"
)

// groupBuilder collects the timer groups that a transaction makes.
type groupBuilder struct {
	t    *tx
	open map[groupKey]*timerGroup // the one of each key that still has room
	all  []*timerGroup
}

func newGroupBuilder(t *tx) *groupBuilder {
	return &groupBuilder{t: t, open: map[groupKey]*timerGroup{}}
}

// groupFor returns the group of a key that has room for one more touch. The
// caller adds the touch to it, or leaves it.
func (b *groupBuilder) groupFor(k groupKey) (*timerGroup, error) {
	if g := b.open[k]; g != nil && len(g.seqs) < touch.MaxBatch {
		return g, nil
	}
	id, err := b.t.nextID("waits")
	if err != nil {
		return nil, err
	}
	g := &timerGroup{id: id, groupKey: k}
	b.open[k] = g
	b.all = append(b.all, g)
	return g, nil
}

// write stores the groups that have members. A group can be left empty, when a
// touch turned out to be stored already.
func (b *groupBuilder) write() {
	b.all = slices.DeleteFunc(b.all, func(g *timerGroup) bool { return len(g.seqs) == 0 })
	b.t.writeGroups(b.all)
}
