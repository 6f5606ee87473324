package simulator

import (
	"context"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Record wraps the factory of one of our own channels, so that what its adapters
// accept stands in the truth beside what the vendors took. A repeated id is a
// replay there, since those channels store by id. The provider is named as the
// factory.
func (s *Simulator) Record(f adapter.Factory) adapter.Factory {
	build := f.New
	f.New = func(c any, o adapter.Options) (adapter.Adapter, error) {
		a, err := build(c, o)
		if err != nil {
			return nil, err
		}
		t := recorder{a, s, f.Name}
		if b, ok := a.(adapter.BatchSender); ok {
			return batchRecorder{t, b}, nil
		}
		return t, nil
	}
	return f
}

type recorder struct {
	adapter.Adapter
	s        *Simulator
	provider string
}

func (t recorder) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	r := t.Adapter.Send(ctx, d)
	t.record(d, r)
	return r
}

type batchRecorder struct {
	recorder
	b adapter.BatchSender
}

func (t batchRecorder) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	rs := t.b.SendBatch(ctx, ds)
	for i := range min(len(ds), len(rs)) {
		t.record(ds[i], rs[i])
	}
	return rs
}

func (t recorder) record(d adapter.Dispatch, r touch.Result) {
	if r.Class == touch.ResultAccepted {
		m := message{id: d.ID, channel: d.Channel, address: d.Address, customer: d.Customer, text: d.Content.Title + d.Content.Body, resend: d.Resend}
		t.s.received.add(t.provider, m, t.s.o.Now(), -1)
	}
}
