package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// touchHandlers serve touches. Submitting them stands in touches_submit.go.
type touchHandlers struct {
	intake  *gateway.Service
	changes *changes.Service
	ledger  ledger.Touches
	now     func() time.Time
}

// get returns one of the caller's touches with its whole history.
func (h touchHandlers) get(c *request) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	v, err := h.ledger.Get(c.ctx(), c.principal.Caller, id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, viewTouch(v))
}

func (h touchHandlers) list(c *request) error {
	after, err := c.number("after", 0)
	if err != nil {
		return err
	}
	limit, err := c.limit(100, touch.MaxBatch)
	if err != nil {
		return err
	}
	filter := ledger.TouchFilter{
		Caller:   c.principal.Caller,
		Campaign: c.Query("campaign"),
		Customer: c.Query("customer"),
		State:    touch.State(c.Query("state")),
	}
	read := func(after int64, n int) ([]ledger.TouchView, int64, error) {
		filter.After = after
		filter.Limit = n
		return h.intake.Touches(c.ctx(), filter)
	}
	return replyPieces(c, after, limit, read, func(v *ledger.TouchView) (any, int64) {
		return viewTouch(v), v.Progress.Seq
	})
}

// cancel takes a touch back; 409 when it was sent, is being sent or is over.
func (h touchHandlers) cancel(c *request) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	progress, err := h.ledger.Cancel(c.ctx(), c.principal.Caller, id, c.principal.Key, h.now())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"id": id, "state": progress.State})
}

// decision returns a recorded verdict with everything that it can be judged
// again from.
func (h touchHandlers) decision(c *request) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	event, err := c.number("event", 0)
	if err != nil {
		return err
	}
	d, err := h.changes.Decision(c.ctx(), c.principal.Caller, id, event)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, d)
}
