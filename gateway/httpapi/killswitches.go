package httpapi

import (
	"net/http"
	"time"

	"touchgate.dev/gateway/operations"
	"touchgate.dev/ledger"
)

// killSwitchHandlers serve kill switches, which the API calls stops.
type killSwitchHandlers struct {
	operations *operations.Service
	ledger     ledger.Controls
	now        func() time.Time
}

func (h killSwitchHandlers) list(c *request) error {
	switches, err := h.operations.KillSwitches(c.ctx())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: orEmpty(switches)})
}

func (h killSwitchHandlers) put(c *request) error {
	order, err := bind[operations.KillSwitchOrder](c)
	if err != nil {
		return err
	}
	killSwitch, err := h.operations.PutKillSwitch(c.ctx(), c.principal, c.Param("id"), order)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, killSwitch)
}

func (h killSwitchHandlers) release(c *request) error {
	return c.noContent(h.ledger.EndKillSwitch(c.ctx(), c.Param("id"), c.principal.Key, h.now()))
}
