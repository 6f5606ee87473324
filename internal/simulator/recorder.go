package simulator

import (
	"context"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Record wraps the factory of one of our own channels, so that the log also has
// what its adapters accept. A repeated id is a replay, because those channels
// store by id. The provider has the factory's name.
func (s *Simulator) Record(f adapter.Factory) adapter.Factory {
	build := f.New
	f.New = func(c any, o adapter.Options) (adapter.Adapter, error) {
		a, err := build(c, o)
		if err != nil {
			return nil, err
		}
		r := recorder{Adapter: a, simulator: s, provider: f.Name}
		if b, ok := a.(adapter.BatchSender); ok {
			return batchRecorder{recorder: r, batch: b}, nil
		}
		return r, nil
	}
	return f
}

// recorder is an adapter that records what the adapter in it accepts.
type recorder struct {
	adapter.Adapter
	simulator *Simulator
	provider  string
}

func (r recorder) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	result := r.Adapter.Send(ctx, d)
	r.record(d, result)
	return result
}

// batchRecorder is a recorder of an adapter that sends batches.
type batchRecorder struct {
	recorder
	batch adapter.BatchSender
}

func (r batchRecorder) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	results := r.batch.SendBatch(ctx, ds)
	for i := range min(len(ds), len(results)) {
		r.record(ds[i], results[i])
	}
	return results
}

// record adds a message to the log if it was accepted.
func (r recorder) record(d adapter.Dispatch, result touch.Result) {
	if result.Class != touch.ResultAccepted {
		return
	}
	m := message{
		id:       d.ID,
		channel:  d.Channel,
		address:  d.Address,
		customer: d.Customer,
		text:     d.Content.Title + d.Content.Body,
		resend:   d.Resend,
	}
	r.simulator.received.add(r.provider, m, r.simulator.o.Now(), -1)
}
