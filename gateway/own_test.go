package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// item stores an item of a touch that was sent on one of our own channels.
func (h *house) item(t testing.TB, key, customer string, leg touch.Leg, change func(*touch.Item)) string {
	t.Helper()
	r := touch.Request{Key: key, Customer: customer, Category: touch.Service, Subject: "loan", Plan: []touch.Leg{leg}}
	a := h.submit(t, r)[0]
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	item := touch.Item{
		ID: h.send(t, a.ID, string(leg.Channel), ""), Channel: leg.Channel, Customer: customer, Category: r.Category, Subject: r.Subject,
		State: touch.ItemUnread, Content: touch.Content{Title: key, Placement: "home"}, CreatedAt: h.clock(), UpdatedAt: h.clock(),
	}
	if leg.Channel == touch.RMTask {
		due := h.clock().Add(48 * time.Hour)
		item.State, item.DueAt, item.Assignee = touch.TaskOpen, &due, leg.Assign
	}
	if change != nil {
		change(&item)
	}
	if err := h.ledger.Items.Put(t.Context(), []touch.Item{item}); err != nil {
		t.Fatal(err)
	}
	return item.ID
}

func message(ch touch.Channel) touch.Leg {
	return touch.Leg{Channel: ch, Content: &touch.Content{Body: "b"}}
}

func TestInbox(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.item(t, "m1", "c1", message(touch.Inbox), nil)
	soon := noon.Add(time.Hour)
	h.item(t, "m2", "c1", message(touch.Inbox), func(i *touch.Item) { i.ExpiresAt = &soon })
	if n, err := h.Unread(ctx, "c1"); err != nil || n != 2 {
		t.Fatalf("unread %d, %v", n, err)
	}
	for range 2 {
		if err := h.ReadMessage(ctx, "c1", id); err != nil {
			t.Fatal(err)
		}
	}
	h.sleep(time.Hour)
	items, _, err := h.Inbox(ctx, "c1", "", 10)
	if err != nil || len(items) != 1 || items[0].ID != id || items[0].State != touch.ItemRead {
		t.Fatalf("inbox %+v, %v: one has expired, one is read", items, err)
	}
	if n, _ := h.Unread(ctx, "c1"); n != 0 {
		t.Errorf("unread %d", n)
	}
	touchID, _, _ := touch.ParseDispatchID(id)
	view, _ := h.Touch(ctx, "engine", touchID)
	got := kinds(view.Events)
	if view.Progress.State != touch.StateDelivered || !slices.Contains(got, touch.EventRead) || slices.Index(got, touch.EventRead) != len(got)-1 {
		t.Errorf("state %s, events %v: reading is told once", view.Progress.State, got)
	}
	if err := h.Dismiss(ctx, touch.Inbox, "c1", id); err != nil {
		t.Fatal(err)
	}
	if items, _, _ := h.Inbox(ctx, "c1", "", 10); len(items) != 0 {
		t.Errorf("a dismissed message is listed: %+v", items)
	}
}

func TestACustomerSeesNobodyElsesItems(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	inbox := h.item(t, "m", "c1", message(touch.Inbox), nil)
	popup := h.item(t, "p", "c1", message(touch.Popup), nil)
	for name, err := range map[string]error{
		"read":          h.ReadMessage(ctx, "c2", inbox),
		"dismiss":       h.Dismiss(ctx, touch.Inbox, "c2", inbox),
		"show":          h.ShowPopup(ctx, "c2", popup),
		"dismiss popup": h.Dismiss(ctx, touch.Popup, "c2", popup),
		"wrong channel": h.ReadMessage(ctx, "c1", popup),
		"unknown":       h.ReadMessage(ctx, "c1", "nothing"),
	} {
		if touch.ClassOf(err) != touch.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	items, _, err := h.Inbox(ctx, "c2", "", 10)
	popups, err2 := h.Popups(ctx, "c2", "")
	n, err3 := h.Unread(ctx, "c2")
	if len(items) != 0 || len(popups) != 0 || n != 0 || err != nil || err2 != nil || err3 != nil {
		t.Errorf("c2 sees %v %v %d", items, popups, n)
	}
}

func TestPopupsAreShownSoOften(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.item(t, "p", "c1", message(touch.Popup), func(i *touch.Item) { i.MaxShows = 2 })
	if other, _ := h.Popups(ctx, "c1", "checkout"); len(other) != 0 {
		t.Errorf("another placement shows %v", other)
	}
	for n := range 2 {
		if open, err := h.Popups(ctx, "c1", "home"); err != nil || len(open) != 1 || open[0].Shown != n {
			t.Fatalf("before show %d: %+v, %v", n+1, open, err)
		}
		if err := h.ShowPopup(ctx, "c1", id); err != nil {
			t.Fatal(err)
		}
	}
	if open, _ := h.Popups(ctx, "c1", "home"); len(open) != 0 {
		t.Errorf("shown twice and still offered: %+v", open)
	}
	if err := h.ShowPopup(ctx, "c1", id); touch.ClassOf(err) != touch.Conflict {
		t.Errorf("a third show: %v", err)
	}
}

func TestDesk(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.item(t, "t1", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Queue: "north"}}, nil)
	ann := &gateway.Token{Subject: "ann", Queues: []string{"north"}}
	bob := &gateway.Token{Subject: "bob", Queues: []string{"north"}}
	eve := &gateway.Token{Subject: "eve", Queues: []string{"south"}}
	if tasks, _, err := h.Tasks(ctx, ann, gateway.TaskFilter{Queue: "north"}); err != nil || len(tasks) != 1 {
		t.Fatalf("tasks %v, %v", tasks, err)
	}
	if _, _, err := h.Tasks(ctx, eve, gateway.TaskFilter{Queue: "north"}); touch.ClassOf(err) != touch.Forbidden {
		t.Errorf("eve lists the north: %v", err)
	}
	steps := []struct {
		name string
		do   func() error
		want touch.ErrorClass
	}{
		{"eve claims", func() error { return h.Claim(ctx, eve, id) }, touch.NotFound},
		{"complete unclaimed", func() error { return h.Complete(ctx, ann, id, "conversation", "") }, touch.Conflict},
		{"ann claims", func() error { return h.Claim(ctx, ann, id) }, ""},
		{"ann claims again", func() error { return h.Claim(ctx, ann, id) }, ""},
		{"bob claims", func() error { return h.Claim(ctx, bob, id) }, touch.Conflict},
		{"bob releases", func() error { return h.Release(ctx, bob, id) }, touch.Conflict},
		{"ann releases", func() error { return h.Release(ctx, ann, id) }, ""},
		{"bob claims", func() error { return h.Claim(ctx, bob, id) }, ""},
		{"without outcome", func() error { return h.Complete(ctx, bob, id, "", "") }, touch.Invalid},
		{"bob completes", func() error { return h.Complete(ctx, bob, id, touch.OutcomeRefused, "not now") }, ""},
		{"bob completes again", func() error { return h.Complete(ctx, bob, id, touch.OutcomeRefused, "not now") }, ""},
		{"bob says otherwise", func() error { return h.Complete(ctx, bob, id, touch.OutcomeConversation, "") }, touch.Conflict},
	}
	for _, s := range steps {
		if err := s.do(); touch.ClassOf(err) != s.want {
			t.Fatalf("%s: %v, want %q", s.name, err, s.want)
		}
	}
	if mine, _, _ := h.Tasks(ctx, bob, gateway.TaskFilter{}); len(mine) != 0 {
		t.Errorf("a completed task is listed: %+v", mine)
	}
	if mine, _, _ := h.Tasks(ctx, bob, gateway.TaskFilter{All: true}); len(mine) != 1 || mine[0].Note != "not now" {
		t.Errorf("all of bob's tasks: %+v", mine)
	}
	// The outcome is on the customer's row, where cool-downs look for it.
	c, err := h.Customer(ctx, "c1")
	if err != nil || len(c.Outcomes) != 1 || c.Outcomes[0].Kind != touch.OutcomeRefused || c.Outcomes[0].Subject != "loan" || c.Outcomes[0].Channel != touch.RMTask {
		t.Errorf("customer %+v, %v", c, err)
	}
}

func TestOverdueTasksEscalate(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.item(t, "t1", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Manager: "ann"}}, nil)
	h.item(t, "t2", "c1", touch.Leg{Channel: touch.RMTask, Title: "call", Assign: &touch.Assignee{Manager: "ann"}}, func(i *touch.Item) {
		later := noon.Add(100 * time.Hour)
		i.DueAt = &later
	})
	ann := &gateway.Token{Subject: "ann"}
	if err := h.Claim(ctx, ann, id); err != nil {
		t.Fatal(err)
	}
	h.sleep(49 * time.Hour)
	for _, want := range []int{1, 0} {
		if n, err := h.Escalate(ctx, h.clock(), 100); err != nil || n != want {
			t.Fatalf("escalated %d, %v, want %d", n, err, want)
		}
	}
	boss := &gateway.Token{Subject: "boss", Queues: []string{gateway.EscalationQueue}}
	tasks, _, _ := h.Tasks(ctx, boss, gateway.TaskFilter{Queue: gateway.EscalationQueue})
	if len(tasks) != 1 || tasks[0].ID != id || !tasks[0].Escalated || tasks[0].State != touch.TaskOpen || tasks[0].ClaimedBy != "" {
		t.Fatalf("the escalation queue holds %+v", tasks)
	}
	if err := h.Complete(ctx, ann, id, "completed", ""); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("ann completes what was taken from her: %v", err)
	}
	if err := h.Claim(ctx, boss, id); err != nil {
		t.Error(err)
	}
}

// laterItems is a ledger of one inbox, for tests in a bubble of fake time: two
// more messages are there from an instant on.
type laterItems struct {
	ledger.Items
	from time.Time
}

func (l laterItems) List(context.Context, ledger.ItemFilter) ([]touch.Item, string, error) {
	old := touch.Item{ID: "old", State: touch.ItemUnread}
	if time.Now().Before(l.from) {
		return []touch.Item{old}, "", nil
	}
	return []touch.Item{{ID: "n2", State: touch.ItemUnread}, {ID: "n1", State: touch.ItemUnread}, old}, "", nil
}

func (l laterItems) Count(context.Context, ledger.ItemFilter) (int64, error) { return 1, nil }

// A message that comes just after the count is the one that a watch begun too
// late would never tell of.
func TestWatchInboxMissesNothingAtItsBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &laterItems{from: time.Now().Add(time.Hour)}
		svc, err := gateway.New(gateway.Options{Ledger: &ledger.Ledger{Items: store}, Guard: &fakeGuard{}, AppSecret: make([]byte, 32)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var heard []string
		err = svc.WatchInbox(ctx, "c1", time.Second, gateway.InboxWatcher{
			Begin: func(int64) error { store.from = time.Now(); return nil },
			Each:  func(i touch.Item) error { heard = append(heard, i.ID); return nil },
			Idle:  func() error { return nil },
		})
		if got := fmt.Sprint(heard); err != nil || got != "[n1 n2]" {
			t.Errorf("heard %s, %v", got, err)
		}
	})
}

func TestWatchInboxTellsOfNewMessagesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := laterItems{from: time.Now().Add(2500 * time.Millisecond)}
		svc, err := gateway.New(gateway.Options{Ledger: &ledger.Ledger{Items: store}, Guard: &fakeGuard{}, AppSecret: make([]byte, 32)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
		defer cancel()
		var heard []string
		idle := 0
		err = svc.WatchInbox(ctx, "c1", time.Second, gateway.InboxWatcher{
			Begin: func(unread int64) error { heard = append(heard, fmt.Sprint(unread)); return nil },
			Each:  func(i touch.Item) error { heard = append(heard, i.ID); return nil },
			Idle:  func() error { idle++; return nil },
		})
		if got := fmt.Sprint(heard, idle); err != nil || got != "[1 n1 n2] 4" {
			t.Errorf("heard, idle: %s, %v", got, err)
		}
	})
}
