package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/touch"
)

const (
	inboxPollEvery = time.Second
	// heartbeatEvery is how many looks without a new message pass between two
	// heartbeats, which keep proxies from closing the connection.
	heartbeatEvery = 15
)

// stream tells the app of new messages by server-sent events: "unread" at the
// start, then "message" for each new one. It ends with the token.
func (h appHandlers) stream(c *request) error {
	ctx, cancel := context.WithTimeout(c.ctx(), c.token.Expires.Sub(h.now()))
	defer cancel()
	s := sseStream{request: c, response: http.NewResponseController(c.Writer), wait: c.core.limits.Write}
	err := h.items.WatchInbox(ctx, c.token.Subject, inboxPollEvery, firstparty.InboxWatcher{
		OnStart:   s.start,
		OnMessage: s.message,
		OnIdle:    s.heartbeat,
	})
	if touch.ClassOf(err) == touch.TooMany || errors.Is(err, firstparty.ErrNodeFull) {
		c.core.metrics.bite("app_streams")
	}
	if err == nil || !c.Writer.Written() {
		return err
	}
	logError(c.Context, err) // the answer has begun: it can only end
	return nil
}

// sseStream writes server-sent events.
type sseStream struct {
	request  *request
	response *http.ResponseController
	wait     time.Duration // for which a write may block
	quiet    int           // looks since the last message
}

func (s *sseStream) start(unread int64) error {
	s.request.Header("Content-Type", "text/event-stream")
	s.request.Header("Cache-Control", "no-store")
	s.request.Status(http.StatusOK)
	return s.write("event: unread\ndata: {\"unread\":%d}\n\n", unread)
}

func (s *sseStream) message(item touch.Item) error {
	s.quiet = 0
	data, err := json.Marshal(viewMessage(&item))
	if err != nil {
		return err
	}
	return s.write("id: %s\nevent: message\ndata: %s\n\n", item.ID, data)
}

func (s *sseStream) heartbeat() error {
	s.quiet++
	if s.quiet%heartbeatEvery != 0 {
		return nil
	}
	return s.write(": still here\n\n")
}

func (s *sseStream) write(format string, args ...any) error {
	_ = s.response.SetWriteDeadline(time.Now().Add(s.wait))
	if _, err := fmt.Fprintf(s.request.Writer, format, args...); err != nil {
		return err
	}
	return s.response.Flush()
}
