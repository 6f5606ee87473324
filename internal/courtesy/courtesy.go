// SPDX-License-Identifier: Apache-2.0

// Package courtesy has bulk work stand back for moments while urgent work of
// the same process is on its way. Both share cores, the ledger and Redis: what
// bulk has begun goes on, but it begins nothing new, so that an urgent touch
// does not queue behind hundreds of others at each of its steps.
package courtesy

import (
	"context"
	"sync"
	"time"
)

// patience is for how long one step of bulk stands back: longer than an urgent
// touch needs on an idle machine. Where urgent ones come without a gap, bulk
// goes on at a step each patience.
const patience = 25 * time.Millisecond

// Way is what urgent and bulk work share. A nil Way is one on which nobody
// stands back. It is safe for concurrent use.
type Way struct {
	mu     sync.Mutex
	urgent int           // on their way
	free   chan struct{} // closed when the last of them leaves; nil: none is there
}

// Enter says that urgent work begins: bulk begins nothing until leave is
// called, which more than once does no harm.
func (w *Way) Enter() (leave func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.urgent++; w.urgent == 1 {
		w.free = make(chan struct{})
	}
	return sync.OnceFunc(w.leave)
}

func (w *Way) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.urgent--; w.urgent == 0 {
		close(w.free)
		w.free = nil
	}
}

// Yield is called before each step of bulk work: it returns when nothing
// urgent is on its way, when it has lost patience, or when ctx ends.
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
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-free:
	case <-late.C:
	case <-ctx.Done():
	}
}
