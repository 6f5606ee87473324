package lanes

import (
	"context"
	"sync"

	"touchgate.dev/ledger"
)

// direct is the short way from Enqueue to a handler in the same process. Asynq
// polls an empty queue, which costs an urgent touch half a poll on average;
// a free direct place costs nothing. Safe without Redis: the segment is in the
// ledger, and if this process dies the reconciler finds it as it finds those
// that a dead worker had taken from the queue.
type direct struct {
	handle func(ledger.SegmentRef)

	mu      sync.Mutex
	free    int
	closed  bool
	running sync.WaitGroup
}

// take runs the handler on ref in a free place, if there is one.
func (d *direct) take(ref ledger.SegmentRef) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.free == 0 {
		return false
	}
	d.free--
	d.running.Go(func() {
		d.handle(ref)
		d.mu.Lock()
		d.free++
		d.mu.Unlock()
	})
	return true
}

// close takes no more and waits for those running.
func (d *direct) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.running.Wait()
}

// handOver gives ref to a direct place of this process, if there is a free one.
func (l *Lanes) handOver(ref ledger.SegmentRef) bool {
	l.mu.RLock()
	d := l.direct[ref.Lane]
	l.mu.RUnlock()
	return d != nil && d.take(ref)
}

// openDirect makes the direct places of a lane; the answer closes them.
func (l *Lanes) openDirect(ctx context.Context, c LaneConfig, handle Handler) (stop func()) {
	d := &direct{free: c.Direct}
	d.handle = func(ref ledger.SegmentRef) {
		if l.work(ctx, ref, handle) == nil {
			return
		}
		// It failed: the queue will bring it again. If that fails too, the
		// reconciler will.
		if err := l.enqueue(context.WithoutCancel(ctx), ref); err != nil {
			l.o.Logger.WarnContext(ctx, "segment left to the reconciler", "lane", ref.Lane, "segment", ref.Segment, "error", err)
		}
	}
	l.mu.Lock()
	l.direct[c.Name] = d
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		delete(l.direct, c.Name)
		l.mu.Unlock()
		d.close()
	}
}
