package adaptertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"touchgate.dev/touch"
)

// maxDelay is how long after the start of a send the adapter may return. The
// context of the send ends after 100 ms.
const maxDelay = 2 * time.Second

// oneAttempt checks that neither the adapter nor net/http repeats a failed call.
// net/http repeats a request by itself if a kept connection turns out to be
// closed and the request's body can be rewound.
func oneAttempt(ctx context.Context, b *fixture) error {
	if b.Good == nil {
		return nil
	}
	for _, broken := range []func(http.ResponseWriter){reset, cutShort, func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }} {
		if _, _, err := b.sendAccepted(ctx); err != nil { // leaves an idle connection, which the next call reuses
			return err
		}
		var calls atomic.Int64
		b.answerWith(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			io.Copy(io.Discard, r.Body)
			broken(w)
		}))
		b.send(ctx, b.dispatch())
		b.answerWith(b.Good)
		if n := calls.Load(); n != 1 {
			return fmt.Errorf("the vendor was called %d times", n)
		}
	}
	return nil
}

// refusedConnection checks that a refused connection is Retryable: the message
// certainly was not sent.
func refusedConnection(ctx context.Context, b *fixture) error {
	if b.Good == nil {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	closedURL := "http://" + l.Addr().String()
	l.Close()
	a, err := b.build(closedURL)
	if err != nil {
		return err
	}
	d := b.dispatch()
	if r := b.record(d, a.Send(ctx, d)); r.Class != touch.ResultRetryable {
		return fmt.Errorf("the result is %s, not retryable", r.Class)
	}
	return nil
}

// contextEnd checks that Send returns soon after its context ends while the vendor
// hangs, and that the result is Unknown, because the vendor has the request.
func contextEnd(ctx context.Context, b *fixture) error {
	if b.Good == nil {
		return nil
	}
	if _, _, err := b.sendAccepted(ctx); err != nil {
		return err
	}
	b.answerWith(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer b.answerWith(b.Good)
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"deadline": func() (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 100*time.Millisecond) },
		"cancel": func() (context.Context, context.CancelFunc) {
			c, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			return c, cancel
		},
	} {
		short, cancel := end()
		start := time.Now()
		r := b.send(short, b.dispatch())
		cancel()
		if took := time.Since(start); took > maxDelay {
			return fmt.Errorf("%s: Send returned after %s", name, took)
		}
		if r.Class != touch.ResultUnknown {
			return fmt.Errorf("%s: the result is %s, not unknown", name, r.Class)
		}
	}
	return nil
}
