package workers

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Accept stores touches as the ledger's Accept does, and begins to deliver
// the urgent ones for whose lane this process has a free slot: judged by what
// intake has just read, with their reservations in the contact log made, they
// are stored together with the claim and the intents, and sent from memory.
// candidates are the touches that intake found sendable now; the others go
// through the queue. The caller must enqueue the segments that are returned.
func (d *Deliverer) Accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	all := d.straight(touches, candidates)
	if len(all) == 0 {
		return d.o.Ledger.Intake.Accept(ctx, touches)
	}
	control := d.o.Control.Current()
	hold := ledger.Claim{Worker: d.o.Name, ControlVersion: control.Version, Intents: map[int]ledger.Intent{}}
	for _, s := range all {
		if err := s.intend(ctx, control, &hold); err != nil {
			abort(ctx, all, err)
			return d.o.Ledger.Intake.Accept(ctx, touches)
		}
	}
	hold.Until = d.o.Now().Add(d.o.Tuning.UrgentLease)
	accepted, held, refs, err := d.o.Ledger.Intake.AcceptAndClaim(ctx, touches, hold)
	if err != nil {
		abort(ctx, all, err)
		if errors.Is(err, ledger.ErrControlChanged) { // whoever claims them judges them anew
			return d.o.Ledger.Intake.Accept(ctx, touches)
		}
		return nil, nil, err
	}
	for _, s := range all {
		s.send(ctx, accepted, held)
	}
	return accepted, refs, nil
}

// fastPath is the delivery of one lane's touches straight from intake.
type fastPath struct {
	*batch
	lane     string
	place    func(ledger.SegmentRef, func(context.Context, ledger.SegmentRef) error)
	jobs     map[touch.ID]*job
	index    map[*job]int // in what intake gave
	intended []*job
}

// straight takes a place for each lane that has touches to go at once.
func (d *Deliverer) straight(touches []ledger.NewTouch, candidates []lookup.Candidate) (all []*fastPath) {
	if d.o.Place == nil {
		return nil
	}
	tried := map[string]*fastPath{} // nil: there is no place
	for i := range candidates {
		c := &candidates[i]
		n := &touches[c.Index]
		if !n.Enqueue {
			continue
		}
		s, known := tried[n.Lane]
		if !known {
			if place := d.o.Place(n.Lane); place != nil {
				s = &fastPath{batch: &batch{d: d}, lane: n.Lane, place: place, jobs: map[touch.ID]*job{}, index: map[*job]int{}}
				all = append(all, s)
			}
			tried[n.Lane] = s
		}
		if s == nil || s.jobs[n.Touch.ID] != nil {
			continue // a key that comes twice goes once
		}
		j := s.job(&ledger.ClaimedTouch{Touch: n.Touch, Progress: ledger.Progress{State: n.State, Leg: n.Leg, Lane: n.Lane}})
		j.recipient = &c.Recipient
		s.jobs[n.Touch.ID] = j
		s.index[j] = c.Index
	}
	return all
}

// intend judges the jobs, reserves for them and chooses their providers. What
// must wait or end after all is settled once it is stored.
func (s *fastPath) intend(ctx context.Context, control *ledger.Control, hold *ledger.Claim) error {
	jobs := make([]*job, 0, len(s.index))
	for j := range s.index {
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b *job) int { return s.index[a] - s.index[b] })
	allowed, err := s.judge(ctx, control, jobs)
	if err != nil {
		return err
	}
	s.intended = s.choose(control, allowed)
	hold.Lanes = append(hold.Lanes, s.lane)
	for _, j := range s.intended {
		hold.Intents[s.index[j]] = j.intent(s.d.o.Now())
	}
	return nil
}

// send sends what is in the held segment of the lane, in its place.
func (s *fastPath) send(ctx context.Context, accepted []ledger.Accepted, held []*ledger.Segment) {
	at := slices.IndexFunc(held, func(seg *ledger.Segment) bool { return seg.Ref.Lane == s.lane })
	var others []*job // that intake would not let go now, or did not judge
	if at >= 0 {
		s.seg = held[at]
		for i := range s.seg.Touches {
			c := &s.seg.Touches[i]
			if j := s.jobs[c.Touch.ID]; j != nil {
				j.c = c
			} else {
				others = append(others, s.job(c))
			}
		}
	}
	// A repeat is not delivered twice. The place taken for it is that of the
	// touch as it was stored, which may need it unless it is over.
	known := func(j *job) bool { return j.c.Progress.Seq == 0 }
	s.settleLog(ctx, s.places(func(j *job) bool { return known(j) && accepted[s.index[j]].State.Final() }))
	s.intended = slices.DeleteFunc(s.intended, known)
	s.pending = slices.DeleteFunc(s.pending, func(p settled) bool { return known(p.j) })
	if at < 0 {
		s.place(ledger.SegmentRef{}, nil)
		return
	}
	urgent := s.d.o.PriorityGate.BeginUrgent()
	s.place(s.seg.Ref, func(ctx context.Context, ref ledger.SegmentRef) error {
		defer urgent.End()
		return s.d.withLease(ctx, ref, func(ctx context.Context) error {
			again := s.dispatch(ctx, s.intended)
			urgent.End()
			return s.conclude(ctx, s.run(ctx, append(again, others...)))
		})
	})
}

// places are the words that give back what some of the jobs hold.
func (s *fastPath) places(of func(*job) bool) (all []contactlog.Settlement) {
	for _, j := range s.intended {
		if of(j) {
			all = append(all, *s.release(j))
		}
	}
	for _, p := range s.pending {
		if p.log != nil && of(p.j) {
			all = append(all, *p.log)
		}
	}
	return all
}

// abort leaves everything as it was before: nothing has been sent.
func abort(ctx context.Context, all []*fastPath, why error) {
	for _, s := range all {
		s.d.o.Logger.LogAttrs(ctx, slog.LevelDebug, "not delivered straight from intake", slog.String("lane", s.lane), slog.Any("error", why))
		s.settleLog(context.WithoutCancel(ctx), s.places(func(*job) bool { return true }))
		s.place(ledger.SegmentRef{}, nil)
	}
}
