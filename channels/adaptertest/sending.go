package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// How long an adapter may take to notice that its context ended.
const promptly = 2 * time.Second

// promises proves that the capabilities fit the interfaces.
func promises(_ context.Context, b *bench) error {
	if _, ok := b.adapter.(adapter.BatchSender); b.caps.MaxBatch > 1 && !ok {
		return fmt.Errorf("max batch is %d, but the adapter is no BatchSender", b.caps.MaxBatch)
	}
	if b.Channel == "" || b.Factory.Name == "" {
		return errors.New("the factory has no name, or there is no channel")
	}
	return nil
}

func accepted(ctx context.Context, b *bench) error {
	d, r, err := b.good(ctx)
	if err != nil {
		return err
	}
	if r.VendorID == "" && !b.caps.EchoesID {
		return errors.New("receipts are matched by the vendor's id, and an accepted message has none")
	}
	return b.messages(d, 1)
}

// faults provokes each fault, with a good message before it, so that it is also
// proven that the adapter recovers.
func faults(ctx context.Context, b *bench) error {
	var broken []error
	for _, f := range append(b.common(), b.Faults...) {
		if _, _, err := b.good(ctx); err != nil {
			return fmt.Errorf("before %q: %w", f.Name, err)
		}
		if err := b.provoke(ctx, f); err != nil {
			broken = append(broken, fmt.Errorf("%q: %w", f.Name, err))
		}
	}
	_, _, err := b.good(ctx)
	return errors.Join(append(broken, err)...)
}

func (b *bench) provoke(ctx context.Context, f Fault) error {
	if f.Handler != nil {
		b.answer(f.Handler)
		defer b.answer(b.Good)
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
	case r.Class == touch.Throttled && r.RetryAfter <= 0:
		return errors.New("throttled without a delay")
	case r.Class == touch.Rejected && r.Reason == "":
		return errors.New("rejected without a reason")
	}
	return nil
}

// common are the faults that any vendor over HTTP may have. The answers quote
// the request, as careless vendors do.
func (b *bench) common() []Fault {
	if b.Good == nil {
		return nil
	}
	quote := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			w.Write(body)
			fmt.Fprint(w, r.Header, b.Secrets)
		})
	}
	return []Fault{
		{Name: "429", Handler: quote(http.StatusTooManyRequests), Want: touch.Throttled, RetryAfter: 7 * time.Second},
		{Name: "401", Handler: quote(http.StatusUnauthorized), Want: touch.Misconfigured},
		{Name: "403", Handler: quote(http.StatusForbidden), Want: touch.Misconfigured},
		{Name: "422", Handler: quote(http.StatusUnprocessableEntity), Want: touch.Rejected},
		{Name: "500 that may have sent", Handler: quote(http.StatusInternalServerError), Want: touch.ResultUnknown},
		{Name: "502", Handler: quote(http.StatusBadGateway), Want: touch.ResultUnknown},
		{Name: "200 with garbage", Handler: quote(http.StatusOK), Want: touch.ResultUnknown},
		{Name: "200 with nothing", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Want: touch.ResultUnknown},
		{Name: "accepted, then reset", Handler: b.then(reset), Want: touch.ResultUnknown},
		{Name: "accepted, then cut short", Handler: b.then(cutShort), Want: touch.ResultUnknown},
	}
}

// then lets the good vendor take the message and breaks the answer.
func (b *bench) then(broken func(http.ResponseWriter)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.Good.ServeHTTP(&muffled{header: http.Header{}}, r)
		broken(w)
	})
}

// muffled swallows an answer.
type muffled struct{ header http.Header }

func (m *muffled) Header() http.Header         { return m.header }
func (m *muffled) Write(p []byte) (int, error) { return len(p), nil }
func (m *muffled) WriteHeader(int)             {}

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

func reset(w http.ResponseWriter) {
	conn := hijack(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

func cutShort(w http.ResponseWriter) {
	conn := hijack(w)
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":")
	conn.Close()
}

// oneAttempt proves that a failed call is not made again, by the adapter or by
// net/http beneath it.
func oneAttempt(ctx context.Context, b *bench) error {
	if b.Good == nil {
		return nil
	}
	for _, broken := range []func(http.ResponseWriter){reset, cutShort, func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }} {
		if _, _, err := b.good(ctx); err != nil { // also leaves a kept connection behind
			return err
		}
		var calls atomic.Int64
		b.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			io.Copy(io.Discard, r.Body)
			broken(w)
		}))
		b.send(ctx, b.dispatch())
		b.answer(b.Good)
		if n := calls.Load(); n != 1 {
			return fmt.Errorf("the vendor was called %d times", n)
		}
	}
	return nil
}

// refusedConnection proves that a vendor that is gone is a known non-send.
func refusedConnection(ctx context.Context, b *bench) error {
	if b.Good == nil {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	nobody := "http://" + l.Addr().String()
	l.Close()
	a, err := b.build(nobody)
	if err != nil {
		return err
	}
	d := b.dispatch()
	if r := b.note(d, a.Send(ctx, d)); r.Class != touch.Retryable {
		return fmt.Errorf("the result is %s, not retryable", r.Class)
	}
	return nil
}

// endsWithContext proves that a vendor who says nothing costs no more than the
// context, and that the message counts as perhaps sent.
func endsWithContext(ctx context.Context, b *bench) error {
	if b.Good == nil {
		return nil
	}
	if _, _, err := b.good(ctx); err != nil {
		return err
	}
	b.answer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer b.answer(b.Good)
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
		if took := time.Since(start); took > promptly {
			return fmt.Errorf("%s: the adapter came back after %s", name, took)
		}
		if r.Class != touch.ResultUnknown {
			return fmt.Errorf("%s: the result is %s, not unknown", name, r.Class)
		}
	}
	return nil
}

// forgedCalls proves that a vendor who checks signatures does check them.
func forgedCalls(ctx context.Context, b *bench) error {
	if b.Good == nil {
		return nil
	}
	var signed atomic.Bool
	b.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Webhook-Signature") != "" {
			signed.Store(true)
			r.Header.Set("Webhook-Signature", "v1,"+forgedSignature)
		}
		b.Good.ServeHTTP(w, r)
	}))
	defer b.answer(b.Good)
	d := b.dispatch()
	if r := b.send(ctx, d); signed.Load() && r.Class != touch.Misconfigured {
		return fmt.Errorf("a call with a forged signature is %s, not refused", r.Class)
	}
	if signed.Load() {
		return b.messages(d, 0)
	}
	return nil
}

const forgedSignature = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// apart proves that sends in parallel don't take each other's answers.
func apart(ctx context.Context, b *bench) error {
	const n = 32
	ds, rs := make([]adapter.Dispatch, n), make([]touch.Result, n)
	var wg sync.WaitGroup
	for i := range ds {
		ds[i] = b.dispatch()
		wg.Go(func() { rs[i] = b.send(ctx, ds[i]) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for i, r := range rs {
		if r.Class != touch.Accepted {
			return fmt.Errorf("the result is %s, not accepted", r.Class)
		}
		if r.VendorID != "" && seen[r.VendorID] {
			return errors.New("two messages have one vendor's id")
		}
		seen[r.VendorID] = true
		if err := b.messages(ds[i], 1); err != nil {
			return err
		}
		if q, ok := b.adapter.(adapter.Querier); ok {
			if got := b.note(ds[i], q.Query(ctx, ds[i])); got.VendorID != r.VendorID {
				return errors.New("the vendor knows the message under another id than the answer's")
			}
		}
	}
	return nil
}

// twice proves the promise of idempotency.
func twice(ctx context.Context, b *bench) error {
	if b.caps.IdempotencyWindow == 0 {
		return nil
	}
	d, first, err := b.good(ctx)
	if err != nil {
		return err
	}
	again := b.send(ctx, d)
	if again.Class != touch.Accepted {
		return fmt.Errorf("the second time is %s, not accepted", again.Class)
	}
	if again.VendorID != first.VendorID {
		return errors.New("the second time has another vendor's id")
	}
	return b.messages(d, 1)
}

// batch proves that a batch is answered for each, in order.
func batch(ctx context.Context, b *bench) error {
	s, ok := b.adapter.(adapter.BatchSender)
	if !ok || b.caps.MaxBatch < 2 {
		return nil
	}
	ds := make([]adapter.Dispatch, min(b.caps.MaxBatch, 7))
	for i := range ds {
		ds[i] = b.dispatch()
	}
	rs := s.SendBatch(ctx, ds)
	if len(rs) != len(ds) {
		return fmt.Errorf("%d results for %d dispatches", len(rs), len(ds))
	}
	for i, r := range rs {
		if b.note(ds[i], r).Class != touch.Accepted {
			return fmt.Errorf("the result is %s, not accepted", r.Class)
		}
		if err := b.messages(ds[i], 1); err != nil {
			return err
		}
		if b.caps.IdempotencyWindow == 0 {
			continue
		}
		if again := b.send(ctx, ds[i]); again.VendorID != r.VendorID {
			return fmt.Errorf("result %d is another message's", i)
		}
	}
	return nil
}

// asked proves that a query tells the known from the unknown.
func asked(ctx context.Context, b *bench) error {
	q, ok := b.adapter.(adapter.Querier)
	if !ok {
		return nil
	}
	d, r, err := b.good(ctx)
	if err != nil {
		return err
	}
	if got := b.note(d, q.Query(ctx, d)); got.Class != touch.Accepted || got.VendorID != r.VendorID {
		return fmt.Errorf("a message that the vendor has is %s", got.Class)
	}
	never := b.dispatch()
	if got := b.note(never, q.Query(ctx, never)); got.Class == touch.Accepted {
		return errors.New("a message that was never sent is accepted")
	}
	b.answer(http.NotFoundHandler())
	defer b.answer(b.Good)
	if got := b.note(d, q.Query(ctx, d)); b.Good != nil && got.Class != touch.ResultUnknown {
		return fmt.Errorf("a wrong route is %s, not unknown: the message would be sent again", got.Class)
	}
	return nil
}
