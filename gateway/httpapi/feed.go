package httpapi

import (
	"net/http"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (a *api) events(c *call) error {
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
	events, err := a.svc.Events(c.ctx(), c.principal.Caller, after, int(min(limit, 1001)), wait.Std())
	if err != nil {
		return err
	}
	next := after
	if n := len(events); n > 0 {
		next = events[n-1].Seq
	}
	return c.reply(http.StatusOK, map[string]any{"events": items(events), "next": next})
}

// subscriptionView shows the secret once, at creation.
type subscriptionView struct {
	ledger.Subscription
	Secret string `json:"secret,omitempty"`
}

func (a *api) subscribe(c *call) error {
	body, err := bind(c, a.bodies.subscription)
	if err != nil {
		return err
	}
	s, err := a.svc.Subscribe(c.ctx(), c.principal.Caller, body.URL, body.Kinds, body.After)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, subscriptionView{*s, s.Secret})
}

func (a *api) listSubscriptions(c *call) error {
	all, err := a.svc.Subscriptions(c.ctx(), c.principal.Caller)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: items(all)})
}

func (a *api) unsubscribe(c *call) error {
	return c.done(a.svc.Unsubscribe(c.ctx(), c.principal.Caller, c.Param("id")))
}
