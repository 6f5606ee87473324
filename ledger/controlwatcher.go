package ledger

import (
	"context"
	"sync"
	"sync/atomic"
)

// ControlReader is the part of Controls that a ControlWatcher polls.
type ControlReader interface {
	Read(ctx context.Context) (*Control, error)
	Version(ctx context.Context) (ControlVersion, error)
}

// ControlWatcher keeps a node's copy of Control fresh. It is safe for concurrent
// use.
type ControlWatcher struct {
	source   ControlReader
	onChange func(ctx context.Context, c *Control) error
	current  atomic.Pointer[Control]
	mu       sync.Mutex // one refresh at a time
}

// NewControlWatcher returns a watcher that has no Control yet.
func NewControlWatcher(source ControlReader) *ControlWatcher { return &ControlWatcher{source: source} }

// OnChange has prepare called before a new Control is published, for what must
// be ready by then, such as compiling policies. An error of prepare keeps the
// old Control, and the next Refresh tries again. Call OnChange once, before the
// first Refresh.
func (w *ControlWatcher) OnChange(prepare func(ctx context.Context, c *Control) error) {
	w.onChange = prepare
}

// Current returns the latest Control; nil before the first Refresh.
func (w *ControlWatcher) Current() *Control { return w.current.Load() }

// Refresh reads the version, and everything when it has changed. Errors are
// those of the ledger and of the function given to OnChange.
func (w *ControlWatcher) Refresh(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.current.Load()
	if old != nil {
		version, err := w.source.Version(ctx)
		if err != nil || version == old.Version {
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
