package sqlstore

import (
	"bytes"
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Accept implements ledger.Intake.
func (s intakeStore) Accept(
	ctx context.Context, touches []ledger.NewTouch,
) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	in, err := s.accept(ctx, touches, nil)
	if err != nil {
		return nil, nil, err
	}
	return in.answers, in.refs, nil
}

// accept stores touches. Segments of the claim's lanes are created already claimed
// by its worker; nil claims none.
func (s intakeStore) accept(
	ctx context.Context, touches []ledger.NewTouch, claim *ledger.Claim,
) (in *acceptTx, err error) {
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

	// The touches are packed before the transaction begins: once it has locks,
	// other transactions may wait for its end.
	bodies := make([][]byte, len(touches))
	for i := range touches {
		bodies[i] = packTouch(&touches[i].Touch)
	}

	err = s.update(ctx, func(t *tx) error {
		in = &acceptTx{
			t: t, touches: touches, bodies: bodies, campaigns: campaigns, claim: claim, groups: newGroupBuilder(t),
		}
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
	claim     *ledger.Claim // nil: no worker claims what is new

	first    map[touch.ID]int // the index of each id's first touch in the batch
	rows     []*newTouch
	groups   *groupBuilder
	segments map[string]*segment // by lane
	lanes    []string            // of segments, in the order in which they were made
	digests  map[int][16]byte    // of touches that were stored earlier, by index

	answers []ledger.Accepted
	refs    []ledger.SegmentRef
	claimed []*ledger.Segment
}

// newTouch is one touch of the batch that may be new.
type newTouch struct {
	*ledger.NewTouch
	index    int // in the batch
	seq      int64
	campaign int64
	body     []byte
	record   *record
	group    *timerGroup // nil: it waits for nothing
	// due, lane and alias are the columns of its timer; zero without a group.
	due   int64
	lane  string
	alias int64
}

func (in *acceptTx) run() error {
	in.answers = make([]ledger.Accepted, len(in.touches))
	in.segments = map[string]*segment{}
	in.digests = map[int][16]byte{}
	in.dropDuplicates()

	var control *controlAssertion
	if in.claim != nil {
		control = in.t.assertControlVersion(in.claim.ControlVersion)
	}
	if err := in.assign(); err != nil {
		return err
	}

	// All transactions write rows in the order of ids. Two that store the same
	// touches in another order would block each other for ever.
	slices.SortFunc(in.rows, func(a, b *newTouch) int { return bytes.Compare(a.Touch.ID[:], b.Touch.ID[:]) })
	written, err := insertNew(&in.t.conn, insertTouches, in.rows)
	if err != nil {
		return err
	}
	if control != nil {
		if err := control.noneChanged(in.claimedCampaigns); err != nil {
			return err
		}
	}
	old := in.answerNew(written)
	in.groups.write()
	in.writeSegments()

	if err := in.answerStored(old); err != nil {
		return err
	}
	in.answerDuplicates()
	return nil
}

// dropDuplicates picks the touches whose id does not come earlier in the batch.
func (in *acceptTx) dropDuplicates() {
	in.first = make(map[touch.ID]int, len(in.touches))
	in.rows = make([]*newTouch, 0, len(in.touches))
	backing := make([]newTouch, len(in.touches)) // one allocation for all rows
	for i := range in.touches {
		t := &in.touches[i]
		if _, again := in.first[t.Touch.ID]; again {
			continue
		}
		in.first[t.Touch.ID] = i
		row := &backing[len(in.rows)]
		row.NewTouch = t
		row.index = i
		row.campaign = in.campaigns[ledger.CampaignRef{Caller: t.Touch.Caller, Campaign: t.Touch.Campaign}]
		row.body = in.bodies[i]
		in.rows = append(in.rows, row)
	}
}

// assign finds each touch's number, its record in the journal and its timer
// group. All of them are assigned before it is known which touches are new;
// what belongs to a stored one stays unused.
func (in *acceptTx) assign() error {
	seqs, err := in.t.nextIDs("touches", len(in.rows))
	if err != nil {
		return err
	}
	now := micros(in.t.core.now())
	for i, row := range in.rows {
		row.seq = seqs[i]
		if row.record, err = in.t.reserve(len(row.Events)); err != nil {
			return err
		}
		if row.State != touch.StateDue {
			continue
		}
		if err := in.assignTimer(row, now); err != nil {
			return err
		}
	}
	return nil
}

func (in *acceptTx) assignTimer(row *newTouch, now int64) error {
	key := groupKey{
		lane: row.Lane, priority: row.Touch.Priority, expires: roundExpiry(optMicros(row.Touch.ExpiresAt), now),
		due: roundDue(micros(row.Due), now), campaign: row.campaign,
	}
	if row.Enqueue {
		seg, err := in.segmentOf(row.Lane)
		if err != nil {
			return err
		}
		key = groupKey{lane: row.Lane, segment: seg.id}
	}
	group, err := in.groups.groupFor(key)
	if err != nil {
		return err
	}
	row.group = group
	row.due = micros(row.Due)
	row.lane = row.Lane
	row.alias = group.id
	return nil
}

// answerNew answers for the touches that were written, and puts them into
// their groups, the journal and the counts. It returns the indexes of the others.
func (in *acceptTx) answerNew(written []bool) (old []int) {
	for i, row := range in.rows {
		if !written[i] {
			old = append(old, row.index)
			continue
		}
		in.answers[row.index] = ledger.Accepted{New: true, State: row.State, Due: row.Due, Reason: row.Reason}
		row.record.add(row.Events)
		in.t.count(countKey{row.campaign, row.State, row.Reason}, 1)
		if row.group != nil {
			row.group.seqs = append(row.group.seqs, row.seq)
		}
	}
	return old
}
