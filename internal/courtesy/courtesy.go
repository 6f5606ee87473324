// SPDX-License-Identifier: Apache-2.0

// Package courtesy has bulk work stand back for moments while urgent work of
// the same process is on its way. Both share cores, the ledger and Redis: what
// bulk has begun goes on, but it begins nothing new, so that an urgent touch
// does not queue behind hundreds of others at each of its steps.
package courtesy

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// patience is longer than an urgent touch needs on an idle machine.
const patience = 25 * time.Millisecond

// Way is what urgent and bulk work share. A nil Way is one on which nobody
// stands back; the zero Way is ready. It is safe for concurrent use.
type Way struct {
	// Patience is for how long bulk stands back at a stretch; 0 is 25 ms. When
	// it has stood back for twice as long in all it is given as long to go on:
	// where urgent ones come without a gap it has half of the time.
	Patience time.Duration

	mu     sync.Mutex
	urgent int           // on their way
	free   chan struct{} // closed when bulk may go on; nil: it may
	late   *time.Timer   // ends its patience
	since  time.Time     // when bulk was last stopped, or let go
	credit time.Duration // for how long it may stand back, as of since
}

// Enter says that urgent work begins: bulk begins nothing until leave is
// called, which more than once does no harm, or until it has lost patience.
func (w *Way) Enter() (leave func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.urgent++
	w.hold()
	return sync.OnceFunc(w.leave)
}

// hold stops bulk, unless it is stopped already or has its turn.
func (w *Way) hold() {
	if w.free != nil {
		return
	}
	now, patience := time.Now(), cmp.Or(w.Patience, patience)
	w.credit, w.since = min(2*patience, w.credit+now.Sub(w.since)), now
	if w.credit < patience {
		return
	}
	free := make(chan struct{})
	w.free = free
	w.late = time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.free == free {
			w.goOn()
		}
	})
}

func (w *Way) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.urgent--; w.urgent == 0 && w.free != nil {
		w.goOn()
	}
}

// goOn lets bulk, which is stopped, go on.
func (w *Way) goOn() {
	w.late.Stop()
	now := time.Now()
	w.credit, w.since = w.credit-now.Sub(w.since), now
	close(w.free)
	w.free = nil
}

// Yield is called before each step of bulk work: it returns when nothing
// urgent is on its way, when bulk has stood back for long enough, or when ctx
// ends.
func (w *Way) Yield(ctx context.Context) {
	if w == nil {
		return
	}
	w.mu.Lock()
	free := w.free
	w.mu.Unlock()
	if free == nil {
		return
	}
	select {
	case <-free:
	case <-ctx.Done():
	}
}
