package adaptertest_test

import (
	"context"
	"fmt"
	"sync"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	"touchgate.dev/touch"
)

// outbox is an adapter without a vendor. It stores messages by dispatch id, so a
// repeated id does not create a second message.
type outbox struct {
	mu   sync.Mutex
	sent map[string]int
}

func (o *outbox) Send(_ context.Context, d adapter.Dispatch) touch.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent[d.ID] = 1
	return touch.Result{Class: touch.ResultAccepted, VendorID: d.ID}
}

func (o *outbox) messages(id string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent[id]
}

// A command calls Check. A test of an adapter calls Run with the same Target.
func ExampleCheck() {
	box := &outbox{sent: map[string]int{}}
	err := adaptertest.Check(context.Background(), adaptertest.Target{
		Factory: adapter.Factory{
			Name:         "inbox/outbox",
			Channel:      touch.Inbox,
			Config:       func() any { return nil },
			Capabilities: func(any) adapter.Capabilities { return adapter.Capabilities{EchoesID: true} },
			New:          func(any, adapter.Options) (adapter.Adapter, error) { return box, nil },
		},
		Config:   func(string) any { return nil },
		Messages: box.messages,
	})
	fmt.Println(err)
	// Output: <nil>
}
