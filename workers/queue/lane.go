package queue

import (
	"fmt"
	"time"

	"touchgate.dev/touch"
)

// Lane says how one lane is served.
type Lane struct {
	Name string // as touch.Lane returns it
	// Concurrency is how many of the lane's tasks this process works on at the
	// same time, 1 to 500.
	Concurrency int
	// Servers share the concurrency; each fetches at most one task per round
	// trip to Redis. 0 is 1.
	Servers int
	// PollInterval is how often an empty queue is looked at; 0 is 1 s. A task
	// waits half of it on average. 20 ms suits an urgent lane.
	PollInterval time.Duration
	// Slots is how many segments this process works on without the queue, beside
	// Concurrency: those that it enqueues itself, and those of TakeSlot. 0: none.
	Slots int
}

// maxConcurrency is where Asynq gets slow: to complete a task it searches a list
// of the active ones.
const maxConcurrency = 500

// checkLanes returns an error of class Invalid for a wrong configuration.
func checkLanes(lanes []Lane) error {
	seen := map[string]bool{}
	for i, c := range lanes {
		field := fmt.Sprintf("lanes[%d]", i)
		switch {
		case c.Name == "":
			return touch.Errorf(touch.Invalid, field+".name", "a lane needs a name")
		case seen[c.Name]:
			return touch.Errorf(touch.Invalid, field+".name", "lane %q is named twice", c.Name)
		case c.Concurrency < 1 || c.Concurrency > maxConcurrency:
			return touch.Errorf(touch.Invalid, field+".concurrency", "must be 1 to %d", maxConcurrency)
		case c.Servers < 0 || c.Servers > c.Concurrency:
			return touch.Errorf(touch.Invalid, field+".servers", "must be at most the concurrency")
		case c.Slots < 0 || c.PollInterval < 0:
			return touch.Errorf(touch.Invalid, field, "slots and poll interval must not be negative")
		}
		seen[c.Name] = true
	}
	return nil
}
