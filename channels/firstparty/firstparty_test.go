package firstparty_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	"touchgate.dev/channels/firstparty"
	"touchgate.dev/channels/inbox"
	"touchgate.dev/channels/popup"
	"touchgate.dev/channels/rmtask"
	"touchgate.dev/touch"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// store keeps items by id, as ledgers do.
type store struct {
	mu    sync.Mutex
	items map[string]touch.Item
	fails error
}

func (s *store) Put(ctx context.Context, items []touch.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	for _, it := range items {
		if _, known := s.items[it.ID]; !known {
			s.items[it.ID] = it
		}
	}
	return ctx.Err()
}

func (s *store) count(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.items[id]; ok {
		return 1
	}
	return 0
}

func (s *store) fail(err error) func() {
	return func() { s.mu.Lock(); s.fails = err; s.mu.Unlock() }
}

func TestContract(t *testing.T) {
	for _, factory := range []func(firstparty.Store) adapter.Factory{popup.Factory, inbox.Factory, rmtask.Factory} {
		s := &store{items: map[string]touch.Item{}}
		f := factory(s)
		fault := func(name string, err error, want touch.ResultClass) adaptertest.Fault {
			return adaptertest.Fault{Name: name, Arm: s.fail(err), Disarm: s.fail(nil), Want: want}
		}
		t.Run(f.Name, func(t *testing.T) {
			adaptertest.Run(t, adaptertest.Target{
				Factory: f, Config: func(string) any { return f.Config() }, Messages: s.count, Now: func() time.Time { return now },
				Faults: []adaptertest.Fault{
					fault("the store is gone", touch.Errorf(touch.Unavailable, "", "no answer"), touch.ResultUnknown),
					fault("the store refuses the item", touch.Errorf(touch.Invalid, "", "too long"), touch.ResultRejected),
					fault("an error without a class", errors.New("canary-text-4711"), touch.ResultUnknown),
				},
			})
		})
	}
}

// put sends one dispatch and gives the item that was stored.
func put(t *testing.T, factory func(firstparty.Store) adapter.Factory, d adapter.Dispatch) touch.Item {
	t.Helper()
	s := &store{items: map[string]touch.Item{}}
	f := factory(s)
	a, err := f.New(f.Config(), adapter.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	d.ID, d.Customer, d.Channel = touch.DispatchID(touch.NewID("c", "k"), 0), "c1", f.Channel
	if r := a.Send(t.Context(), d); r.Class != touch.ResultAccepted {
		t.Fatalf("got %+v", r)
	}
	return s.items[d.ID]
}

func TestItems(t *testing.T) {
	expires := now.Add(time.Hour)
	it := put(t, popup.Factory, adapter.Dispatch{ExpiresAt: expires, Content: touch.Content{Title: "T"}})
	if it.State != touch.ItemUnread || it.Content.Placement != "home" || it.MaxShows != 3 || !it.ExpiresAt.Equal(expires) {
		t.Errorf("pop-up: %+v", it)
	}
	it = put(t, inbox.Factory, adapter.Dispatch{Campaign: "x", Category: touch.Service, Subject: "s"})
	if it.State != touch.ItemUnread || !it.ExpiresAt.Equal(now.Add(90*24*time.Hour)) || it.Campaign != "x" || it.Category != touch.Service || it.Subject != "s" || !it.CreatedAt.Equal(now) {
		t.Errorf("inbox: %+v", it)
	}
	it = put(t, rmtask.Factory, adapter.Dispatch{})
	if it.State != touch.TaskOpen || *it.Assignee != (touch.Assignee{Queue: "default"}) || !it.DueAt.Equal(now.Add(48*time.Hour)) || it.ExpiresAt != nil {
		t.Errorf("task: %+v", it)
	}
	it = put(t, rmtask.Factory, adapter.Dispatch{DueIn: time.Hour, Assignee: &touch.Assignee{Branch: "b7"}})
	if *it.Assignee != (touch.Assignee{Branch: "b7"}) || !it.DueAt.Equal(now.Add(time.Hour)) {
		t.Errorf("assigned task: %+v", it)
	}
}

// One message without a customer doesn't take its batch with it.
func TestNoCustomer(t *testing.T) {
	s := &store{items: map[string]touch.Item{}}
	f := inbox.Factory(s)
	a, err := f.New(f.Config(), adapter.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	rs := a.(adapter.BatchSender).SendBatch(t.Context(), []adapter.Dispatch{{ID: "a.0", Customer: "c"}, {ID: "b.0"}})
	if rs[0].Class != touch.ResultAccepted || rs[1].Class != touch.ResultRejected || rs[1].Reason != touch.ReasonBadTarget || len(s.items) != 1 {
		t.Errorf("got %+v, %d items", rs, len(s.items))
	}
}
