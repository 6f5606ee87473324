package httpapi

import "sync/atomic"

// Drain says whether this node still takes new touches in. The zero Drain
// takes them. It is safe for concurrent use.
type Drain struct{ started atomic.Bool }

// Start refuses new touches from now on; a stream ends after the chunks that
// are being committed.
func (d *Drain) Start() { d.started.Store(true) }

// Stop takes touches again.
func (d *Drain) Stop() { d.started.Store(false) }

// Started reports whether new touches are refused.
func (d *Drain) Started() bool { return d.started.Load() }
