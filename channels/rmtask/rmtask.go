// SPDX-License-Identifier: Apache-2.0

// Package rmtask is the channel of tasks for relationship managers: it puts a
// task on their desk, due in some hours, for one manager, a queue or a branch.
// Accepted means that the task lies there; delivered comes when a manager
// completes it, as a receipt from the desk.
package rmtask

import (
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/firstparty"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "rm_task"

// Config is the operator's part.
type Config struct {
	// DueIn is how long a manager has where the touch does not say.
	DueIn touch.Duration `yaml:"due_in" validate:"min=1"`
	// Queue takes tasks that are assigned to nobody.
	Queue string `yaml:"queue" validate:"required,max=128"`
}

// Factory describes the adapter; its items go to store.
func Factory(store firstparty.Store) adapter.Factory {
	return adapter.Factory{
		Name:         Name,
		Channel:      touch.RMTask,
		Config:       func() any { return &Config{DueIn: touch.Duration(48 * time.Hour), Queue: "default"} },
		Capabilities: func(any) adapter.Capabilities { return firstparty.Capabilities(false) },
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			return firstparty.Channel{Store: store, Now: o.Now, Item: c.(*Config).item}, nil
		},
	}
}

func (c *Config) item(d adapter.Dispatch, now time.Time) touch.Item {
	it := touch.Item{State: touch.TaskOpen, Content: d.Content, Assignee: d.Assignee, DueAt: firstparty.After(now, c.DueIn)}
	if d.DueIn > 0 {
		it.DueAt = firstparty.After(now, touch.Duration(d.DueIn))
	}
	if it.Assignee == nil || *it.Assignee == (touch.Assignee{}) {
		it.Assignee = &touch.Assignee{Queue: c.Queue}
	}
	return it
}
