package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway/operations"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// deadLetterHandlers serve dead letters.
type deadLetterHandlers struct{ operations *operations.Service }

// deadLetterView is a dead letter as an operator sees it: without address and
// text.
type deadLetterView struct {
	ID       touch.ID       `json:"id"`
	Caller   string         `json:"caller"`
	Key      string         `json:"key"`
	Category touch.Category `json:"category"`
	Campaign string         `json:"campaign,omitempty"`
	Channel  touch.Channel  `json:"channel"`
	Leg      int            `json:"leg"`
	Reason   string         `json:"reason"`
	Provider string         `json:"provider,omitempty"`
	// MayBeSent says that its vendor would be asked before it is sent again.
	MayBeSent  bool      `json:"may_be_sent"`
	AcceptedAt time.Time `json:"accepted_at"`
	DeadAt     time.Time `json:"dead_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
}

func viewDeadLetter(d *ledger.DeadLetter) deadLetterView {
	t := &d.Touch
	p := &d.Progress
	v := deadLetterView{
		ID:         t.ID,
		Caller:     t.Caller,
		Key:        t.Key,
		Category:   t.Category,
		Campaign:   t.Campaign,
		Channel:    t.Plan[p.Leg].Channel,
		Leg:        p.Leg,
		Reason:     p.Reason,
		Provider:   p.Provider,
		MayBeSent:  d.Sent,
		AcceptedAt: t.AcceptedAt,
		DeadAt:     d.At,
	}
	if t.ExpiresAt != nil {
		v.ExpiresAt = *t.ExpiresAt
	}
	return v
}

// deadLetterFilter is the part of a filter that listing and redriving share.
type deadLetterFilter struct {
	Touch    string        `json:"touch"`
	Caller   string        `json:"caller"`
	Campaign string        `json:"campaign"`
	Reason   string        `json:"reason"`
	Channel  touch.Channel `json:"channel"`
	Since    time.Time     `json:"since"`
}

type redriveBody struct {
	deadLetterFilter
	All    bool `json:"all"`
	DryRun bool `json:"dry_run"`
}

// parse returns the filter as the ledger knows it.
func (f *deadLetterFilter) parse() (ledger.DeadLetterFilter, error) {
	parsed := ledger.DeadLetterFilter{
		Caller:   f.Caller,
		Campaign: f.Campaign,
		Reason:   f.Reason,
		Channel:  f.Channel,
		Since:    f.Since,
	}
	if f.Touch == "" {
		return parsed, nil
	}
	id, err := touch.ParseID(f.Touch)
	if err != nil {
		return parsed, touch.Errorf(touch.Invalid, "touch", "is not a touch id")
	}
	parsed.Touch = id
	return parsed, nil
}

// filterOf reads the filter of a list from its query.
func filterOf(c *request) (ledger.DeadLetterFilter, error) {
	query := deadLetterFilter{
		Touch:    c.Query("touch"),
		Caller:   c.Query("caller"),
		Campaign: c.Query("campaign"),
		Reason:   c.Query("reason"),
		Channel:  touch.Channel(c.Query("channel")),
	}
	if text := c.Query("since"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return ledger.DeadLetterFilter{}, touch.Errorf(touch.Invalid, "since", "is not an instant: write 2026-11-21T09:00:00+08:00")
		}
		query.Since = since
	}
	f, err := query.parse()
	if err != nil {
		return f, err
	}
	if f.After, err = c.number("after", 0); err != nil {
		return f, err
	}
	f.Limit, err = c.limit(100, touch.MaxBatch)
	return f, err
}

func (h deadLetterHandlers) list(c *request) error {
	f, err := filterOf(c)
	if err != nil {
		return err
	}
	read := func(after int64, n int) ([]ledger.DeadLetter, int64, error) {
		f.After = after
		f.Limit = n
		return h.operations.DeadLetters(c.ctx(), f)
	}
	return replyPieces(c, f.After, f.Limit, read, func(d *ledger.DeadLetter) (any, int64) {
		return viewDeadLetter(d), d.Progress.Seq
	})
}

// redrive sends dead letters back to the workers.
func (h deadLetterHandlers) redrive(c *request) error {
	body, err := bind[redriveBody](c)
	if err != nil {
		return err
	}
	f, err := body.parse()
	if err != nil {
		return err
	}
	order := operations.RedriveOrder{DeadLetterFilter: f, All: body.All, DryRun: body.DryRun}
	n, err := h.operations.Redrive(c.permit.good, c.principal, order)
	if refused := c.refusedMeanwhile(); refused != nil {
		return refused
	}
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, n)
}
