package ledger

import (
	"context"
	"sync"
	"sync/atomic"
)

// Watcher keeps a node's view of Control fresh: each Refresh looks at the
// fence, and reads everything when the number has risen.
type Watcher struct {
	source   Controls
	onChange func(ctx context.Context, c *Control) error
	current  atomic.Pointer[Control]
	mu       sync.Mutex // one refresh at a time
}

// NewWatcher makes a watcher. onChange runs before a new view is published and
// may do what must be ready by then (compile policies); its error keeps the
// old view, and the next poll tries again.
func NewWatcher(source Controls, onChange func(ctx context.Context, c *Control) error) *Watcher {
	return &Watcher{source: source, onChange: onChange}
}

// Current is the latest view; nil before the first Refresh.
func (w *Watcher) Current() *Control { return w.current.Load() }

// Refresh reads the fence, and everything if it has risen.
func (w *Watcher) Refresh(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.current.Load()
	if old != nil {
		fence, err := w.source.Version(ctx)
		if err != nil || fence == old.Version {
			return err
		}
	}
	c, err := w.source.Read(ctx)
	if err != nil {
		return err
	}
	if w.onChange != nil {
		if err := w.onChange(ctx, c); err != nil {
			return err
		}
	}
	w.current.Store(c)
	return nil
}
