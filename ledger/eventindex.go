package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// EventIndex says where events of a caller stand, without reading the events.
type EventIndex interface {
	// Active returns which of the callers may have events in records of the
	// journal after a position, and the position up to which it looked. A caller
	// that it leaves out has none.
	Active(ctx context.Context, callers []string, after int64) (active []string, through int64, err error)
	// Backlog counts a caller's events of some kinds (none: all) after a Seq, up
	// to most.
	Backlog(ctx context.Context, caller string, kinds []touch.EventKind, after int64, most int) (Backlog, error)
}

// Backlog is what a webhook has not been told yet.
type Backlog struct {
	Events int       `json:"events"`
	Oldest time.Time `json:"oldest,omitzero"` // when the first of them happened
	// More is set when there are more than were counted.
	More bool `json:"more,omitempty"`
}
