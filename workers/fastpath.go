package workers

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// The fast path sends an urgent touch from memory, without the queue (ADR 0012).
// It turns the usual order around. Usually the gateway stores a touch, and a
// worker claims and judges it afterwards. Here the gateway calls the worker in
// the middle of its own intake:
//
//	gateway                 deliverer                        ledger      slot
//	admit ── Accept ──────> take a free slot of the lane ──────────────> taken
//	                        judge, reserve, choose provider
//	                        AcceptAndClaim ────────────────────> stores touches,
//	                                                         claim and intents
//	                                                         in one transaction
//	      <─ accepted ───── slot.Run ──────────────────────────────────> sends
//
// So a touch is judged before it has a number, and its segment exists only when
// its delivery has begun. If anything goes wrong before AcceptAndClaim has stored
// the touches, everything is undone and they take the usual way.

// Accept stores touches like ledger.Intake, and starts to send the urgent ones
// for whose lane this process has a free slot. candidates are the touches that
// intake found sendable now; the others go through the queue. The caller must
// enqueue the segments that are returned.
func (d *Deliverer) Accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	paths := d.fastPaths(touches, candidates)
	if len(paths) == 0 {
		return d.intake.Accept(ctx, touches)
	}

	control := d.control.Current()
	claim := ledger.Claim{Worker: d.name, ControlVersion: control.Version, Intents: map[int]ledger.Intent{}}
	for _, p := range paths {
		if err := p.prepare(ctx, control, &claim); err != nil {
			abort(ctx, paths, err)
			return d.intake.Accept(ctx, touches)
		}
	}

	claim.Until = d.now().Add(d.tuning.UrgentLease)
	since := d.control.Elapsed()
	accepted, claimed, refs, err := d.intake.AcceptAndClaim(ctx, touches, claim)
	if err != nil {
		abort(ctx, paths, err)
		// The rules changed after judging. The worker that claims the touches
		// will judge them again.
		if errors.Is(err, ledger.ErrControlChanged) {
			return d.intake.Accept(ctx, touches)
		}
		return nil, nil, err
	}

	for _, p := range paths {
		p.judged = control
		p.since = since
		p.start(ctx, accepted, claimed)
	}
	return accepted, refs, nil
}

// fastPath is the delivery of one lane's touches out of one accepted batch.
type fastPath struct {
	*batch
	deliverer *Deliverer
	lane      string
	slot      Slot
	jobs      []*job
	byTouch   map[touch.ID]*job
	intended  []*job // with a reservation, an intent and a provider
	judged    *ledger.Control
	since     time.Duration // see clearance
}

// isRepeat reports whether the touch was stored by an earlier call: then the
// ledger gave this job's copy no number. It is only known after AcceptAndClaim.
func (j *job) isRepeat() bool { return j.claimed.Progress.Seq == 0 }

// fastPaths takes a free slot for each lane that has candidates, and returns one
// path for each slot.
func (d *Deliverer) fastPaths(touches []ledger.NewTouch, candidates []lookup.Candidate) []*fastPath {
	if d.takeSlot == nil {
		return nil
	}
	var paths []*fastPath
	byLane := map[string]*fastPath{} // nil: the lane has no free slot
	for i := range candidates {
		c := &candidates[i]
		n := &touches[c.Index]
		if !n.Enqueue {
			continue
		}
		p, known := byLane[n.Lane]
		if !known {
			if slot := d.takeSlot(n.Lane); slot != nil {
				p = &fastPath{
					batch:     newBatch(d.services, ledger.SegmentRef{}),
					deliverer: d,
					lane:      n.Lane,
					slot:      slot,
					byTouch:   map[touch.ID]*job{},
				}
				paths = append(paths, p)
			}
			byLane[n.Lane] = p
		}
		if p != nil {
			p.addCandidate(n, c)
		}
	}
	return paths
}

// addCandidate adds a touch to the path. A key that comes twice in a batch is
// sent once.
func (p *fastPath) addCandidate(n *ledger.NewTouch, c *lookup.Candidate) {
	if p.byTouch[n.Touch.ID] != nil {
		return
	}
	progress := ledger.Progress{State: n.State, Leg: n.Leg, Lane: n.Lane}
	j := newJob(&ledger.ClaimedTouch{Touch: n.Touch, Progress: progress}, p.now())
	j.recipient = &c.Recipient
	j.index = c.Index
	p.byTouch[n.Touch.ID] = j
	p.jobs = append(p.jobs, j)
}

// prepare judges the jobs, reserves in the contact log, chooses the providers
// and adds the intents to claim. Jobs that must wait or end get their next step,
// which is written after they are stored.
func (p *fastPath) prepare(ctx context.Context, control *ledger.Control, claim *ledger.Claim) error {
	allowed, err := p.judge.allowed(ctx, control, p.jobs)
	if err != nil {
		return err
	}
	p.intended = p.choose(control, allowed)

	claim.Lanes = append(claim.Lanes, p.lane)
	for _, j := range p.intended {
		claim.Intents[j.index] = j.intent(p.now())
		j.intended = true
	}
	return nil
}

// start runs the lane's claimed segment in the slot. It does not wait for it.
func (p *fastPath) start(ctx context.Context, accepted []ledger.Accepted, claimed []*ledger.Segment) {
	segment, others := p.adopt(claimed)
	p.dropRepeats(ctx, accepted)
	if segment == nil { // every touch was a repeat
		p.slot.Release()
		return
	}

	urgent := p.priorityGate.BeginUrgent()
	p.slot.Run(segment.Ref, func(ctx context.Context, ref ledger.SegmentRef) error {
		return p.deliver(ctx, ref, urgent, others)
	})
}

// adopt finds the lane's segment among the claimed ones, and gives its jobs the
// touches as the ledger has stored them. others are touches of the segment that
// intake did not judge, or found not sendable now. The segment is nil if the
// ledger made none.
func (p *fastPath) adopt(claimed []*ledger.Segment) (segment *ledger.Segment, others []*job) {
	i := slices.IndexFunc(claimed, func(s *ledger.Segment) bool { return s.Ref.Lane == p.lane })
	if i < 0 {
		return nil, nil
	}
	segment = claimed[i]
	p.steps.segment = segment.Ref
	for i := range segment.Touches {
		c := &segment.Touches[i]
		if j := p.byTouch[c.Touch.ID]; j != nil {
			j.claimed = c
		} else {
			others = append(others, newJob(c, p.now()))
		}
	}
	return segment, others
}

// dropRepeats takes out the jobs whose key was already stored: they must not be
// sent again. The reservation of such a job belongs to the stored touch, so it
// is released only if that touch is final.
func (p *fastPath) dropRepeats(ctx context.Context, accepted []ledger.Accepted) {
	finalRepeat := func(j *job) bool { return j.isRepeat() && accepted[j.index].State.Final() }
	p.settleContacts(ctx, p.contacts(finalRepeat))

	p.intended = slices.DeleteFunc(p.intended, (*job).isRepeat)
	p.steps.pending = slices.DeleteFunc(p.steps.pending, func(s step) bool { return s.job.isRepeat() })
}

// deliver sends the prepared jobs from memory, and then works on what is left
// of the segment in the usual way.
func (p *fastPath) deliver(ctx context.Context, ref ledger.SegmentRef, urgent *priority.Urgent, others []*job) error {
	defer urgent.End()
	return p.deliverer.withLease(ctx, ref, func(ctx context.Context) error {
		failed, revoked := p.dispatch(ctx, p.judged, p.since, p.intended)
		urgent.End() // bulk goes on while the results are written
		return p.conclude(ctx, p.run(ctx, slices.Concat(failed, revoked, others)))
	})
}

// contacts returns the settlements that release what the selected jobs claim in
// the contact log.
func (p *fastPath) contacts(selected func(*job) bool) []contactlog.Settlement {
	var all []contactlog.Settlement
	for _, j := range p.intended {
		if selected(j) {
			all = append(all, *j.releaseIfReserved())
		}
	}
	for _, s := range p.steps.pending {
		if s.contact != nil && selected(s.job) {
			all = append(all, *s.contact)
		}
	}
	return all
}

// abort undoes what the paths have prepared. Nothing has been sent or stored.
func abort(ctx context.Context, paths []*fastPath, cause error) {
	for _, p := range paths {
		p.log.LogAttrs(ctx, slog.LevelDebug, "fast path aborted", slog.String("lane", p.lane), slog.Any("error", cause))
		p.settleContacts(context.WithoutCancel(ctx), p.contacts(func(*job) bool { return true }))
		p.slot.Release()
	}
}
