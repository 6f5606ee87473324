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
	keys, err := h.ledger.List(c.ctx())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: orEmpty(keys)})
}

// create shows the key's text, this once.
func (h keyHandlers) create(c *request) error {
	body, err := bind[keyBody](c)
	if err != nil {
		return err
	}
	text, k, err := h.keys.Create(c.ctx(), body.Caller, body.Scopes)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{"key": text, "id": k.ID, "caller": k.Caller, "scopes": k.Scopes})
}

func (h keyHandlers) revoke(c *request) error {
	return c.noContent(h.keys.Revoke(c.ctx(), c.Param("id")))
}
