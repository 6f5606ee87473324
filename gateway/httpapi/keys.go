package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
)

// keyHandlers serve API keys.
type keyHandlers struct {
	keys   *access.Keys
	ledger ledger.Keys
}

type keyBody struct {
	Caller string   `json:"caller"`
	Scopes []string `json:"scopes"`
}

// list returns all keys, without secrets.
func (h keyHandlers) list(c *request) error {
	limit, err := c.limit(100, 1000)
	if err != nil {
		return err
	}
	keys, err := h.ledger.List(c.ctx(), c.Query("after"), limit)
	if err != nil {
		return err
	}
	id := func(last int) (string, error) { return keys[last].ID, nil }
	return replyPage(c, keys, nextOf(keys, limit, id), id)
}

// create shows the key's text, this once.
func (h keyHandlers) create(c *request) error {
	body, err := bind[keyBody](c)
	if err != nil {
		return err
	}
	text, k, err := h.keys.Create(c.ctx(), c.principal.Key, body.Caller, body.Scopes)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{"key": text, "id": k.ID, "caller": k.Caller, "scopes": k.Scopes})
}

func (h keyHandlers) revoke(c *request) error {
	return c.noContent(h.keys.Revoke(c.ctx(), c.principal.Key, c.Param("id")))
}
