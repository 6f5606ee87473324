package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"touchgate.dev/gateway/changes"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

// progressEvery is how often a simulation says how far it is.
const progressEvery = 500 * time.Millisecond

// simulationLine is one line of a simulation's answer: how far it is, and at
// the end what it came to.
type simulationLine struct {
	*changes.SimulationStage
	Report *simulate.Report `json:"report,omitempty"`
	Error  *problem         `json:"error,omitempty"`
}

// simulate answers with a line of progress now and then, and with the report
// in the last line. A fault that shows before the first line has a status of
// its own.
func (h policyHandlers) simulate(c *request) error {
	body, err := bind[documentsBody](c)
	if err != nil {
		return err
	}
	span, err := touch.ParseDuration(c.DefaultQuery("since", "30d"))
	if err != nil {
		return touch.Errorf(touch.Invalid, "since", "is not a duration: write 30d")
	}

	w := simulationWriter{request: c}
	last := time.Time{}
	report, err := h.changes.Simulate(c.ctx(), body.Documents, span.Std(), func(stage changes.SimulationStage) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			w.write(simulationLine{SimulationStage: &stage})
		}
	})
	switch {
	case err != nil && !w.begun:
		return err
	case err != nil:
		p := problemOf(err)
		w.write(simulationLine{Error: &p})
	default:
		w.write(simulationLine{Report: report})
	}
	return nil
}

// simulationWriter writes the lines of an answer, each at once. The first one
// sends the status. Errors are ignored: a client that has gone ends the
// request's context.
type simulationWriter struct {
	request *request
	begun   bool
}

func (w *simulationWriter) write(l simulationLine) {
	if !w.begun {
		w.request.Header("Content-Type", "application/x-ndjson")
		w.request.Status(http.StatusOK)
		w.begun = true
	}
	enc := json.NewEncoder(w.request.Writer)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(l)
	_ = http.NewResponseController(w.request.Writer).Flush()
}
