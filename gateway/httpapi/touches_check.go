package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

// forecastView is a gateway.Forecast as callers see it.
type forecastView struct {
	Key      string         `json:"key,omitempty"`
	Decision touch.Decision `json:"decision,omitempty"`
	Due      time.Time      `json:"due,omitzero"`
	Leg      int            `json:"leg"`
	// Verdicts has one for each leg, in the order of the plan.
	Verdicts []touch.Verdict `json:"verdicts,omitempty"`
	Error    *problem        `json:"error,omitempty"`
}

func viewForecast(f *gateway.Forecast) forecastView {
	v := forecastView{Key: f.Key, Decision: f.Decision, Due: f.Due, Leg: f.Leg, Verdicts: f.Verdicts}
	if f.Err != nil {
		p := problemOf(f.Err)
		v.Error = &p
	}
	return v
}

// check answers without storing anything: may the touch be sent, when, on
// which channel, and why.
func (h touchHandlers) check(c *request) error {
	touches, single, err := readSubmission(c)
	if err != nil {
		return err
	}
	forecasts, err := h.intake.Check(c.ctx(), c.principal.Caller, readable(touches))
	if err != nil {
		return err
	}
	if single {
		if forecasts[0].Err != nil {
			return forecasts[0].Err
		}
		return c.reply(http.StatusOK, viewForecast(&forecasts[0]))
	}

	// Forecasts are those of the touches that could be read, in order.
	views := make([]forecastView, len(touches))
	for i := range touches {
		if touches[i].err != nil {
			p := problemOf(touches[i].err)
			views[i] = forecastView{Leg: -1, Error: &p}
		} else {
			views[i] = viewForecast(&forecasts[0])
			forecasts = forecasts[1:]
		}
		views[i].Error.in("touches", i)
	}
	return c.reply(http.StatusOK, map[string]any{"answers": views})
}
