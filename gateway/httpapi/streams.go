package httpapi

import (
	"context"

	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

// streamTouches takes a campaign in.
func (a *api) streamTouches(c *call) error {
	campaign := c.Param("campaign")
	if len(campaign) > 128 {
		return touch.Errorf(touch.Invalid, "campaign", "must have at most 128 characters")
	}
	caller := c.principal.Caller
	return stream(c, a.bodies.request, func(ctx context.Context, lines []line[touch.Request], report *chunkReport) error {
		reqs, at := make([]touch.Request, 0, len(lines)), make([]int, 0, len(lines))
		for i := range lines {
			l := &lines[i]
			if l.err == nil && l.value.Campaign != "" && l.value.Campaign != campaign {
				l.err = touch.Errorf(touch.Invalid, "campaign", "is another than the path's")
			}
			if l.err != nil {
				report.fail(l.number, l.err)
				continue
			}
			l.value.Campaign = campaign
			reqs, at = append(reqs, l.value), append(at, l.number)
		}
		answers, err := a.svc.Submit(ctx, caller, reqs)
		if err != nil {
			return err
		}
		now := a.now()
		for i := range answers {
			report.count(&answers[i], at[i], answers[i].Deferred(now))
		}
		return nil
	})
}

func (r *chunkReport) count(a *gateway.Answer, line int, deferred bool) {
	switch {
	case a.Err != nil:
		r.fail(line, a.Err)
	case !a.New:
		r.Repeated++
	case a.Refused():
		r.Refused++
		if r.Reasons == nil {
			r.Reasons = make(map[string]int)
		}
		r.Reasons[a.Reason]++
	default:
		r.Accepted++
		if deferred {
			r.Deferred++
		}
	}
}

// store takes the good values of a chunk and says what is wrong with each.
type store[T any] func(ctx context.Context, p *gateway.Principal, values []T) ([]error, error)

// facts makes the commit of a stream of facts.
func facts[T any](p *gateway.Principal, put store[T]) commit[T] {
	return func(ctx context.Context, lines []line[T], report *chunkReport) error {
		values, at := make([]T, 0, len(lines)), make([]int, 0, len(lines))
		for i := range lines {
			if lines[i].err != nil {
				report.fail(lines[i].number, lines[i].err)
				continue
			}
			values, at = append(values, lines[i].value), append(at, lines[i].number)
		}
		wrong, err := put(ctx, p, values)
		if err != nil {
			return err
		}
		for i, err := range wrong {
			if err != nil {
				report.fail(at[i], err)
			} else {
				report.Accepted++
			}
		}
		return nil
	}
}

func (a *api) streamCustomers(c *call) error {
	return stream(c, a.bodies.profile, facts(c.principal, a.svc.PutCustomers))
}

func (a *api) streamConsents(c *call) error {
	return stream(c, a.bodies.consent, facts(c.principal, a.svc.AddConsents))
}

func (a *api) streamOutcomes(c *call) error {
	return stream(c, a.bodies.outcome, facts(c.principal, a.svc.AddOutcomes))
}

func (a *api) streamRegister(c *call) error {
	register := c.Param("register")
	return stream(c, a.bodies.entry, facts(c.principal, func(ctx context.Context, p *gateway.Principal, entries []gateway.Entry) ([]error, error) {
		return a.svc.PutRegister(ctx, p, register, entries)
	}))
}
