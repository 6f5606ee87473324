package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

// The customer's app: every route acts for the customer whom the token names.

func (a *api) mintAppToken(c *call) error { return a.mint(c, gateway.AudienceApp) }

func (a *api) mint(c *call, audience string) error {
	body, err := bind(c, a.bodies.token)
	if err != nil {
		return err
	}
	token, expires, err := a.svc.MintToken(audience, gateway.Token{
		Subject: c.Param("id"), Queues: body.Queues, Branches: body.Branches,
	}, body.ExpiresIn.Std())
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{"token": token, "expires_at": expires})
}

// paging reads the query parameters of a list of items.
func (c *call) paging() (cursor string, limit int, err error) {
	n, err := c.number("limit", 50)
	if err == nil && (n < 1 || n > 200) {
		err = touch.Errorf(touch.Invalid, "limit", "must be 1 to 200")
	}
	return c.Query("after"), int(n), err
}

func (a *api) inbox(c *call) error {
	cursor, limit, err := c.paging()
	if err != nil {
		return err
	}
	messages, next, err := a.svc.Inbox(c.ctx(), c.token.Subject, cursor, limit)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{viewMessages(messages), next})
}

func (a *api) unread(c *call) error {
	n, err := a.svc.Unread(c.ctx(), c.token.Subject)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]int64{"unread": n})
}

func (a *api) popups(c *call) error {
	popups, err := a.svc.Popups(c.ctx(), c.token.Subject, c.Query("placement"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: viewMessages(popups)})
}

func (a *api) readMessage(c *call) error {
	return c.done(a.svc.ReadMessage(c.ctx(), c.token.Subject, c.Param("id")))
}

func (a *api) dismissMessage(c *call) error {
	return c.done(a.svc.Dismiss(c.ctx(), touch.Inbox, c.token.Subject, c.Param("id")))
}

func (a *api) showPopup(c *call) error {
	return c.done(a.svc.ShowPopup(c.ctx(), c.token.Subject, c.Param("id")))
}

func (a *api) dismissPopup(c *call) error {
	return c.done(a.svc.Dismiss(c.ctx(), touch.Popup, c.token.Subject, c.Param("id")))
}

// done answers 204, or the error.
func (c *call) done(err error) error {
	if err != nil {
		return err
	}
	return c.empty()
}

const (
	inboxPoll      = time.Second
	inboxHeartbeat = 15 // quiet looks between two heartbeats
)

// streamInbox tells the app of new messages by server-sent events: "unread"
// at the start, then "message" for each new one. It ends with the token.
func (a *api) streamInbox(c *call) error {
	ctx, cancel := context.WithTimeout(c.ctx(), c.token.Expires.Sub(a.now()))
	defer cancel()
	ctl := http.NewResponseController(c.Writer)
	send := func(format string, args ...any) error {
		_ = ctl.SetWriteDeadline(time.Now().Add(a.limits.Idle))
		if _, err := fmt.Fprintf(c.Writer, format, args...); err != nil {
			return err
		}
		return ctl.Flush()
	}
	quiet := 0
	err := a.svc.WatchInbox(ctx, c.token.Subject, inboxPoll, gateway.InboxWatcher{
		Begin: func(unread int64) error {
			c.Header("Content-Type", "text/event-stream")
			c.Header("Cache-Control", "no-store")
			c.Status(http.StatusOK)
			return send("event: unread\ndata: {\"unread\":%d}\n\n", unread)
		},
		Each: func(item touch.Item) error {
			quiet = 0
			data, err := json.Marshal(viewMessage(&item))
			if err != nil {
				return err
			}
			return send("id: %s\nevent: message\ndata: %s\n\n", item.ID, data)
		},
		Idle: func() error {
			if quiet++; quiet%inboxHeartbeat != 0 {
				return nil
			}
			return send(": still here\n\n")
		},
	})
	if err == nil || !c.Writer.Written() {
		return err
	}
	noteError(c.Context, err) // the answer has begun: it can only end
	return nil
}
