package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway/feed"
	"touchgate.dev/touch"
)

type subscriptionBody struct {
	URL   string            `json:"url"`
	Kinds []touch.EventKind `json:"kinds"`
	After int64             `json:"after"`
}

type subscriptionChange struct {
	URL string `json:"url"`
}

type rotateBody struct {
	Overlap *touch.Duration `json:"overlap"`
}

type redeliverBody struct {
	Delivery string `json:"delivery"`
}

// defaultOverlap is how long a secret signs after it was rotated away, if the
// caller does not say.
const defaultOverlap = 24 * time.Hour

// subscribe shows the secret, this once.
func (h eventHandlers) subscribe(c *request) error {
	body, err := bind[subscriptionBody](c)
	if err != nil {
		return err
	}
	sub, err := h.feed.Subscribe(c.ctx(), c.principal, feed.NewWebhook{URL: body.URL, Kinds: body.Kinds, After: body.After})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, subscriptionView{Subscription: sub, Secret: sub.Secret})
}

// subscriptions lists the caller's own webhooks; an administrator may ask for
// another caller's, or for all.
func (h eventHandlers) subscriptions(c *request) error {
	limit, err := c.limit(100, 1000)
	if err != nil {
		return err
	}
	all, err := c.flag("all")
	if err != nil {
		return err
	}
	caller := c.principal.Caller
	if named := c.Query("caller"); named != "" {
		caller = named
	}
	if all {
		caller = ""
	}
	subs, err := h.feed.Webhooks(c.ctx(), c.principal, caller, c.Query("after"), limit)
	if err != nil {
		return err
	}
	views := make([]subscriptionView, len(subs))
	for i := range subs {
		views[i] = viewSubscription(&subs[i], c.principal)
	}
	id := func(last int) (string, error) { return subs[last].ID, nil }
	return replyPage(c, views, nextOf(subs, limit, id), id)
}

// subscription shows how a webhook is served: its backlog, last calls and next
// try.
func (h eventHandlers) subscription(c *request) error {
	sub, backlog, err := h.feed.Webhook(c.ctx(), c.principal, c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, viewService(sub, backlog, c.principal, c.core.now()))
}

func (h eventHandlers) moveSubscription(c *request) error {
	body, err := bind[subscriptionChange](c)
	if err != nil {
		return err
	}
	sub, err := h.feed.MoveWebhook(c.ctx(), c.principal, c.Param("id"), body.URL)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, subscriptionView{Subscription: sub})
}

// rotateSecret shows the new secret, this once.
func (h eventHandlers) rotateSecret(c *request) error {
	body, err := bind[rotateBody](c)
	if err != nil {
		return err
	}
	overlap := defaultOverlap
	if body.Overlap != nil {
		overlap = body.Overlap.Std()
	}
	sub, err := h.feed.RotateSecret(c.ctx(), c.principal, c.Param("id"), overlap)
	if err != nil {
		return err
	}
	view := subscriptionView{Subscription: sub, Secret: sub.Secret}
	for _, p := range sub.Previous {
		view.PreviousUntil = append(view.PreviousUntil, p.Until)
	}
	return c.reply(http.StatusOK, view)
}

func (h eventHandlers) adoptSubscription(c *request) error {
	sub, err := h.feed.AdoptWebhook(c.ctx(), c.principal, c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, subscriptionView{Subscription: sub})
}

// redeliver answers before the call is made: its answer is in the list of calls.
func (h eventHandlers) redeliver(c *request) error {
	body, err := bind[redeliverBody](c)
	if err != nil {
		return err
	}
	sub, err := h.feed.Redeliver(c.ctx(), c.principal, c.Param("id"), body.Delivery)
	if err != nil {
		return err
	}
	return c.reply(http.StatusAccepted, subscriptionView{Subscription: sub})
}

func (h eventHandlers) unsubscribe(c *request) error {
	return c.noContent(h.feed.Unsubscribe(c.ctx(), c.principal, c.Param("id")))
}
