package nemesis

import (
	"io"
	"time"
)

// Options say how a run goes.
type Options struct {
	Program string // starts Touchgate by "serve --config FILE --clock FILE"
	Dir     string // the folder for all files; it must exist
	// Servers says that the run has two gateways, workers and feeders on
	// PostgreSQL and redis-server. Otherwise it has one process with everything
	// embedded.
	Servers   bool
	Cluster   bool   // with Servers: Redis is a Cluster of three masters with a replica each
	Only      string // only faults with this text in their names
	Other     string // a second build of the program, for rolling restarts; "": the same one
	Seed      uint64
	Duration  time.Duration // of breaking; draining comes after it
	Pause     time.Duration // between two faults
	Rate      float64       // touches a second
	Customers int
	Crowd     int           // how many customers get touches at one time
	Drain     time.Duration // how long it may take until every touch has ended
	Quick     bool          // do not wait for the last unknown outcomes
	Progress  io.Writer
	Now       func() time.Time
}

// vendorTimeout is how long a provider waits for a vendor's answer.
const vendorTimeout = 3 * time.Second

// Delay is the published time within which a message leaves after it was
// judged. A kill switch or quiet hours stop everything that comes later.
func (o Options) Delay() time.Duration { return 5*time.Second + vendorTimeout + 2*time.Second }
