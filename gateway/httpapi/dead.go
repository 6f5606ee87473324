package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// deadView is a touch that was put aside, as an operator sees it: without
// address and text.
type deadView struct {
	ID       touch.ID       `json:"id"`
	Caller   string         `json:"caller"`
	Key      string         `json:"key"`
	Category touch.Category `json:"category"`
	Campaign string         `json:"campaign,omitempty"`
	Channel  touch.Channel  `json:"channel"`
	Leg      int            `json:"leg"`
	Reason   string         `json:"reason"`
	Provider string         `json:"provider,omitempty"`
	// MayBeSent says that its vendor would be asked.
	MayBeSent  bool      `json:"may_be_sent"`
	AcceptedAt time.Time `json:"accepted_at"`
	DeadAt     time.Time `json:"dead_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
}

func viewDead(d *ledger.DeadLetter) deadView {
	t, p := &d.Touch, &d.Progress
	v := deadView{
		ID: t.ID, Caller: t.Caller, Key: t.Key, Category: t.Category, Campaign: t.Campaign, Channel: t.Plan[p.Leg].Channel,
		Leg: p.Leg, Reason: p.Reason, Provider: p.Provider, MayBeSent: d.Sent, AcceptedAt: t.AcceptedAt, DeadAt: d.At,
	}
	if t.ExpiresAt != nil {
		v.ExpiresAt = *t.ExpiresAt
	}
	return v
}

// deadFilter is the part of a filter that listing and redriving share.
type deadFilter struct {
	Touch    string        `json:"touch"`
	Caller   string        `json:"caller"`
	Campaign string        `json:"campaign"`
	Reason   string        `json:"reason"`
	Channel  touch.Channel `json:"channel"`
	Since    time.Time     `json:"since"`
}

type redriveBody struct {
	deadFilter
	All    bool `json:"all"`
	DryRun bool `json:"dry_run"`
}

func (f *deadFilter) filter() (ledger.DeadLetterFilter, error) {
	selected := ledger.DeadLetterFilter{Caller: f.Caller, Campaign: f.Campaign, Reason: f.Reason, Channel: f.Channel, Since: f.Since}
	if f.Touch == "" {
		return selected, nil
	}
	var err error
	if selected.Touch, err = touch.ParseID(f.Touch); err != nil {
		return selected, touch.Errorf(touch.Invalid, "touch", "is not a touch id")
	}
	return selected, nil
}

func (a *api) listDead(c *call) error {
	q := deadFilter{
		Touch: c.Query("touch"), Caller: c.Query("caller"), Campaign: c.Query("campaign"), Reason: c.Query("reason"),
		Channel: touch.Channel(c.Query("channel")),
	}
	var err error
	if text := c.Query("since"); text != "" {
		if q.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return touch.Errorf(touch.Invalid, "since", "is not an instant: write 2026-11-21T09:00:00+08:00")
		}
	}
	f, err := q.filter()
	if err != nil {
		return err
	}
	if f.After, err = c.number("after", 0); err != nil {
		return err
	}
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	f.Limit = int(min(limit, touch.MaxBatch+1))
	found, next, err := a.svc.Dead(c.ctx(), f)
	if err != nil {
		return err
	}
	p := page{}
	views := make([]deadView, len(found))
	for i := range found {
		views[i] = viewDead(&found[i])
	}
	if p.Items = views; next != 0 {
		p.Next = strconv.FormatInt(next, 10)
	}
	return c.reply(http.StatusOK, p)
}

func (a *api) redrive(c *call) error {
	body, err := bind(c, a.bodies.redrive)
	if err != nil {
		return err
	}
	f, err := body.filter()
	if err != nil {
		return err
	}
	n, err := a.svc.Redrive(c.ctx(), c.principal, gateway.RedriveOrder{DeadLetterFilter: f, All: body.All, Dry: body.DryRun})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, n)
}
