package httpapi

import (
	"cmp"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"
)

// Limits bound what requests may cost: one of them, and all at once. Zero is
// the default.
type Limits struct {
	Body    int64         // bytes of a body that is not a stream, decompressed (default 8 MiB)
	Line    int           // bytes of a line of a stream, decompressed (default 128 KiB)
	Timeout time.Duration // of a request that is not a stream (default 30 s)
	Idle    time.Duration // for which a stream may wait for its next line (default 60 s)
	Write   time.Duration // for which a client may read nothing of its answer (default 10 s)
	// Stranger is how long a body may take whose signature is in it or beside
	// it, as nobody knows before who sends it (default 10 s).
	Stranger time.Duration
	Ratio    int // by which a gzip body may expand (default 100)
	Faults   int // wrong lines after which a stream ends, if they are a tenth of all (default 1000)
	Page     int // bytes after which a page of a list ends (default 1 MiB)

	Bodies  int64 // bytes of all bodies held at once (default 32 MiB)
	Answers int64 // bytes of all large answers held at once (default 32 MiB)
	Streams int   // streams, waiting requests and the like of one key (default 16)
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Body:     cmp.Or(l.Body, 8<<20),
		Line:     cmp.Or(l.Line, 128<<10),
		Timeout:  cmp.Or(l.Timeout, 30*time.Second),
		Idle:     cmp.Or(l.Idle, time.Minute),
		Write:    cmp.Or(l.Write, 10*time.Second),
		Stranger: cmp.Or(l.Stranger, 10*time.Second),
		Ratio:    cmp.Or(l.Ratio, 100),
		Faults:   cmp.Or(l.Faults, 1000),
		Page:     cmp.Or(l.Page, 1<<20),
		Bodies:   cmp.Or(l.Bodies, 32<<20),
		Answers:  cmp.Or(l.Answers, 32<<20),
		Streams:  cmp.Or(l.Streams, 16),
	}
}

// divide makes the budgets and the places of an API. Strangers share a quarter
// of what is there for bodies: they cannot hold up those who are known.
func (l Limits) divide(c *core) {
	largest := l.Body + inflateBytes
	strangers := max(l.Bodies/keyShares, largest)
	c.bodies = newBudget(l.Bodies-strangers, largest, keyShares)
	c.strangers = newBudget(strangers, largest, 1)
	c.answers = newBudget(l.Answers, l.answer(), keyShares)
	c.places = newPlaces(l.Streams)
	c.pieces = semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2)))
}

// answer is what a large answer counts: its page, and as much again for what it
// is made from.
func (l Limits) answer() int64 { return 2 * int64(l.Page) }
