package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/touch"
)

// appHandlers serve a customer's app: inbox and pop-ups. Every route acts for
// the customer whom the token names. The stream of new messages stands in
// app_inbox_sse.go.
type appHandlers struct {
	items *firstparty.Service
	now   func() time.Time
}

// messageView is an inbox message or a pop-up as the customer's app sees it:
// without campaign, category and whatever else is the bank's own.
type messageView struct {
	ID        string          `json:"id"`
	State     touch.ItemState `json:"state"`
	Content   touch.Content   `json:"content"`
	Shown     int             `json:"shown,omitempty"`
	MaxShows  int             `json:"max_shows,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
}

func viewMessage(i *touch.Item) messageView {
	return messageView{
		ID:        i.ID,
		State:     i.State,
		Content:   i.Content,
		Shown:     i.Shown,
		MaxShows:  i.MaxShows,
		CreatedAt: i.CreatedAt,
		ExpiresAt: i.ExpiresAt,
	}
}

func viewMessages(items []touch.Item) []messageView {
	views := make([]messageView, len(items))
	for i := range items {
		views[i] = viewMessage(&items[i])
	}
	return views
}

func (h appHandlers) inbox(c *request) error {
	limit, err := c.limit(50, 200)
	if err != nil {
		return err
	}
	messages, next, err := h.items.Inbox(c.ctx(), c.token.Subject, c.Query("after"), limit)
	if err != nil {
		return err
	}
	return replyPage(c, viewMessages(messages), next, func(last int) (string, error) {
		_, next, err := h.items.Inbox(c.ctx(), c.token.Subject, c.Query("after"), last+1)
		return next, err
	})
}

func (h appHandlers) unread(c *request) error {
	n, err := h.items.Unread(c.ctx(), c.token.Subject)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]int64{"unread": n})
}

func (h appHandlers) popups(c *request) error {
	popups, err := h.items.Popups(c.ctx(), c.token.Subject, c.Query("placement"))
	if err != nil {
		return err
	}
	// Those that do not fit are shown when others have been shown or dismissed.
	return replyPage(c, viewMessages(popups), "", func(int) (string, error) { return "", nil })
}

func (h appHandlers) readMessage(c *request) error {
	return c.noContent(h.items.ReadMessage(c.ctx(), c.token.Subject, c.Param("id")))
}

func (h appHandlers) dismissMessage(c *request) error {
	return c.noContent(h.items.Dismiss(c.ctx(), touch.Inbox, c.token.Subject, c.Param("id")))
}

func (h appHandlers) showPopup(c *request) error {
	return c.noContent(h.items.ShowPopup(c.ctx(), c.token.Subject, c.Param("id")))
}

func (h appHandlers) dismissPopup(c *request) error {
	return c.noContent(h.items.Dismiss(c.ctx(), touch.Popup, c.token.Subject, c.Param("id")))
}
