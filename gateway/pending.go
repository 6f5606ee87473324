package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

// pending is a touch on its way through intake: checked, not yet stored.
type pending struct {
	answer     *Answer // of Submit, to be completed
	index      int     // of Check: in the caller's slice
	touch      touch.Touch
	digest     [16]byte
	templates  []*ledger.Template // by leg; nil: inline content
	recipients []lookup.Recipient // by leg; read by judge
	verdicts   []touch.Verdict    // by leg, of the legs judged so far
	next       int                // the leg to judge next
	leg        int                // the first leg not refused; -1: none so far
}

func (p *pending) urgent() bool { return p.touch.Urgent() }

// reset makes the touch as it was before it was judged.
func (p *pending) reset() {
	p.verdicts = nil
	p.next = 0
	p.leg = -1
}

// earliest returns the first instant at which the touch may be sent.
func (p *pending) earliest(now time.Time) time.Time {
	if p.touch.NotBefore != nil && p.touch.NotBefore.After(now) {
		return *p.touch.NotBefore
	}
	return now
}

// prepare checks a request and resolves its templates. Errors of class Invalid
// are the caller's; others mean an outage.
func (s *Service) prepare(ctx context.Context, caller string, r *touch.Request, now time.Time) (*pending, error) {
	if faults := s.checkRequest(r, now); len(faults) > 0 {
		return nil, faults
	}
	p := &pending{
		touch: touch.Touch{
			ID:         touch.NewID(caller, r.Key),
			Caller:     caller,
			AcceptedAt: now,
			Request:    *r,
		},
		digest:    r.Digest(),
		templates: make([]*ledger.Template, len(r.Plan)),
		leg:       -1,
	}
	err := s.resolveTemplates(ctx, p)

	// A repeat must be answered like the first time, even when its template
	// was changed since, or no longer fits the params.
	if touch.ClassOf(err) == touch.Invalid && s.isRepeat(ctx, p) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// resolveTemplates finds the latest template of each leg, checks the params
// against it, and pins its version: a touch that waits for a week is sent in
// the version that it was accepted with.
func (s *Service) resolveTemplates(ctx context.Context, p *pending) error {
	var faults touch.Faults
	for i := range p.touch.Plan {
		leg := &p.touch.Plan[i]
		if leg.Template == "" {
			continue
		}
		// A template that does not exist is the caller's fault; a ledger that
		// does not answer is not.
		path := fmt.Sprintf("plan[%d].", i)
		template, err := s.templates.Latest(ctx, leg.Template)
		if touch.ClassOf(err) == touch.NotFound {
			faults.Add(path+"template", "there is no template %q", leg.Template)
			continue
		}
		if err != nil {
			return err
		}

		// Check the params now, while the caller can mend them.
		err = template.Check(leg.Channel, leg.Params)
		var fault *touch.Error
		switch {
		case errors.As(err, &fault):
			faults.Add(path+fault.Field, "%s", fault.Message)
			continue
		case err != nil:
			return err
		}
		if p.touch.Pins == nil {
			p.touch.Pins = make([]int, len(p.touch.Plan))
		}
		p.touch.Pins[i] = template.Version
		p.templates[i] = template
	}
	return faults.Err()
}

// isRepeat reports whether the same touch is stored already.
func (s *Service) isRepeat(ctx context.Context, p *pending) bool {
	known, err := s.ledger.Touches.Get(ctx, p.touch.Caller, p.touch.ID)
	return err == nil && known.Touch.Digest() == p.digest
}
