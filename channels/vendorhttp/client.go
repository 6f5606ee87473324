// SPDX-License-Identifier: Apache-2.0

// Package vendorhttp is what thin adapters over HTTP share: one call that
// tells "surely not sent" from "may have been sent", one table from status
// codes to result classes, and the signature of calls in both directions.
// Adapters for a vendor's own API use it directly; package vendorapi builds our
// generic vendor contract on it.
package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"touchgate.dev/touch"
)

// The most that is read of an answer: a batch of 1,000 results fits well.
const maxReply = 1 << 20

// Call is one request to a vendor.
type Call struct {
	Method string
	URL    *url.URL
	Header http.Header // taken over, not copied
	Body   []byte      // nil: none
	// Harmless says that the call changes nothing at the vendor (a query):
	// a lost answer is then Retryable.
	Harmless bool
}

// Reply is a vendor's whole answer.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes one call. ok means that the vendor answered in full; otherwise
// failure says what is known: Retryable when no connection was made, Unknown
// when the request may have reached the vendor. Redirects are not followed.
func Do(ctx context.Context, rt http.RoundTripper, c Call) (reply Reply, failure touch.Result, ok bool) {
	var onWire atomic.Bool
	// From the moment a connection is handed out, bytes may be on their way:
	// WroteRequest would come later than they do.
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { onWire.Store(true) }}
	resp, err := rt.RoundTrip(c.request(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return Reply{}, transportFailure(ctx, err, onWire.Load() && !c.Harmless), false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch {
	case err != nil:
		return Reply{}, transportFailure(ctx, err, !c.Harmless), false
	case len(body) > maxReply:
		return Reply{}, transportFailure(ctx, errTooLong, !c.Harmless), false
	}
	return Reply{Status: resp.StatusCode, Header: resp.Header, Body: body}, touch.Result{}, true
}

var errTooLong = errors.New("the answer is too long")

func (c Call) request(ctx context.Context) *http.Request {
	r := &http.Request{
		Method: c.Method, URL: c.URL, Host: c.URL.Host, Header: c.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if c.Body != nil {
		r.ContentLength = int64(len(c.Body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.Body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r.WithContext(ctx)
}

// transportFailure words a failure of the transport. It never quotes the error, which may
// hold an address.
func transportFailure(ctx context.Context, err error, maybeSent bool) touch.Result {
	r := touch.Result{Class: touch.ResultRetryable, Detail: "connection failed"}
	if maybeSent {
		r = touch.Result{Class: touch.ResultUnknown, Detail: "connection lost"}
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		r.Code = "dns"
	case errors.Is(ctx.Err(), context.Canceled):
		r.Code = "cancelled"
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		r.Code = "timeout"
	case errors.Is(err, errTooLong):
		r.Code = "answer_too_long"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.Code = "cut_short"
	default:
		r.Code = netCode(err)
	}
	return r
}
