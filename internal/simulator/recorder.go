package simulator

import (
	"context"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Record wraps the factory of a first-party channel, such as the inbox. Each message
// that its adapters accept is also added to the log, with the factory's name as
// provider. A repeated id is a replay, because these channels store messages by id.
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

// recorder is an adapter that logs what the wrapped adapter accepts.
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

// batchRecorder is a recorder for an adapter that implements adapter.BatchSender.
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

// record adds a message to the log if the result is Accepted.
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
