package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"touchgate.dev/gateway/feed"
	"touchgate.dev/touch"
)

// eventHandlers serve the feed of events. Webhooks stand in webhooks.go.
type eventHandlers struct{ feed *feed.Service }

// list returns events after a cursor; with wait it waits for the first.
func (h eventHandlers) list(c *request) error {
	after, err := c.number("after", 0)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	var wait touch.Duration
	if text := c.Query("wait"); text != "" {
		if wait, err = touch.ParseDuration(text); err != nil {
			return touch.Errorf(touch.Invalid, "wait", "is not a duration: write 10s")
		}
	}
	// The journal of a caller with few events is long to read.
	ctx, cancel := context.WithTimeout(c.permit.good, wait.Std()+c.core.limits.Timeout)
	defer cancel()
	events, err := h.feed.Events(ctx, c.principal.Caller, after, int(min(limit, 1001)), wait.Std())
	if err := c.refusedMeanwhile(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	if err := c.stillMay(c.ctx()); err != nil { // the key may be revoked since the last look
		return err
	}
	if err := c.holdAnswer(); err != nil {
		return err
	}
	return h.reply(c, events, after)
}

// reply answers with as many of the events as fit into the bytes of a page.
func (h eventHandlers) reply(c *request, events []touch.Event, next int64) error {
	fitting := []json.RawMessage{}
	size := 0
	for i := range events {
		e, err := encode(&events[i])
		if err != nil {
			return err
		}
		if size += len(e); size > c.core.limits.Page && i > 0 {
			break
		}
		fitting = append(fitting, e)
		next = events[i].Seq
	}
	return c.reply(http.StatusOK, map[string]any{"events": fitting, "next": next})
}
