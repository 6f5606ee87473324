package httpapi

import (
	"net/http"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

type subscriptionBody struct {
	URL   string            `json:"url"`
	Kinds []touch.EventKind `json:"kinds"`
	After int64             `json:"after"`
}

// subscriptionView shows the secret once, when the webhook is made.
type subscriptionView struct {
	ledger.Subscription
	Secret string `json:"secret,omitempty"`
}

func (h eventHandlers) subscribe(c *request) error {
	body, err := bind[subscriptionBody](c)
	if err != nil {
		return err
	}
	sub, err := h.feed.Subscribe(c.ctx(), c.principal.Caller, body.URL, body.Kinds, body.After)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, subscriptionView{Subscription: *sub, Secret: sub.Secret})
}

func (h eventHandlers) subscriptions(c *request) error {
	all, err := h.ledger.List(c.ctx(), c.principal.Caller)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: orEmpty(all)})
}

func (h eventHandlers) unsubscribe(c *request) error {
	return c.noContent(h.ledger.Delete(c.ctx(), c.principal.Caller, c.Param("id")))
}
