package httpapi

import (
	"context"
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
// its own. It ends when its key is revoked, and when its client does not read.
func (h policyHandlers) simulate(c *request) error {
	body, err := bind[documentsBody](c)
	if err != nil {
		return err
	}
	span, err := touch.ParseDuration(c.DefaultQuery("since", "30d"))
	if err != nil {
		return touch.Errorf(touch.Invalid, "since", "is not a duration: write 30d")
	}

	ctx, cancel := context.WithCancel(c.permit.good)
	defer cancel()
	w := simulationWriter{request: c, cut: cancel}
	last := time.Time{}
	report, err := h.changes.Simulate(ctx, body.Documents, span.Std(), func(stage changes.SimulationStage) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			w.write(simulationLine{SimulationStage: &stage})
		}
	})
	if refused := c.refusedMeanwhile(); refused != nil {
		err = refused
	}
	if touch.ClassOf(err) == touch.TooMany {
		c.core.metrics.bite("simulations")
	}
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
// sends the status. A client that does not read, or has gone, ends the
// simulation.
type simulationWriter struct {
	request *request
	begun   bool
	cut     func()
}

func (w *simulationWriter) write(l simulationLine) {
	if !w.begun {
		w.request.Header("Content-Type", "application/x-ndjson")
		w.request.Status(http.StatusOK)
		w.begun = true
	}
	response := w.request.response()
	_ = response.SetWriteDeadline(time.Now().Add(w.request.core.limits.Write))
	b, err := encode(l)
	if err == nil {
		_, err = w.request.Writer.Write(b)
	}
	if err != nil || response.Flush() != nil {
		w.request.core.metrics.bite("reader")
		w.cut()
	}
}
