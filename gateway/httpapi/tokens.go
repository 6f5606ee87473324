package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// tokenHandlers mint the tokens of customers' apps and managers' desks.
type tokenHandlers struct{ tokens *access.Tokens }

type tokenBody struct {
	ExpiresIn touch.Duration `json:"expires_in"`
	Queues    []string       `json:"queues"`   // of a manager
	Branches  []string       `json:"branches"` // of a manager
}

func (h tokenHandlers) mintForApp(c *request) error  { return h.mint(c, access.AudienceApp) }
func (h tokenHandlers) mintForDesk(c *request) error { return h.mint(c, access.AudienceDesk) }

func (h tokenHandlers) mint(c *request, audience string) error {
	body, err := bind[tokenBody](c)
	if err != nil {
		return err
	}
	token := access.Token{Subject: c.Param("id"), Queues: body.Queues, Branches: body.Branches}
	text, expires, err := h.tokens.Issue(c.ctx(), c.principal, audience, token, body.ExpiresIn.Std())
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{"token": text, "expires_at": expires})
}
