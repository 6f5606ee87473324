package queue

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
	handle Handler                          // of segments that were enqueued
	work   func(ledger.SegmentRef, Handler) // runs one

	mu      sync.Mutex
	free    int
	closed  bool
	running sync.WaitGroup
}

// take takes a free place, nil when there is none.
func (d *direct) take() Place {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.free == 0 {
		return nil
	}
	d.free--
	d.running.Add(1)
	return func(ref ledger.SegmentRef, work Handler) {
		if work == nil {
			d.leave()
			return
		}
		go func() {
			defer d.leave()
			d.work(ref, work)
		}()
	}
}

func (d *direct) leave() {
	d.mu.Lock()
	d.free++
	d.mu.Unlock()
	d.running.Done()
}

// Place is a direct place that was taken. Call it once: with a segment and the
// work on it, which begins at once, or without work to give the place back.
type Place = func(ref ledger.SegmentRef, work Handler)

// Place takes a direct place of a lane, for a segment that is still to be made;
// nil when none is free. If the work fails the segment goes into the queue.
func (l *Queue) Place(lane string) Place {
	if d := l.directOf(lane); d != nil {
		return d.take()
	}
	return nil
}

func (l *Queue) directOf(lane string) *direct {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.direct[lane]
}

// close takes no more and waits for those running.
func (d *direct) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.running.Wait()
}

// handOver gives ref to a direct place of this process, if there is a free one.
func (l *Queue) handOver(ref ledger.SegmentRef) bool {
	d := l.directOf(ref.Lane)
	if d == nil {
		return false
	}
	place := d.take()
	if place != nil {
		place(ref, d.handle)
	}
	return place != nil
}

// openDirect makes the direct places of a lane; the answer closes them.
func (l *Queue) openDirect(ctx context.Context, c Lane, handle Handler) (stop func()) {
	d := &direct{free: c.Direct, handle: handle}
	d.work = func(ref ledger.SegmentRef, work Handler) {
		if l.work(ctx, ref, work) == nil {
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
