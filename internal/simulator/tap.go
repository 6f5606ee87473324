package simulator

import (
	"context"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Tap wraps the factory of one of our own channels, so that what its adapters
// accept stands in the truth beside what the vendors took. A repeated id is a
// replay there, since those channels store by id. The provider is named as the
// factory.
func (s *Simulator) Tap(f adapter.Factory) adapter.Factory {
	build := f.New
	f.New = func(c any, o adapter.Options) (adapter.Adapter, error) {
		a, err := build(c, o)
		if err != nil {
			return nil, err
		}
		t := tap{a, s, f.Name}
		if b, ok := a.(adapter.BatchSender); ok {
			return batchTap{t, b}, nil
		}
		return t, nil
	}
	return f
}

type tap struct {
	adapter.Adapter
	s        *Simulator
	provider string
}

func (t tap) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	r := t.Adapter.Send(ctx, d)
	t.note(d, r)
	return r
}

type batchTap struct {
	tap
	b adapter.BatchSender
}

func (t batchTap) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	rs := t.b.SendBatch(ctx, ds)
	for i := range min(len(ds), len(rs)) {
		t.note(ds[i], rs[i])
	}
	return rs
}

func (t tap) note(d adapter.Dispatch, r touch.Result) {
	if r.Class == touch.ResultAccepted {
		m := message{id: d.ID, channel: d.Channel, address: d.Address, customer: d.Customer, text: d.Content.Title + d.Content.Body, resend: d.Resend}
		t.s.truth.take(t.provider, m, t.s.o.Now(), -1)
	}
}
