package bench

import (
	"context"
	"io"
)

// Options are what the operator chooses.
type Options struct {
	Ledgers []string // "postgres", "sqlite"
	// Redis is the address of the operator's server; empty: the bench starts one.
	Redis   string
	Touches int // in one round; 0: what suits the mode
	Rounds  int // beside the one that warms up; 0: what suits the mode
	// Backlog is how many bulk touches wait while the latency of urgent ones is measured.
	Backlog int
	// Connections is how many callers are at work at once in mode single.
	Connections int
	// Bulk is how many segments of one bulk lane a worker delivers at once; 0:
	// the target's default.
	Bulk int
	// Segment is how many bulk touches are delivered together; 0: the target's
	// default.
	Segment int
	// Profile is a file for the target's CPU profile; empty: none.
	Profile string
	// Start starts the target with a configuration file and more arguments.
	Start func(ctx context.Context, config, profile string, more ...string) (*Target, error)
	// Progress receives a line of text about each step.
	Progress io.Writer
}
