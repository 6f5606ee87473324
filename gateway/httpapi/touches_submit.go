package httpapi

import (
	"net/http"
	"reflect"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

// submission is a body of one touch, or of several.
type submission struct {
	touch.Request
	Touches []strictjson.Raw `json:"touches"`
}

// submitted is one touch of a submission: a request, or why it could not be
// read.
type submitted struct {
	request touch.Request
	err     error
}

// answerView is a gateway.Answer as callers see it.
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
	v := answerView{
		ID:       a.ID,
		Key:      a.Key,
		State:    a.State,
		Repeated: !a.New,
		Due:      a.Due,
		Leg:      a.Leg,
		Reason:   a.Reason,
	}
	if a.Leg >= 0 && a.Leg < len(r.Plan) {
		v.Channel = r.Plan[a.Leg].Channel
	}
	if n := len(a.Verdicts); n > 0 {
		v.Verdict = &a.Verdicts[n-1]
		v.PassedOver = a.Verdicts[:n-1]
	}
	return v
}

// submit takes one touch in, or a batch in which each touch has its own
// answer. The status is 202 when a touch was stored to be sent.
func (h touchHandlers) submit(c *request) error {
	touches, single, err := readSubmission(c)
	if err != nil {
		return err
	}
	answers, err := h.intake.Submit(c.ctx(), c.principal.Caller, readable(touches))
	if err != nil {
		return err
	}
	if single {
		return replySingle(c, &answers[0], &touches[0].request)
	}

	// Answers are those of the touches that could be read, in order.
	status := http.StatusOK
	views := make([]answerView, len(touches))
	for i := range touches {
		if touches[i].err != nil {
			p := problemOf(touches[i].err)
			views[i] = answerView{Leg: -1, Error: &p}
		} else {
			if answers[0].New {
				status = http.StatusAccepted
			}
			views[i] = viewAnswer(&answers[0], &touches[i].request)
			answers = answers[1:]
		}
		views[i].Error.in("touches", i)
	}
	return c.reply(status, map[string]any{"answers": views})
}

func replySingle(c *request, a *gateway.Answer, r *touch.Request) error {
	if a.Err != nil {
		return a.Err
	}
	status := http.StatusOK
	if a.New && a.State == touch.StateDue {
		status = http.StatusAccepted
	}
	return c.reply(status, viewAnswer(a, r))
}

// readSubmission reads a body of one touch or of several. A touch of several
// that cannot be read does not keep the others from being taken in.
func readSubmission(c *request) (touches []submitted, single bool, _ error) {
	body, err := bind[submission](c)
	if err != nil {
		return nil, false, err
	}
	if body.Touches == nil {
		return []submitted{{request: body.Request}}, true, nil
	}
	switch {
	case !reflect.ValueOf(body.Request).IsZero():
		return nil, false, touch.Errorf(touch.Invalid, "touches", "send one touch, or touches; not both")
	case len(body.Touches) == 0:
		return nil, false, touch.Errorf(touch.Invalid, "touches", "is empty")
	case len(body.Touches) > touch.MaxBatch:
		return nil, false, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches; stream more", touch.MaxBatch)
	}
	touches = make([]submitted, len(body.Touches))
	for i, raw := range body.Touches {
		if err := strictjson.Decode(raw, &touches[i].request); err != nil {
			touches[i].err = malformed{err}
		}
	}
	return touches, false, nil
}

// readable returns the requests of the touches that could be read.
func readable(touches []submitted) []touch.Request {
	requests := make([]touch.Request, 0, len(touches))
	for i := range touches {
		if touches[i].err == nil {
			requests = append(requests, touches[i].request)
		}
	}
	return requests
}
