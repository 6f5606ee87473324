package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"touchgate.dev/touch"
)

// faults triggers each fault. It sends a good message before each one and after
// the last one, so it also checks that the adapter recovers.
func faults(ctx context.Context, b *fixture) error {
	var broken []error
	for _, f := range append(b.commonFaults(), b.Faults...) {
		if _, _, err := b.sendAccepted(ctx); err != nil {
			return fmt.Errorf("before %q: %w", f.Name, err)
		}
		if err := b.trigger(ctx, f); err != nil {
			broken = append(broken, fmt.Errorf("%q: %w", f.Name, err))
		}
	}
	_, _, err := b.sendAccepted(ctx)
	return errors.Join(append(broken, err)...)
}

// trigger triggers one fault and compares the result with the expected one.
func (b *fixture) trigger(ctx context.Context, f Fault) error {
	if f.Handler != nil {
		b.answerWith(f.Handler)
		defer b.answerWith(b.Good)
	} else {
		f.Arm()
		defer f.Disarm()
	}
	r := b.send(ctx, b.dispatch())
	switch {
	case r.Class != f.Want:
		return fmt.Errorf("the result is %s (code %q, %s), not %s", r.Class, r.Code, r.Detail, f.Want)
	case f.Reason != "" && r.Reason != f.Reason:
		return fmt.Errorf("the reason is %q, not %q", r.Reason, f.Reason)
	case f.RetryAfter != 0 && r.RetryAfter != f.RetryAfter:
		return fmt.Errorf("the delay is %s, not %s", r.RetryAfter, f.RetryAfter)
	case r.Class == touch.ResultThrottled && r.RetryAfter <= 0:
		return errors.New("the result is throttled, but has no delay")
	case r.Class == touch.ResultRejected && r.Reason == "":
		return errors.New("the result is rejected, but has no reason")
	}
	return nil
}

// commonFaults returns the faults that every HTTP vendor can have. The responses
// quote the request and the secrets, as careless vendors do. If the adapter
// copies a response into a result, dataLeaks finds it.
func (b *fixture) commonFaults() []Fault {
	if b.Good == nil {
		return nil
	}
	quote := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = w.Write(body) // an adapter may close the connection once it has the status
			fmt.Fprint(w, r.Header, b.Secrets)
		})
	}
	return []Fault{
		{Name: "429", Handler: quote(http.StatusTooManyRequests), Want: touch.ResultThrottled, RetryAfter: 7 * time.Second},
		{Name: "401", Handler: quote(http.StatusUnauthorized), Want: touch.ResultMisconfigured},
		{Name: "403", Handler: quote(http.StatusForbidden), Want: touch.ResultMisconfigured},
		{Name: "422", Handler: quote(http.StatusUnprocessableEntity), Want: touch.ResultRejected},
		{Name: "500, perhaps sent", Handler: quote(http.StatusInternalServerError), Want: touch.ResultUnknown},
		{Name: "502", Handler: quote(http.StatusBadGateway), Want: touch.ResultUnknown},
		{Name: "200 with garbage", Handler: quote(http.StatusOK), Want: touch.ResultUnknown},
		{Name: "200 without a body", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Want: touch.ResultUnknown},
		{Name: "accepted, then reset", Handler: b.acceptThen(reset), Want: touch.ResultUnknown},
		{Name: "accepted, then cut short", Handler: b.acceptThen(cutShort), Want: touch.ResultUnknown},
	}
}

// acceptThen returns a vendor that accepts the message and then breaks the
// response. The adapter cannot know that the vendor accepted it.
func (b *fixture) acceptThen(broken func(http.ResponseWriter)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.Good.ServeHTTP(&discardWriter{header: http.Header{}}, r)
		broken(w)
	})
}

// discardWriter discards a response.
type discardWriter struct{ header http.Header }

func (m *discardWriter) Header() http.Header         { return m.header }
func (m *discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (m *discardWriter) WriteHeader(int)             {}

// hijack returns the connection below a response.
func hijack(w http.ResponseWriter) net.Conn {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// reset ends the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn := hijack(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if this fails, an ordinary close breaks the call too
	}
	conn.Close()
}

// cutShort sends the beginning of a response and closes the connection.
func cutShort(w http.ResponseWriter) {
	conn := hijack(w)
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":")
	conn.Close()
}
