package vendorapi

import (
	"context"
	"encoding/json"
	"net/http"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// Query implements adapter.Querier.
func (q querying[T]) Query(ctx context.Context, d adapter.Dispatch) touch.Result {
	h := http.Header{}
	q.key.Sign(h, d.ID, q.now(), nil)
	reply, _, ok := vendorhttp.Do(ctx, q.rt, vendorhttp.Call{
		Method: http.MethodGet, URL: q.noun.JoinPath(d.ID), Header: h, Harmless: true,
	})
	if !ok {
		return touch.Result{Detail: "the vendor could not be asked"}
	}
	var a Answer
	if json.Unmarshal(reply.Body, &a) != nil || a.ID != d.ID {
		return touch.Result{Detail: "the vendor's answer cannot be read"}
	}
	r, known := a.result()
	// Only the contract's own words count here: a bare 404 may be a wrong
	// route, and taking it for "not sent" would send twice.
	switch {
	case !known:
	case a.Status == StatusAccepted && reply.Status == http.StatusOK:
		return r
	case a.Status == StatusNotFound, a.Status == StatusFailed, a.Status == StatusRejected:
		// Of a rejected one the next try learns the reason.
		return touch.Result{Class: touch.ResultRetryable, Code: r.Code}
	}
	return touch.Result{Code: r.Code, Detail: "the vendor cannot say"}
}

// Probe implements adapter.Prober; the error has class Unavailable, or Denied
// when the vendor refuses our account.
func (c *Client[T]) Probe(ctx context.Context) error {
	h := http.Header{}
	c.key.Sign(h, "probe", c.now(), nil)
	reply, failure, ok := vendorhttp.Do(ctx, c.rt, vendorhttp.Call{Method: http.MethodGet, URL: c.health, Header: h, Harmless: true})
	switch {
	case !ok:
		return touch.Errorf(touch.Unavailable, "", "the vendor does not answer: %s", failure.Code)
	case reply.Status == http.StatusUnauthorized, reply.Status == http.StatusForbidden:
		return touch.Errorf(touch.Forbidden, "", "the vendor refuses our account: %d", reply.Status)
	case reply.Status/100 != 2:
		return touch.Errorf(touch.Unavailable, "", "the vendor is not well: %d", reply.Status)
	}
	return nil
}
