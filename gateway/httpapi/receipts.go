package httpapi

import (
	"net/http"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/touch"
)

// receiptHandlers take receipts in: callbacks of vendors, and reports of the
// bank's own systems.
type receiptHandlers struct {
	intake    *gateway.Service
	publicURL string // "": as the request says
}

// callback stores the receipts of a vendor's callback. Its signature proves
// who calls, so the route asks for no key.
//
// Until the signature is checked a stranger speaks. So a provider that is not
// there is refused before anything is read, and nothing is decompressed.
func (h receiptHandlers) callback(c *request) error {
	if err := h.intake.TakesCallbacks(c.Param("provider")); err != nil {
		return err
	}
	body, err := c.readWireBody()
	if err != nil {
		return err
	}
	ack, err := h.intake.ReceiveCallback(c.ctx(), c.Param("provider"), adapter.ReceiptRequest{
		Method: c.Request.Method,
		URL:    h.calledURL(c.Request),
		Header: c.Request.Header,
		Body:   body,
	})
	if err != nil {
		return err
	}
	if ack.Status == 0 && len(ack.Body) == 0 {
		return c.noContent(nil)
	}
	if ack.Status == 0 {
		ack.Status = http.StatusOK
	}
	c.send(ack.Status, ack.ContentType, ack.Body)
	return nil
}

// calledURL returns the address as the vendor called and signed it. Behind a
// proxy the request does not show it: then PublicURL must be configured.
func (h receiptHandlers) calledURL(r *http.Request) string {
	if h.publicURL != "" {
		return h.publicURL + r.URL.RequestURI()
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.RequestURI()
}

type receiptsBody struct {
	Receipts []touch.Receipt `json:"receipts"`
}

// fromSystem stores what the bank's own systems report, for example the
// outcomes of a call centre.
func (h receiptHandlers) fromSystem(c *request) error {
	body, err := bind[receiptsBody](c)
	if err != nil {
		return err
	}
	if err := checkLength("receipts", len(body.Receipts)); err != nil {
		return err
	}
	return c.noContent(h.intake.ReceiveFrom(c.ctx(), c.principal, body.Receipts))
}
