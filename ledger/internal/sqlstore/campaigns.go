package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// SetStatus implements ledger.Campaigns. It only notes the word; Feed parks
// the campaign's waits as it meets them, and Unpark moves or ends them.
func (s campaignStore) SetStatus(ctx context.Context, caller, campaign string, to ledger.CampaignStatus, actor string, now time.Time) error {
	stored := map[ledger.CampaignStatus]int64{
		ledger.CampaignRunning: campaignRunning, ledger.CampaignPaused: campaignPaused, ledger.CampaignCancelled: campaignCancelled,
	}
	status, ok := stored[to]
	if !ok {
		return touch.Errorf(touch.Invalid, "status", "%q is not a campaign status", to)
	}
	ref := ledger.CampaignRef{Caller: caller, Campaign: campaign}
	nos := map[ledger.CampaignRef]int64{ref: 0}
	if err := s.campaignNumbers(ctx, nos); err != nil {
		return err
	}
	e := touch.Event{At: now, Actor: actor, Caller: caller, Campaign: campaign, Reason: "campaign " + string(to)}
	return s.updateControl(ctx, e, func(t *tx) error {
		n, err := t.exec(`UPDATE campaigns SET status = $2, sweep = CASE WHEN $2 = 1 THEN sweep ELSE 1 END
			WHERE no = $1 AND status <> 2`, nos[ref], status)
		if err == nil && n == 0 {
			return conflict("this campaign is cancelled")
		}
		return err
	})
}

// ResumeParked implements ledger.Recovery.
func (s recoveryStore) ResumeParked(ctx context.Context, now time.Time, limit int) (n int, err error) {
	limit = clampLimit(limit, touch.MaxBatch, 10*touch.MaxBatch)
	return s.sweep(ctx, func(t *tx) (n int, more bool, err error) {
		var no, status int64
		ok, err := t.one([]any{&no, &status}, `SELECT no, status FROM campaigns WHERE sweep = 1 AND status <> 1
			ORDER BY no LIMIT 1`+t.core.db.SkipLocked())
		if err != nil || !ok {
			return 0, false, err
		}
		stages := `w.stage = 1`
		if status == campaignCancelled {
			stages = `w.stage < 2 AND w.lane <> ''`
		}
		waits, err := t.lockGroups(`w.campaign = $1 AND `+stages+` ORDER BY w.id`, limit, no)
		switch {
		case err != nil:
		case len(waits) == 0:
			_, err = t.exec(`UPDATE campaigns SET sweep = 0 WHERE no = $1`, no)
		case status == campaignCancelled:
			var stay []*timerGroup
			if n, stay, err = t.endGroups(waits, cancelTouch(touch.ReasonCampaign, "", now)); err == nil {
				_, err = t.resume(stay)
			}
			return n, n > 0, err // those who stay are met again at the next sweep
		default:
			n, err = t.resume(waits)
		}
		return n, true, err
	})
}

func (t *tx) resume(waits []*timerGroup) (n int, err error) {
	var ids []int64
	for _, w := range waits {
		ids = append(ids, w.id)
		n += len(w.seqs)
	}
	_, err = t.exec(`UPDATE waits SET stage = 0 WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	return n, err
}

// cancelTouch takes a touch back. One that was sent stays sent, and goes no
// further; one of unknown outcome goes on to find out whether it was.
func cancelTouch(reason, actor string, now time.Time) func(ledger.Progress, *touch.Touch) (ledger.Progress, []touch.Event) {
	return func(cur ledger.Progress, tc *touch.Touch) (ledger.Progress, []touch.Event) {
		switch cur.State {
		case touch.StateSent:
			cur.Version++
			cur.Due = time.Time{}
			return cur, nil
		case touch.StateDue:
			cur.Reason = reason
			next, events := inFinalState(cur, tc, touch.StateCancelled, touch.EventCancelled, now)
			events[0].Actor = actor
			return next, events
		}
		return cur, nil
	}
}

// Cancel implements ledger.Touches.
func (s touchStore) Cancel(ctx context.Context, caller string, id touch.ID, actor string, now time.Time) (ledger.Progress, error) {
	var after ledger.Progress
	err := s.update(ctx, func(t *tx) error {
		var seq int64
		ok, err := t.one([]any{&seq}, `SELECT t.seq FROM touches t JOIN campaigns c ON c.no = t.campaign
			WHERE t.id = $1 AND (c.caller = $2 OR $2 = '')`, id[:], caller)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("this touch")
		}
		seg, err := t.lockTimerOrSegment(seq)
		if err != nil {
			return err
		}
		touches, err := t.touches([]int64{seq})
		if err != nil {
			return err
		}
		before := ledger.Progress{}
		ms := newTransitionSet(t)
		ms.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			before, after = cur, cur
			if cur.State != touch.StateDue || (cur.Segment != 0 && (seg == nil || seg.id != cur.Segment)) {
				return cur, nil
			}
			cur.Segment = 0
			var events []touch.Event
			after, events = cancelTouch("", actor, now)(cur, touches[seq])
			return after, events
		})
		if err := ms.run(); err != nil {
			return err
		}
		if after.Version == before.Version {
			if before.State == touch.StateDue {
				return errConflict // it went into a segment meanwhile
			}
			return conflict("this touch is " + string(before.State) + " and can no longer be cancelled")
		}
		if seg == nil {
			return nil
		}
		seg.remove(map[int64]bool{seq: true}, nil)
		t.saveSegment(seg)
		return nil
	})
	return after, err
}

// lockTimerOrSegment locks the wait that a touch is in, or its segment, so that
// it cannot be fed or intended meanwhile; class Conflict when an intent to
// send it stands.
func (t *tx) lockTimerOrSegment(seq int64) (*segment, error) {
	var name int64
	if _, err := t.one([]any{&name}, `SELECT COALESCE(p.wait, t.wait)`+fromProgress+`WHERE t.seq = $1`, seq); err != nil || name == 0 {
		return nil, err
	}
	var in *timerGroup
	err := t.each(func(rows sqldb.Rows) error {
		w, err := scanGroup(rows)
		if err == nil && slices.Contains(w.seqs, seq) {
			in = w
		}
		return err
	}, `SELECT `+groupFields+` FROM waits w WHERE w.id = $1 OR (w.origin <> 0 AND w.origin = $1)`, name)
	if err != nil || in == nil {
		return nil, err
	}
	if in.segment == 0 {
		var segment int64
		ok, err := t.one([]any{&segment}, `SELECT segment FROM waits WHERE id = $1`+t.core.db.ForUpdate(), in.id)
		if err == nil && (!ok || segment != 0) {
			return nil, errConflict
		}
		return nil, err
	}
	var epoch int64
	ok, err := t.one([]any{&epoch}, `SELECT epoch FROM segments WHERE id = $1`+t.core.db.ForUpdate(), in.segment)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errConflict
	}
	seg, err := t.lockSegment(ledger.SegmentRef{Segment: in.segment, Epoch: epoch})
	if err != nil {
		return nil, err
	}
	for _, i := range seg.intents {
		if i.Seq == seq {
			return nil, conflict("this touch is being sent")
		}
	}
	return seg, nil
}
