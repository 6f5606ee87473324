package httpapi

import (
	"net/http"
	"reflect"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

// answerView is an Answer as callers see it.
type answerView struct {
	ID    touch.ID    `json:"id,omitzero"`
	Key   string      `json:"key,omitempty"`
	State touch.State `json:"state,omitempty"`
	// Repeated says that the touch was known already.
	Repeated bool          `json:"repeated,omitempty"`
	Due      time.Time     `json:"due,omitzero"`
	Leg      int           `json:"leg"`
	Channel  touch.Channel `json:"channel,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	// Verdict decided; PassedOver are those of legs refused before.
	Verdict    *touch.Verdict  `json:"verdict,omitempty"`
	PassedOver []touch.Verdict `json:"passed_over,omitempty"`
	Error      *problem        `json:"error,omitempty"`
}

func viewAnswer(a *gateway.Answer, r *touch.Request) answerView {
	if a.Err != nil {
		p := problemOf(a.Err)
		return answerView{Key: a.Key, Leg: -1, Error: &p}
	}
	v := answerView{ID: a.ID, Key: a.Key, State: a.State, Repeated: !a.New, Due: a.Due, Leg: a.Leg, Reason: a.Reason}
	if a.Leg >= 0 && a.Leg < len(r.Plan) {
		v.Channel = r.Plan[a.Leg].Channel
	}
	if n := len(a.Verdicts); n > 0 {
		v.Verdict, v.PassedOver = &a.Verdicts[n-1], a.Verdicts[:n-1]
	}
	return v
}

// submitTouches takes one touch, or a batch in which each answers for itself.
func (a *api) submitTouches(c *call) error {
	reqs, wrong, single, err := a.submission(c)
	if err != nil {
		return err
	}
	good, at := sift(reqs, wrong)
	answers, err := a.svc.Submit(c.ctx(), c.principal.Caller, good)
	if err != nil {
		return err
	}
	if single {
		if answers[0].Err != nil {
			return answers[0].Err
		}
		status := http.StatusOK
		if answers[0].New && answers[0].State == touch.StateDue {
			status = http.StatusAccepted
		}
		return c.reply(status, viewAnswer(&answers[0], &good[0]))
	}
	views := make([]answerView, len(reqs))
	for i, err := range wrong {
		if err != nil {
			p := problemOf(err)
			views[i] = answerView{Leg: -1, Error: &p}
		}
	}
	status := http.StatusOK
	for i := range answers {
		if answers[i].New {
			status = http.StatusAccepted
		}
		views[at[i]] = viewAnswer(&answers[i], &good[i])
	}
	for i := range views {
		views[i].Error.within("touches", i)
	}
	return c.reply(status, map[string]any{"answers": views})
}

// submission reads a body of one touch or of several. Of several, wrong has
// those that could not be read.
func (a *api) submission(c *call) (reqs []touch.Request, wrong []error, single bool, _ error) {
	body, err := bind(c, a.bodies.submission)
	if err != nil {
		return nil, nil, false, err
	}
	if body.Touches == nil {
		return []touch.Request{body.Request}, make([]error, 1), true, nil
	}
	switch {
	case !reflect.ValueOf(body.Request).IsZero():
		return nil, nil, false, touch.Errorf(touch.Invalid, "touches", "send one touch, or touches; not both")
	case len(body.Touches) == 0:
		return nil, nil, false, touch.Errorf(touch.Invalid, "touches", "is empty")
	case len(body.Touches) > touch.MaxBatch:
		return nil, nil, false, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches; stream more", touch.MaxBatch)
	}
	reqs, wrong = make([]touch.Request, len(body.Touches)), make([]error, len(body.Touches))
	for i, raw := range body.Touches {
		if err := a.bodies.request.Decode(raw, &reqs[i]); err != nil {
			wrong[i] = malformed{err}
		}
	}
	return reqs, wrong, false, nil
}

// sift keeps the requests that could be read, and where they stood.
func sift(reqs []touch.Request, wrong []error) (good []touch.Request, at []int) {
	for i := range reqs {
		if wrong[i] == nil {
			good, at = append(good, reqs[i]), append(at, i)
		}
	}
	return good, at
}

// forecastView is a Forecast as callers see it.
type forecastView struct {
	Key      string         `json:"key,omitempty"`
	Decision touch.Decision `json:"decision,omitempty"`
	Due      time.Time      `json:"due,omitzero"`
	Leg      int            `json:"leg"`
	// Verdicts has one for each leg, in order of the plan.
	Verdicts []touch.Verdict `json:"verdicts,omitempty"`
	Error    *problem        `json:"error,omitempty"`
}

// checkTouches asks without side effect: may I, if not when, by which channel, why.
func (a *api) checkTouches(c *call) error {
	reqs, wrong, single, err := a.submission(c)
	if err != nil {
		return err
	}
	good, at := sift(reqs, wrong)
	forecasts, err := a.svc.Check(c.ctx(), c.principal.Caller, good)
	if err != nil {
		return err
	}
	if single && forecasts[0].Err != nil {
		return forecasts[0].Err
	}
	views := make([]forecastView, len(reqs))
	for i, err := range wrong {
		if err != nil {
			p := problemOf(err)
			views[i] = forecastView{Leg: -1, Error: &p}
		}
	}
	for i, f := range forecasts {
		v := forecastView{Key: f.Key, Decision: f.Decision, Due: f.Due, Leg: f.Leg, Verdicts: f.Verdicts}
		if f.Err != nil {
			p := problemOf(f.Err)
			v.Error = &p
		}
		views[at[i]] = v
	}
	if single {
		return c.reply(http.StatusOK, views[0])
	}
	for i := range views {
		views[i].Error.within("touches", i)
	}
	return c.reply(http.StatusOK, map[string]any{"answers": views})
}
