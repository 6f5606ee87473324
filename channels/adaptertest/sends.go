package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// capabilities checks that the capabilities match the interfaces that the adapter
// implements, and that the factory has a name.
func capabilities(_ context.Context, b *fixture) error {
	if _, ok := b.adapter.(adapter.BatchSender); b.caps.MaxBatch > 1 && !ok {
		return fmt.Errorf("MaxBatch is %d, but the adapter is no BatchSender", b.caps.MaxBatch)
	}
	if b.Channel == "" || b.Factory.Name == "" {
		return errors.New("the factory has no name, or neither factory nor target has a channel")
	}
	return nil
}

// accepted checks a plain send: the vendor sends one message, and its receipts can
// be matched.
func accepted(ctx context.Context, b *fixture) error {
	d, r, err := b.sendAccepted(ctx)
	if err != nil {
		return err
	}
	if r.VendorID == "" && !b.caps.EchoesID {
		return errors.New("the result has no vendor id, but without EchoesID only the vendor id matches receipts")
	}
	return b.wantMessages(d, 1)
}

// forgedCalls corrupts the signature of a call on its way to the vendor. It checks
// that the vendor sends nothing, and that the result is Misconfigured. It checks
// nothing if the adapter does not sign its calls.
func forgedCalls(ctx context.Context, b *fixture) error {
	if b.Good == nil {
		return nil
	}
	var signed atomic.Bool
	b.answerWith(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Webhook-Signature") != "" {
			signed.Store(true)
			r.Header.Set("Webhook-Signature", "v1,"+forgedSignature)
		}
		b.Good.ServeHTTP(w, r)
	}))
	defer b.answerWith(b.Good)
	d := b.dispatch()
	if r := b.send(ctx, d); signed.Load() && r.Class != touch.ResultMisconfigured {
		return fmt.Errorf("a call with a forged signature is %s, not misconfigured", r.Class)
	}
	if signed.Load() {
		return b.wantMessages(d, 0)
	}
	return nil
}

// forgedSignature has the length of a real signature.
const forgedSignature = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// parallelSends checks that sends in parallel do not mix up their results.
func parallelSends(ctx context.Context, b *fixture) error {
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
		if r.Class != touch.ResultAccepted {
			return fmt.Errorf("the result is %s, not accepted", r.Class)
		}
		if r.VendorID != "" && seen[r.VendorID] {
			return errors.New("two messages have the same vendor id")
		}
		seen[r.VendorID] = true
		if err := b.wantMessages(ds[i], 1); err != nil {
			return err
		}
		if q, ok := b.adapter.(adapter.Querier); ok {
			if got := b.record(ds[i], q.Query(ctx, ds[i])); got.VendorID != r.VendorID {
				return errors.New("a query and a send return different vendor ids for one message")
			}
		}
	}
	return nil
}

// repeatedID checks Capabilities.IdempotencyWindow: a second send with the same id
// is accepted with the same vendor id, and the vendor sends one message.
func repeatedID(ctx context.Context, b *fixture) error {
	if b.caps.IdempotencyWindow == 0 {
		return nil
	}
	d, first, err := b.sendAccepted(ctx)
	if err != nil {
		return err
	}
	again := b.send(ctx, d)
	if again.Class != touch.ResultAccepted {
		return fmt.Errorf("the second send is %s, not accepted", again.Class)
	}
	if again.VendorID != first.VendorID {
		return errors.New("the second send has a different vendor id")
	}
	return b.wantMessages(d, 1)
}

// batch checks that SendBatch returns one result per dispatch, in order. To check the
// order it sends each dispatch once more by itself and compares the vendor ids.
func batch(ctx context.Context, b *fixture) error {
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
		if b.record(ds[i], r).Class != touch.ResultAccepted {
			return fmt.Errorf("the result is %s, not accepted", r.Class)
		}
		if err := b.wantMessages(ds[i], 1); err != nil {
			return err
		}
		if b.caps.IdempotencyWindow == 0 {
			continue
		}
		if again := b.send(ctx, ds[i]); again.VendorID != r.VendorID {
			return fmt.Errorf("result %d belongs to another message", i)
		}
	}
	return nil
}

// queries checks that Query finds a message that was sent and does not find one that
// was not. A response of 404 without a body may come from a wrong route, so it must
// be Unknown: after Retryable the host would send the message again.
func queries(ctx context.Context, b *fixture) error {
	q, ok := b.adapter.(adapter.Querier)
	if !ok {
		return nil
	}
	d, r, err := b.sendAccepted(ctx)
	if err != nil {
		return err
	}
	if got := b.record(d, q.Query(ctx, d)); got.Class != touch.ResultAccepted || got.VendorID != r.VendorID {
		return fmt.Errorf("the query for a message that was sent returns %s", got.Class)
	}
	never := b.dispatch()
	if got := b.record(never, q.Query(ctx, never)); got.Class == touch.ResultAccepted {
		return errors.New("the query for a message that was never sent returns accepted")
	}
	b.answerWith(http.NotFoundHandler())
	defer b.answerWith(b.Good)
	if got := b.record(d, q.Query(ctx, d)); b.Good != nil && got.Class != touch.ResultUnknown {
		return fmt.Errorf("the query on a wrong route returns %s, not unknown: the host would send again", got.Class)
	}
	return nil
}
