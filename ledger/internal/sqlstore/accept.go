package sqlstore

import (
	"bytes"
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Accept implements ledger.Intake.
func (s intakeStore) Accept(ctx context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	in, err := s.accept(ctx, touches, nil)
	if err != nil {
		return nil, nil, err
	}
	return in.answers, in.refs, nil
}

// accept takes touches in, those of the held lanes (hold nil: none) into a
// worker's hands.
func (s intakeStore) accept(ctx context.Context, touches []ledger.NewTouch, hold *ledger.Claim) (in *acceptTx, err error) {
	if len(touches) == 0 {
		return &acceptTx{}, nil
	}
	campaigns := map[ledger.CampaignRef]int64{}
	for i := range touches {
		t := &touches[i]
		if t.Touch.ID.IsZero() || (t.State == touch.StateDue && (t.Due.IsZero() || t.Lane == "")) {
			return nil, touch.Errorf(touch.Invalid, "", "touch %d has no id, or waits without a time or a lane", i)
		}
		campaigns[ledger.CampaignRef{Caller: t.Touch.Caller, Campaign: t.Touch.Campaign}] = 0
	}
	if err := s.campaignNumbers(ctx, campaigns); err != nil {
		return nil, err
	}
	// Packed before the transaction begins: others may wait for its end.
	bodies := make([][]byte, len(touches))
	for i := range touches {
		bodies[i] = packTouch(&touches[i].Touch)
	}
	err = s.update(ctx, func(t *tx) error {
		in = &acceptTx{t: t, touches: touches, bodies: bodies, campaigns: campaigns, hold: hold, groups: newGroupBuilder(t)}
		return in.run()
	})
	return in, err
}

// acceptTx is one run of Accept's transaction.
type acceptTx struct {
	t         *tx
	touches   []ledger.NewTouch
	bodies    [][]byte // of touches, packed
	campaigns map[ledger.CampaignRef]int64
	hold      *ledger.Claim // nil: nobody's
	groups    *groupBuilder
	first     map[touch.ID]int // where each id comes first in the batch
	lines     []*newTouch
	segments  map[string]*segment // by lane
	lanes     []string            // of segments, in order
	answers   []ledger.Accepted
	stored    map[int][16]byte // the digests that were stored earlier, by index
	refs      []ledger.SegmentRef
	held      []*ledger.Segment
}

// newTouch is one touch that may be new.
type newTouch struct {
	*ledger.NewTouch
	index    int
	seq      int64
	campaign int64
	body     []byte      // the touch, packed
	group    *timerGroup // nil: waits for nothing
	// The three columns of the timer; zero without a wait.
	due    int64
	lane   string
	alias  int64
	record *record
}

func (in *acceptTx) run() error {
	in.answers = make([]ledger.Accepted, len(in.touches))
	in.segments = map[string]*segment{}
	in.stored = map[int][16]byte{}
	in.dropDuplicates()
	if in.hold != nil {
		in.t.assertControlVersion(in.hold.ControlVersion)
	}
	if err := in.assign(); err != nil {
		return err
	}
	// Rows are written in the order of ids, which all transactions share.
	slices.SortFunc(in.lines, func(a, b *newTouch) int { return bytes.Compare(a.Touch.ID[:], b.Touch.ID[:]) })
	hits, err := insertNew(&in.t.conn, insertTouches, in.lines)
	if err != nil {
		return err
	}
	var old []int
	for i, l := range in.lines {
		if !hits[i] {
			old = append(old, l.index)
			continue
		}
		in.answers[l.index] = ledger.Accepted{New: true, State: l.State, Due: l.Due, Reason: l.Reason}
		l.record.add(l.Events)
		in.t.count(countKey{l.campaign, l.State, l.Reason}, 1)
		if l.group != nil {
			l.group.seqs = append(l.group.seqs, l.seq)
		}
	}
	in.groups.write()
	in.openSegments()
	if err := in.findStored(old); err != nil {
		return err
	}
	in.answerDuplicates()
	return nil
}

// dropDuplicates picks the touches whose id does not come earlier in the batch.
func (in *acceptTx) dropDuplicates() {
	in.first = make(map[touch.ID]int, len(in.touches))
	in.lines = make([]*newTouch, 0, len(in.touches))
	backing := make([]newTouch, len(in.touches)) // one allocation for all lines
	for i := range in.touches {
		t := &in.touches[i]
		if _, again := in.first[t.Touch.ID]; again {
			continue
		}
		in.first[t.Touch.ID] = i
		no := in.campaigns[ledger.CampaignRef{Caller: t.Touch.Caller, Campaign: t.Touch.Campaign}]
		l := &backing[len(in.lines)]
		*l = newTouch{NewTouch: t, index: i, campaign: no, body: in.bodies[i]}
		in.lines = append(in.lines, l)
	}
}

// assign gives each touch its number, its wait and a place in the journal.
func (in *acceptTx) assign() error {
	seqs, err := in.t.nextIDs("touches", len(in.lines))
	if err != nil {
		return err
	}
	now := micros(in.t.core.now())
	for i, l := range in.lines {
		l.seq = seqs[i]
		if l.record, err = in.t.reserve(len(l.Events)); err != nil {
			return err
		}
		if l.State != touch.StateDue {
			continue
		}
		key := groupKey{
			lane: l.Lane, priority: l.Touch.Priority, expires: roundExpiry(optMicros(l.Touch.ExpiresAt), now),
			due: roundDue(micros(l.Due), now), campaign: l.campaign,
		}
		if l.Enqueue {
			seg, err := in.segment(l.Lane)
			if err != nil {
				return err
			}
			key = groupKey{lane: l.Lane, segment: seg.id}
		}
		if l.group, err = in.groups.groupFor(key); err != nil {
			return err
		}
		l.due = micros(l.Due)
		l.lane = l.Lane
		l.alias = l.group.id
	}
	return nil
}

// segment gives the lane's new segment of this batch.
func (in *acceptTx) segment(lane string) (*segment, error) {
	if s := in.segments[lane]; s != nil {
		return s, nil
	}
	id, err := in.t.nextID("segments")
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, lane: lane, epoch: 1}
	in.segments[lane] = s
	in.lanes = append(in.lanes, lane)
	return s, nil
}

func (in *acceptTx) openSegments() {
	for _, w := range in.groups.all {
		if w.segment != 0 {
			in.segments[w.lane].addGroup(w, w.seqs)
		}
	}
	for _, lane := range in.lanes {
		s := in.segments[lane]
		if len(s.seqs) == 0 {
			continue
		}
		mine := in.hold != nil && slices.Contains(in.hold.Lanes, lane)
		if mine {
			in.claim(s)
		}
		in.t.insertSegment(s)
		if !mine {
			in.refs = append(in.refs, s.ref())
		}
	}
}

var insertTouches = sqldb.NewInsert("touches", sqldb.Columns[*newTouch]{
	sqldb.Int("seq", func(l *newTouch) int64 { return l.seq }),
	sqldb.Blob("id", func(l *newTouch) []byte { return l.Touch.ID[:] }),
	sqldb.Blob("digest", func(l *newTouch) []byte { return l.Digest[:] }),
	sqldb.Int("campaign", func(l *newTouch) int64 { return l.campaign }),
	sqldb.Text("customer", func(l *newTouch) string { return l.Touch.Customer }),
	sqldb.Int("priority", func(l *newTouch) int64 { return int64(l.Touch.Priority) }),
	sqldb.Int("expires", func(l *newTouch) int64 { return optMicros(l.Touch.ExpiresAt) }),
	sqldb.Text("state", func(l *newTouch) string { return string(l.State) }),
	sqldb.Text("reason", func(l *newTouch) string { return l.Reason }),
	sqldb.Int("leg", func(l *newTouch) int64 { return int64(l.Leg) }),
	sqldb.Int("due", func(l *newTouch) int64 { return l.due }),
	sqldb.Text("lane", func(l *newTouch) string { return l.lane }),
	sqldb.Int("wait", func(l *newTouch) int64 { return l.alias }),
	sqldb.Int("record", func(l *newTouch) int64 { return l.record.id }),
	sqldb.Blob("body", func(l *newTouch) []byte { return l.body }),
}, "(id) DO NOTHING", "seq")

// findStored answers for touches that the store had already.
func (in *acceptTx) findStored(old []int) error {
	if len(old) == 0 {
		return nil
	}
	ids := make([][]byte, len(old))
	for i, index := range old {
		ids[i] = in.touches[index].Touch.ID[:]
	}
	found := 0
	err := in.t.each(func(rows sqldb.Rows) error {
		var id, digest []byte
		var due int64
		var a ledger.Accepted
		if err := rows.Scan(&id, &digest, &a.State, &due, &a.Reason); err != nil {
			return err
		}
		index := in.first[touch.ID(id)]
		in.stored[index] = [16]byte(digest)
		a.Same, a.Due = in.stored[index] == in.touches[index].Digest, fromMicros(due)
		in.answers[index] = a
		found++
		return nil
	}, `SELECT t.id, t.digest, COALESCE(p.state, t.state), COALESCE(p.due, t.due), COALESCE(p.reason, t.reason)
		FROM touches t LEFT JOIN progress p ON p.seq = t.seq WHERE `+in.t.in("t.id", 1, sqldb.Bytes), in.t.array(ids))
	if err == nil && found < len(old) {
		return errConflict
	}
	return err
}

// answerDuplicates answers for touches whose id comes twice in the batch.
func (in *acceptTx) answerDuplicates() {
	for i := range in.touches {
		j := in.first[in.touches[i].Touch.ID]
		if i == j {
			continue
		}
		digest, old := in.stored[j]
		if !old {
			digest = in.touches[j].Digest
		}
		a := in.answers[j]
		a.New, a.Same = false, digest == in.touches[i].Digest
		in.answers[i] = a
	}
}
