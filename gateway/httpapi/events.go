package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/feed"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// eventHandlers serve the feed of events. Webhooks stand in webhooks.go.
type eventHandlers struct {
	feed   *feed.Service
	ledger ledger.Subscriptions
}

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
	events, err := h.feed.Events(c.ctx(), c.principal.Caller, after, int(min(limit, 1001)), wait.Std())
	if err != nil {
		return err
	}
	next := after
	if n := len(events); n > 0 {
		next = events[n-1].Seq
	}
	return c.reply(http.StatusOK, map[string]any{"events": orEmpty(events), "next": next})
}
