package httpapi

import (
	"net/http"

	"touchgate.dev/channels/adapter"
)

// receive takes a vendor's callback; its signature proves who calls.
func (a *api) receive(c *call) error {
	body, err := c.read()
	if err != nil {
		return err
	}
	ack, err := a.svc.Receive(c.ctx(), c.Param("provider"), adapter.ReceiptRequest{
		Method: c.Request.Method, URL: a.publicURL(c.Request), Header: c.Request.Header, Body: body,
	})
	if err != nil {
		return err
	}
	if ack.Status == 0 && len(ack.Body) == 0 {
		return c.empty()
	}
	if ack.Status == 0 {
		ack.Status = http.StatusOK
	}
	c.Data(ack.Status, ack.ContentType, ack.Body)
	return nil
}

// publicURL is the address as the vendor called it, and signed it.
func (a *api) publicURL(r *http.Request) string {
	if a.public != "" {
		return a.public + r.URL.RequestURI()
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.RequestURI()
}

// recordReceipts takes what the bank's own systems report, a call centre's
// outcomes for example.
func (a *api) recordReceipts(c *call) error {
	body, err := bind(c, a.bodies.receipts)
	if err != nil {
		return err
	}
	if err := bounded("receipts", len(body.Receipts)); err != nil {
		return err
	}
	if err := a.svc.Report(c.ctx(), c.principal, body.Receipts); err != nil {
		return err
	}
	return c.empty()
}
