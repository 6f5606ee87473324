package httpapi

import "sync/atomic"

// Gate says whether new touches are taken in. The zero Gate is open.
type Gate struct{ closed atomic.Bool }

// Close refuses new touches from now on; streams end after the chunk in hand.
func (g *Gate) Close() { g.closed.Store(true) }

// Open takes touches again.
func (g *Gate) Open() { g.closed.Store(false) }

// Closed reports whether new touches are refused.
func (g *Gate) Closed() bool { return g.closed.Load() }
