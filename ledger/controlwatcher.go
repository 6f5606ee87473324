package ledger

import (
	"context"
	"sync/atomic"
	"time"

	"touchgate.dev/internal/loop"
)

const (
	// ConfirmWithin is how old a process's knowledge of the controls may be when
	// it begins a call to a vendor. AnswerSettled waits for longer.
	ConfirmWithin = 200 * time.Millisecond
	// confirmEvery is how often the controls are read while calls are made: often
	// enough that one slow read keeps no call waiting.
	confirmEvery = 50 * time.Millisecond
	// watchEvery is how often they are read otherwise.
	watchEvery = 200 * time.Millisecond
	// refreshTimeout is how long one read may take.
	refreshTimeout = 5 * time.Second
)

// ControlReader is the part of Controls that a ControlWatcher polls.
type ControlReader interface {
	ReadSince(ctx context.Context, known *Control) (*Control, error)
	Version(ctx context.Context) (ControlVersion, error)
}

// ControlWatcher keeps a node's copy of Control fresh. It is safe for concurrent
// use.
type ControlWatcher struct {
	source   ControlReader
	onChange func(ctx context.Context, c *Control) error
	elapsed  func() time.Duration

	current atomic.Pointer[Control]
	// confirmed is when the read began that found current to be the newest;
	// negative before the first read.
	confirmed atomic.Int64
	wanted    atomic.Bool // somebody has asked for a confirmation

	refreshing chan struct{} // one entry while a refresh runs; it guards:
	failure    error         // of the latest refresh; nil: it succeeded
	failedAt   time.Duration
}

// NewControlWatcher returns a watcher that has no Control yet.
func NewControlWatcher(source ControlReader) *ControlWatcher {
	start := time.Now()
	w := &ControlWatcher{
		source:     source,
		elapsed:    func() time.Duration { return time.Since(start) },
		refreshing: make(chan struct{}, 1),
	}
	w.confirmed.Store(-1)
	return w
}

// UseClock sets the time elapsed since some instant, which nobody can set; the
// default is Go's, which leaves out the time in which the machine was suspended.
// Call it once, before the first Refresh.
func (w *ControlWatcher) UseClock(elapsed func() time.Duration) { w.elapsed = elapsed }

// OnChange has prepare called before a new Control is published, for what must
// be ready by then, such as compiling policies. An error of prepare keeps the
// old Control, and the next Refresh tries again. Call OnChange once, before the
// first Refresh.
func (w *ControlWatcher) OnChange(prepare func(ctx context.Context, c *Control) error) {
	w.onChange = prepare
}

// Current returns the latest Control; nil before the first Refresh.
func (w *ControlWatcher) Current() *Control { return w.current.Load() }

// Elapsed is the time by which confirmations are dated.
func (w *ControlWatcher) Elapsed() time.Duration { return w.elapsed() }

// Run keeps the Control fresh until ctx ends: while calls are made it is read so
// often that Confirm need not wait.
func (w *ControlWatcher) Run(ctx context.Context, report func(error)) {
	last := w.elapsed()
	loop.Every(ctx, confirmEvery, func(ctx context.Context) error {
		now := w.elapsed()
		if !w.wanted.Swap(false) && now-last < watchEvery-confirmEvery/2 {
			return nil
		}
		last = now
		return w.Refresh(ctx)
	}, report)
}

// Confirm returns a Control that was the newest at an instant at most
// ConfirmWithin ago. since is an instant by Elapsed at which the caller itself knew
// of no change that matters to it: if that is not longer ago, any Control will do.
// Otherwise, if no read has said so, it reads now and waits for that. Errors are
// those of Refresh, and that of ctx.
func (w *ControlWatcher) Confirm(ctx context.Context, since time.Duration) (*Control, error) {
	asked := w.elapsed()
	if c := w.fresh(asked); c != nil {
		return c, nil
	}
	if asked-since <= ConfirmWithin {
		return w.current.Load(), nil
	}
	if err := w.lock(ctx); err != nil {
		return nil, err
	}
	defer w.unlock()
	if c := w.fresh(w.elapsed()); c != nil {
		return c, nil // somebody else has read meanwhile
	}
	if w.failure != nil && w.failedAt > asked {
		return nil, w.failure // or has tried to: a ledger that is down is not asked by each caller
	}
	if err := w.refresh(ctx); err != nil {
		return nil, err
	}
	return w.current.Load(), nil
}

// fresh returns the Control if it was confirmed not long before now.
func (w *ControlWatcher) fresh(now time.Duration) *Control {
	// The instant is loaded before the Control, and stored after it: so the
	// Control is at least as new as the instant says.
	at := time.Duration(w.confirmed.Load())
	age := now - at
	if age > confirmEvery && !w.wanted.Load() {
		w.wanted.Store(true)
	}
	if at < 0 || age > ConfirmWithin {
		return nil
	}
	return w.current.Load()
}

// Refresh reads the version, and what has changed since. Errors are those of the
// ledger and of the function given to OnChange.
func (w *ControlWatcher) Refresh(ctx context.Context) error {
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	return w.refresh(ctx)
}

func (w *ControlWatcher) lock(ctx context.Context) error {
	select {
	case w.refreshing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *ControlWatcher) unlock() { <-w.refreshing }

// refresh is Refresh for one that holds the lock.
func (w *ControlWatcher) refresh(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	began := w.elapsed()
	w.failure = w.read(limited)
	if w.failure != nil {
		w.failedAt = w.elapsed()
		err := w.failure
		if ctx.Err() != nil {
			w.failure = nil // the fault of this caller, not of the ledger
		}
		return err
	}
	w.confirmed.Store(int64(began))
	return nil
}

// read publishes the newest Control.
func (w *ControlWatcher) read(ctx context.Context) error {
	old := w.current.Load()
	if old != nil {
		version, err := w.source.Version(ctx)
		if err != nil || version == old.Version {
			return err
		}
	}
	c, err := w.source.ReadSince(ctx, old)
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
