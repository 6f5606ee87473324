package gateway

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Forecast is what Check answers for one touch.
type Forecast struct {
	Key string
	// Decision is that of the first leg that is not refused, else refuse.
	Decision touch.Decision
	Due      time.Time // unless refused: when it could be sent
	Leg      int       // the leg that would be tried first; -1: none
	Verdicts []touch.Verdict
	Err      error // *touch.Error or touch.Faults
}

// Check answers what Submit would, for every leg, and stores nothing. A touch
// needs no key here.
func (s *Service) Check(ctx context.Context, caller string, reqs []touch.Request) ([]Forecast, error) {
	if len(reqs) > touch.MaxBatch {
		return nil, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches", touch.MaxBatch)
	}
	now := s.now()
	forecasts := make([]Forecast, len(reqs))
	checked := make([]*pending, 0, len(reqs))
	var judged []*pending
	for i := range reqs {
		forecasts[i] = Forecast{Key: reqs[i].Key, Leg: -1}
		r := reqs[i]
		if r.Key == "" {
			r.Key = "check"
		}
		p, err := s.prepare(ctx, caller, &r, now)
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			return nil, err
		}
		if err != nil {
			forecasts[i].Err = err
			continue
		}
		p.index = i
		checked = append(checked, p)
		if !s.refuseEarly(p, now) {
			judged = append(judged, p)
		}
	}

	if err := s.judge(ctx, judged, now, everyLeg); err != nil {
		return nil, err
	}
	for _, p := range checked {
		f := &forecasts[p.index]
		f.Decision = touch.DecisionRefuse
		f.Leg = p.leg
		f.Verdicts = p.verdicts
		if p.leg >= 0 {
			f.Decision = p.verdicts[p.leg].Decision
			f.Due = p.due(now)
		}
	}
	return forecasts, nil
}
