package queue

import (
	"context"
	"log/slog"
	"sync"

	"touchgate.dev/ledger"
)

// inlineLane runs segments of one lane in this process, without a way through
// Redis. Asynq polls an empty queue, which costs an urgent touch half a poll on
// average; a free slot costs nothing. It is safe without Redis: the segment is
// in the ledger, and if this process dies the reconciler finds it like any
// segment whose worker died.
type inlineLane struct {
	queue  *Queue
	handle Handler // of segments that Enqueue puts into a slot
	// work is the context of the work. It ends after the grace time.
	work context.Context

	mu      sync.Mutex
	free    int
	closed  bool
	running sync.WaitGroup
}

// take takes a free slot; nil if there is none.
func (l *inlineLane) take() *Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.free == 0 {
		return nil
	}
	l.free--
	l.running.Add(1)
	return &Slot{lane: l}
}

// put frees a slot.
func (l *inlineLane) put() {
	l.mu.Lock()
	l.free++
	l.mu.Unlock()
	l.running.Done()
}

// close takes no more work and waits for what runs.
func (l *inlineLane) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.running.Wait()
}

// Slot is a place of this process to work on one segment. Call exactly one of
// Run and Release, once.
type Slot struct{ lane *inlineLane }

// Run works on a segment in the background and frees the slot afterwards. If
// the work fails, the segment goes to the queue.
func (s *Slot) Run(ref ledger.SegmentRef, work Handler) {
	go func() {
		defer s.lane.put()
		s.lane.run(ref, work)
	}()
}

// Release frees the slot unused.
func (s *Slot) Release() { s.lane.put() }

// run works on one segment. If that fails the queue brings it again, and if it
// cannot be queued either, the reconciler does.
func (l *inlineLane) run(ref ledger.SegmentRef, work Handler) {
	if l.queue.work(l.work, ref, work) == nil {
		return
	}
	if err := l.queue.enqueue(context.WithoutCancel(l.work), ref); err != nil {
		l.queue.log.LogAttrs(l.work, slog.LevelWarn, "segment left to the reconciler", slog.String("lane", ref.Lane),
			slog.Int64("segment", ref.Segment), slog.Any("error", err))
	}
}

// TakeSlot takes a slot of a lane for a segment that is still to be made. It
// returns nil if none is free, or if the lane is not served here.
func (q *Queue) TakeSlot(lane string) *Slot {
	if l := q.inlineLane(lane); l != nil {
		return l.take()
	}
	return nil
}

// tryInline gives a segment to a free slot of this process, if there is one.
func (q *Queue) tryInline(ref ledger.SegmentRef) bool {
	l := q.inlineLane(ref.Lane)
	if l == nil {
		return false
	}
	slot := l.take()
	if slot == nil {
		return false
	}
	slot.Run(ref, l.handle)
	return true
}

func (q *Queue) inlineLane(lane string) *inlineLane {
	q.mu.RLock()
	defer q.mu.RUnlock()
	return q.inline[lane]
}

// startInline makes the slots of a lane. Call stop to close them.
func (q *Queue) startInline(work context.Context, c Lane, handle Handler) (stop func()) {
	l := &inlineLane{queue: q, handle: handle, work: work, free: c.Slots}
	q.mu.Lock()
	q.inline[c.Name] = l
	q.mu.Unlock()
	return func() {
		q.mu.Lock()
		delete(q.inline, c.Name)
		q.mu.Unlock()
		l.close()
	}
}
