package firstparty_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// putItem stores an item of a touch that was sent on one of our own channels.
func putItem(t testing.TB, f *gatewaytest.Fixture, key, customer string, leg touch.Leg, change func(*touch.Item)) string {
	t.Helper()
	r := touch.Request{Key: key, Customer: customer, Category: touch.Service, Subject: "loan", Plan: []touch.Leg{leg}}
	a := f.Submit(t, r)[0]
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	item := touch.Item{
		ID: f.Send(t, a.ID, string(leg.Channel), ""), Channel: leg.Channel, Customer: customer, Category: r.Category, Subject: r.Subject,
		State: touch.ItemUnread, Content: touch.Content{Title: key, Placement: "home"}, CreatedAt: f.Now(), UpdatedAt: f.Now(),
	}
	if leg.Channel == touch.RMTask {
		due := f.Now().Add(48 * time.Hour)
		item.State, item.DueAt, item.Assignee = touch.TaskOpen, &due, leg.Assign
	}
	if change != nil {
		change(&item)
	}
	if err := f.Ledger.Items.Put(t.Context(), []touch.Item{item}); err != nil {
		t.Fatal(err)
	}
	return item.ID
}

func message(ch touch.Channel) touch.Leg {
	return touch.Leg{Channel: ch, Content: &touch.Content{Body: "b"}}
}

func TestInbox(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	id := putItem(t, f, "m1", "c1", message(touch.Inbox), nil)
	soon := gatewaytest.Noon.Add(time.Hour)
	putItem(t, f, "m2", "c1", message(touch.Inbox), func(i *touch.Item) { i.ExpiresAt = &soon })
	if n, err := f.FirstParty.Unread(ctx, "c1"); err != nil || n != 2 {
		t.Fatalf("unread %d, %v", n, err)
	}
	for range 2 {
		if err := f.FirstParty.ReadMessage(ctx, "c1", id); err != nil {
			t.Fatal(err)
		}
	}
	f.Advance(time.Hour)
	items, _, err := f.FirstParty.Inbox(ctx, "c1", "", 10)
	if err != nil || len(items) != 1 || items[0].ID != id || items[0].State != touch.ItemRead {
		t.Fatalf("inbox %+v, %v: one has expired, one is read", items, err)
	}
	if n, _ := f.FirstParty.Unread(ctx, "c1"); n != 0 {
		t.Errorf("unread %d", n)
	}
	touchID, _, _ := touch.ParseDispatchID(id)
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", touchID)
	got := gatewaytest.Kinds(view.Events)
	if view.Progress.State != touch.StateDelivered || !slices.Contains(got, touch.EventRead) || slices.Index(got, touch.EventRead) != len(got)-1 {
		t.Errorf("state %s, events %v: the read is reported once", view.Progress.State, got)
	}
	if err := f.FirstParty.Dismiss(ctx, touch.Inbox, "c1", id); err != nil {
		t.Fatal(err)
	}
	if items, _, _ := f.FirstParty.Inbox(ctx, "c1", "", 10); len(items) != 0 {
		t.Errorf("a dismissed message is listed: %+v", items)
	}
}

func TestItemsOfOthersAreHidden(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	inbox := putItem(t, f, "m", "c1", message(touch.Inbox), nil)
	popup := putItem(t, f, "p", "c1", message(touch.Popup), nil)
	for name, err := range map[string]error{
		"read":          f.FirstParty.ReadMessage(ctx, "c2", inbox),
		"dismiss":       f.FirstParty.Dismiss(ctx, touch.Inbox, "c2", inbox),
		"show":          f.FirstParty.ShowPopup(ctx, "c2", popup),
		"dismiss popup": f.FirstParty.Dismiss(ctx, touch.Popup, "c2", popup),
		"wrong channel": f.FirstParty.ReadMessage(ctx, "c1", popup),
		"unknown":       f.FirstParty.ReadMessage(ctx, "c1", "nothing"),
	} {
		if touch.ClassOf(err) != touch.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	items, _, err := f.FirstParty.Inbox(ctx, "c2", "", 10)
	popups, err2 := f.FirstParty.Popups(ctx, "c2", "")
	n, err3 := f.FirstParty.Unread(ctx, "c2")
	if len(items) != 0 || len(popups) != 0 || n != 0 || err != nil || err2 != nil || err3 != nil {
		t.Errorf("c2 sees %v %v %d", items, popups, n)
	}
}

func TestPopupMaxShows(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	id := putItem(t, f, "p", "c1", message(touch.Popup), func(i *touch.Item) { i.MaxShows = 2 })
	if other, _ := f.FirstParty.Popups(ctx, "c1", "checkout"); len(other) != 0 {
		t.Errorf("another placement shows %v", other)
	}
	for n := range 2 {
		if open, err := f.FirstParty.Popups(ctx, "c1", "home"); err != nil || len(open) != 1 || open[0].Shown != n {
			t.Fatalf("before show %d: %+v, %v", n+1, open, err)
		}
		if err := f.FirstParty.ShowPopup(ctx, "c1", id); err != nil {
			t.Fatal(err)
		}
	}
	if open, _ := f.FirstParty.Popups(ctx, "c1", "home"); len(open) != 0 {
		t.Errorf("shown twice and still offered: %+v", open)
	}
	if err := f.FirstParty.ShowPopup(ctx, "c1", id); touch.ClassOf(err) != touch.Conflict {
		t.Errorf("a third show: %v", err)
	}
}

func TestDesk(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	id := putItem(t, f, "t1", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Queue: "north"}}, nil)
	ann := &access.Token{Subject: "ann", Queues: []string{"north"}}
	bob := &access.Token{Subject: "bob", Queues: []string{"north"}}
	eve := &access.Token{Subject: "eve", Queues: []string{"south"}}
	if tasks, _, err := f.FirstParty.Tasks(ctx, ann, firstparty.TaskFilter{Queue: "north"}); err != nil || len(tasks) != 1 {
		t.Fatalf("tasks %v, %v", tasks, err)
	}
	if _, _, err := f.FirstParty.Tasks(ctx, eve, firstparty.TaskFilter{Queue: "north"}); touch.ClassOf(err) != touch.Forbidden {
		t.Errorf("eve lists the north: %v", err)
	}
	steps := []struct {
		name string
		do   func() error
		want touch.ErrorClass
	}{
		{"eve claims", func() error { return f.FirstParty.Claim(ctx, eve, id) }, touch.NotFound},
		{"complete unclaimed", func() error { return f.FirstParty.Complete(ctx, ann, id, "conversation", "") }, touch.Conflict},
		{"ann claims", func() error { return f.FirstParty.Claim(ctx, ann, id) }, ""},
		{"ann claims again", func() error { return f.FirstParty.Claim(ctx, ann, id) }, ""},
		{"bob claims", func() error { return f.FirstParty.Claim(ctx, bob, id) }, touch.Conflict},
		{"bob releases", func() error { return f.FirstParty.Release(ctx, bob, id) }, touch.Conflict},
		{"ann releases", func() error { return f.FirstParty.Release(ctx, ann, id) }, ""},
		{"bob claims", func() error { return f.FirstParty.Claim(ctx, bob, id) }, ""},
		{"without outcome", func() error { return f.FirstParty.Complete(ctx, bob, id, "", "") }, touch.Invalid},
		{"bob completes", func() error { return f.FirstParty.Complete(ctx, bob, id, touch.OutcomeRefused, "not now") }, ""},
		{"bob completes again", func() error { return f.FirstParty.Complete(ctx, bob, id, touch.OutcomeRefused, "not now") }, ""},
		{"bob says otherwise", func() error { return f.FirstParty.Complete(ctx, bob, id, touch.OutcomeConversation, "") }, touch.Conflict},
	}
	for _, s := range steps {
		if err := s.do(); touch.ClassOf(err) != s.want {
			t.Fatalf("%s: %v, want %q", s.name, err, s.want)
		}
	}
	if mine, _, _ := f.FirstParty.Tasks(ctx, bob, firstparty.TaskFilter{}); len(mine) != 0 {
		t.Errorf("a completed task is listed: %+v", mine)
	}
	if mine, _, _ := f.FirstParty.Tasks(ctx, bob, firstparty.TaskFilter{Completed: true}); len(mine) != 1 || mine[0].Note != "not now" {
		t.Errorf("all of bob's tasks: %+v", mine)
	}
	// The outcome is stored with the customer, where cool-downs look for it.
	c, err := f.Facts.Customer(ctx, "c1")
	if err != nil || len(c.Outcomes) != 1 || c.Outcomes[0].Kind != touch.OutcomeRefused || c.Outcomes[0].Subject != "loan" || c.Outcomes[0].Channel != touch.RMTask {
		t.Errorf("customer %+v, %v", c, err)
	}
}

func TestEscalate(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	id := putItem(t, f, "t1", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Manager: "ann"}}, nil)
	putItem(t, f, "t2", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Manager: "ann"}}, func(i *touch.Item) {
		later := gatewaytest.Noon.Add(100 * time.Hour)
		i.DueAt = &later
	})
	ann := &access.Token{Subject: "ann"}
	if err := f.FirstParty.Claim(ctx, ann, id); err != nil {
		t.Fatal(err)
	}
	f.Advance(49 * time.Hour)
	for _, want := range []int{1, 0} {
		if n, err := f.FirstParty.Escalate(ctx, f.Now(), 100); err != nil || n != want {
			t.Fatalf("escalated %d, %v, want %d", n, err, want)
		}
	}
	boss := &access.Token{Subject: "boss", Queues: []string{firstparty.EscalationQueue}}
	tasks, _, _ := f.FirstParty.Tasks(ctx, boss, firstparty.TaskFilter{Queue: firstparty.EscalationQueue})
	if len(tasks) != 1 || tasks[0].ID != id || !tasks[0].Escalated || tasks[0].State != touch.TaskOpen || tasks[0].ClaimedBy != "" {
		t.Fatalf("the escalation queue holds %+v", tasks)
	}
	if err := f.FirstParty.Complete(ctx, ann, id, "completed", ""); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("ann completes a task that was escalated: %v", err)
	}
	if err := f.FirstParty.Claim(ctx, boss, id); err != nil {
		t.Error(err)
	}
}

// laterItems is one inbox in which two more messages are there from an instant
// on. It is for tests in fake time.
type laterItems struct {
	ledger.Items
	from *atomic.Int64 // in nanoseconds; the poller reads it in a goroutine of its own
}

func newLaterItems(from time.Time) laterItems {
	l := laterItems{from: new(atomic.Int64)}
	l.from.Store(from.UnixNano())
	return l
}

func (l laterItems) List(context.Context, ledger.ItemFilter) ([]touch.Item, string, error) {
	old := touch.Item{ID: "old", State: touch.ItemUnread}
	if time.Now().UnixNano() < l.from.Load() {
		return []touch.Item{old}, "", nil
	}
	return []touch.Item{{ID: "n2", State: touch.ItemUnread}, {ID: "n1", State: touch.ItemUnread}, old}, "", nil
}

func (l laterItems) Count(context.Context, ledger.ItemFilter) (int64, error) { return 1, nil }

// TestWatchInboxAtStart: a message that comes right after the count is told; a
// watch that listed messages only then would miss it.
func TestWatchInboxAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLaterItems(time.Now().Add(time.Hour))
		svc := firstparty.New(firstparty.Options{Items: store})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var seen []string
		err := svc.WatchInbox(ctx, "c1", time.Second, firstparty.InboxWatcher{
			OnStart:   func(int64) error { store.from.Store(time.Now().UnixNano()); return nil },
			OnMessage: func(i touch.Item) error { seen = append(seen, i.ID); return nil },
			OnIdle:    func() error { return nil },
		})
		if got := fmt.Sprint(seen); err != nil || got != "[n1 n2]" {
			t.Errorf("saw %s, %v", got, err)
		}
	})
}

func TestWatchInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLaterItems(time.Now().Add(2500 * time.Millisecond))
		svc := firstparty.New(firstparty.Options{Items: store})
		ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
		defer cancel()
		var seen []string
		idle := 0
		err := svc.WatchInbox(ctx, "c1", time.Second, firstparty.InboxWatcher{
			OnStart:   func(unread int64) error { seen = append(seen, fmt.Sprint(unread)); return nil },
			OnMessage: func(i touch.Item) error { seen = append(seen, i.ID); return nil },
			OnIdle:    func() error { idle++; return nil },
		})
		if got := fmt.Sprint(seen, idle); err != nil || got != "[1 n1 n2] 4" {
			t.Errorf("saw, idle: %s, %v", got, err)
		}
	})
}
