package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// newItem returns an inbox message of customer c1, unless change says otherwise.
func newItem(k *kit, id string, change func(*touch.Item)) touch.Item {
	item := touch.Item{
		ID: id, Channel: touch.Inbox, Customer: "c1", Category: touch.Service, State: touch.ItemUnread,
		Content: touch.Content{Title: id, Placement: "home"}, CreatedAt: k.now(), UpdatedAt: k.now(),
	}
	if change != nil {
		change(&item)
	}
	return item
}

// wantItems fails unless a filter shows these items, over all pages.
func wantItems(k *kit, f ledger.ItemFilter, want ...string) {
	k.t.Helper()
	var got []string
	for {
		items, next, err := k.ledger.Items.List(k.ctx, f)
		k.must(err)
		for _, item := range items {
			got = append(got, item.ID)
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	k.wantEqual(got, want)
	f.Cursor = ""
	n, err := k.ledger.Items.Count(k.ctx, f)
	k.must(err)
	k.wantEqual(n, len(want))
}

func testItems(k *kit) {
	a := newItem(k, "a", nil)
	k.advance(time.Second)
	b := newItem(k, "b", func(i *touch.Item) { i.ExpiresAt = ptr(k.now().Add(time.Minute)); i.Content.Placement = "pay" })
	c := newItem(k, "c", func(i *touch.Item) { i.Channel, i.MaxShows = touch.Popup, 3 })
	k.must(k.ledger.Items.Put(k.ctx, []touch.Item{a, b, c, newItem(k, "d", func(i *touch.Item) { i.Customer = "c2" }), a}))
	k.must(k.ledger.Items.Put(k.ctx, []touch.Item{newItem(k, "a", func(i *touch.Item) { i.Customer = "thief" })}))
	wantItems(k, ledger.ItemFilter{Customer: "c1", Limit: 2}, "c", "b", "a")
	wantItems(k, ledger.ItemFilter{Customer: "c1", Limit: 1}, "c", "b", "a")
	wantItems(k, ledger.ItemFilter{Customer: "c1", Channel: touch.Inbox, Placement: "home"}, "a")
	wantItems(k, ledger.ItemFilter{Customer: "c1", LiveAt: k.now().Add(time.Minute)}, "c", "a")
	wantItems(k, ledger.ItemFilter{Customer: "c1", CreatedAfter: a.CreatedAt}, "c", "b")
	wantItems(k, ledger.ItemFilter{Customer: "c1", States: []touch.ItemState{touch.ItemRead, touch.ItemDismissed}})
	got, err := k.ledger.Items.Get(k.ctx, "c")
	k.must(err)
	got.State, got.Shown = touch.ItemRead, 1
	k.must(k.ledger.Items.Update(k.ctx, *got))
	k.wantClass(touch.Conflict, k.ledger.Items.Update(k.ctx, *got))
	again, err := k.ledger.Items.Get(k.ctx, "c")
	k.must(err)
	k.wantEqual([]any{again.Version, again.State, again.Shown}, []any{got.Version + 1, touch.ItemRead, 1})
	wantItems(k, ledger.ItemFilter{Customer: "c1", States: []touch.ItemState{touch.ItemRead, touch.ItemDismissed}}, "c")
	k.wantClass(touch.NotFound, k.ledger.Items.Update(k.ctx, newItem(k, "none", nil)))
	_, err = k.ledger.Items.Get(k.ctx, "none")
	k.wantClass(touch.NotFound, err)
	_, _, err = k.ledger.Items.List(k.ctx, ledger.ItemFilter{Cursor: "!"})
	k.wantClass(touch.Invalid, err)
}

func testTasks(k *kit) {
	task := func(id string, due time.Duration, assign touch.Assignee) touch.Item {
		return newItem(k, id, func(i *touch.Item) {
			i.Channel = touch.RMTask
			i.State = touch.TaskOpen
			i.Assignee = &assign
			if due != 0 {
				i.DueAt = ptr(k.now().Add(due))
			}
		})
	}
	k.must(k.ledger.Items.Put(k.ctx, []touch.Item{
		task("late", 3*time.Hour, touch.Assignee{Queue: "q"}), task("soon", time.Hour, touch.Assignee{Manager: "m"}),
		task("never", 0, touch.Assignee{Branch: "b"}), task("next", 2*time.Hour, touch.Assignee{Queue: "q"}),
	}))
	wantItems(k, ledger.ItemFilter{Channel: touch.RMTask, Limit: 1}, "soon", "next", "late", "never")
	wantItems(k, ledger.ItemFilter{Channel: touch.RMTask, Queue: "q"}, "next", "late")
	wantItems(k, ledger.ItemFilter{Channel: touch.RMTask, Branch: "b"}, "never")
	overdue := ledger.ItemFilter{Channel: touch.RMTask, DueBefore: k.now().Add(150 * time.Minute), NotEscalated: true}
	wantItems(k, overdue, "soon", "next")
	next, err := k.ledger.Items.Get(k.ctx, "next")
	k.must(err)
	next.State = touch.TaskClaimed
	next.ClaimedBy = "m"
	next.Escalated = true
	k.must(k.ledger.Items.Update(k.ctx, *next))
	wantItems(k, overdue, "soon")
	wantItems(k, ledger.ItemFilter{Channel: touch.RMTask, Manager: "m"}, "soon", "next")
}
