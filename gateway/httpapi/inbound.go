package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/inbound"
	"touchgate.dev/touch"
)

// inboundHandlers take in the texts that customers write back.
type inboundHandlers struct{ inbound *inbound.Service }

type inboundBody struct {
	Messages []inbound.Message `json:"messages"`
}

// inboundResult is the answer to one message.
type inboundResult struct {
	Effect inbound.Effect `json:"effect,omitempty"`
	Errors []fieldError   `json:"errors,omitempty"`
}

// receive answers for each message by itself: 200 also when some are wrong.
func (h inboundHandlers) receive(c *request) error {
	body, err := bind[inboundBody](c)
	if err != nil {
		return err
	}
	if err := checkLength("messages", len(body.Messages)); err != nil {
		return err
	}
	results, err := h.inbound.Receive(c.ctx(), c.principal, body.Messages)
	if err != nil {
		return err
	}
	items := make([]inboundResult, len(results))
	for i, r := range results {
		items[i].Effect = r.Effect
		if r.Err != nil {
			items[i].Effect = ""
			items[i].Errors = fieldErrors(touch.FaultsOf(r.Err))
		}
	}
	return c.reply(http.StatusOK, map[string]any{"items": items})
}
