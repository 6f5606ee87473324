package changes

import (
	"context"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/internal/priority"
)

// pace lets a simulation work for half of the time at most, and not while urgent
// touches are under way: nobody waits for a simulation as for a message.
type pace struct {
	gate  *priority.Gate // may be nil
	begun time.Time      // of the step that runs
}

func newPace(gate *priority.Gate) *pace { return &pace{gate: gate, begun: time.Now()} }

// maxPause bounds a pause after a step that took long.
const maxPause = time.Second

// wait is called between two steps. It waits as long as the step took.
func (p *pace) wait(ctx context.Context) {
	loop.Sleep(ctx, min(time.Since(p.begun), maxPause))
	p.gate.WaitForUrgent(ctx)
	p.begun = time.Now()
}
