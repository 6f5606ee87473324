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

// promises proves that the capabilities fit the interfaces.
func promises(_ context.Context, b *fixture) error {
	if _, ok := b.adapter.(adapter.BatchSender); b.caps.MaxBatch > 1 && !ok {
		return fmt.Errorf("max batch is %d, but the adapter is no BatchSender", b.caps.MaxBatch)
	}
	if b.Channel == "" || b.Factory.Name == "" {
		return errors.New("the factory has no name, or there is no channel")
	}
	return nil
}

func accepted(ctx context.Context, b *fixture) error {
	d, r, err := b.sendAccepted(ctx)
	if err != nil {
		return err
	}
	if r.VendorID == "" && !b.caps.EchoesID {
		return errors.New("receipts are matched by the vendor's id, and an accepted message has none")
	}
	return b.wantMessages(d, 1)
}

// forgedCalls proves that a vendor who checks signatures does check them.
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
		return fmt.Errorf("a call with a forged signature is %s, not refused", r.Class)
	}
	if signed.Load() {
		return b.wantMessages(d, 0)
	}
	return nil
}

const forgedSignature = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// parallelSends proves that sends in parallel don't take each other's answers.
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
			return errors.New("two messages have one vendor's id")
		}
		seen[r.VendorID] = true
		if err := b.wantMessages(ds[i], 1); err != nil {
			return err
		}
		if q, ok := b.adapter.(adapter.Querier); ok {
			if got := b.record(ds[i], q.Query(ctx, ds[i])); got.VendorID != r.VendorID {
				return errors.New("the vendor knows the message under another id than the answer's")
			}
		}
	}
	return nil
}

// sameIDTwice proves the promise of idempotency.
func sameIDTwice(ctx context.Context, b *fixture) error {
	if b.caps.IdempotencyWindow == 0 {
		return nil
	}
	d, first, err := b.sendAccepted(ctx)
	if err != nil {
		return err
	}
	again := b.send(ctx, d)
	if again.Class != touch.ResultAccepted {
		return fmt.Errorf("the second time is %s, not accepted", again.Class)
	}
	if again.VendorID != first.VendorID {
		return errors.New("the second time has another vendor's id")
	}
	return b.wantMessages(d, 1)
}

// batch proves that a batch is answered for each, in order.
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
			return fmt.Errorf("result %d is another message's", i)
		}
	}
	return nil
}

// queries proves that a query tells the known from the unknown.
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
		return fmt.Errorf("a message that the vendor has is %s", got.Class)
	}
	never := b.dispatch()
	if got := b.record(never, q.Query(ctx, never)); got.Class == touch.ResultAccepted {
		return errors.New("a message that was never sent is accepted")
	}
	b.answerWith(http.NotFoundHandler())
	defer b.answerWith(b.Good)
	if got := b.record(d, q.Query(ctx, d)); b.Good != nil && got.Class != touch.ResultUnknown {
		return fmt.Errorf("a wrong route is %s, not unknown: the message would be sent again", got.Class)
	}
	return nil
}
