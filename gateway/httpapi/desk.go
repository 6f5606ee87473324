package httpapi

import (
	"time"

	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/touch"
)

// deskHandlers serve a manager's desk. Every route acts for the manager whom
// the token names.
type deskHandlers struct{ items *firstparty.Service }

// taskView is a task as a manager's desk sees it.
type taskView struct {
	ID        string          `json:"id"`
	State     touch.ItemState `json:"state"`
	Customer  string          `json:"customer"`
	Category  touch.Category  `json:"category"`
	Campaign  string          `json:"campaign,omitempty"`
	Subject   string          `json:"subject,omitempty"`
	Content   touch.Content   `json:"content"`
	Assignee  *touch.Assignee `json:"assignee,omitempty"`
	DueAt     *time.Time      `json:"due_at,omitempty"`
	ClaimedBy string          `json:"claimed_by,omitempty"`
	Escalated bool            `json:"escalated,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Note      string          `json:"note,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
}

type completionBody struct {
	Outcome string `json:"outcome"`
	Note    string `json:"note"`
}

func viewTask(i *touch.Item) taskView {
	return taskView{
		ID:        i.ID,
		State:     i.State,
		Customer:  i.Customer,
		Category:  i.Category,
		Campaign:  i.Campaign,
		Subject:   i.Subject,
		Content:   i.Content,
		Assignee:  i.Assignee,
		DueAt:     i.DueAt,
		ClaimedBy: i.ClaimedBy,
		Escalated: i.Escalated,
		Outcome:   i.Outcome,
		Note:      i.Note,
		CreatedAt: i.CreatedAt,
	}
}

func (h deskHandlers) tasks(c *request) error {
	limit, err := c.limit(50, 200)
	if err != nil {
		return err
	}
	completed, err := c.flag("all")
	if err != nil {
		return err
	}
	filter := firstparty.TaskFilter{
		Queue:     c.Query("queue"),
		Branch:    c.Query("branch"),
		Completed: completed,
		Cursor:    c.Query("after"),
		Limit:     limit,
	}
	tasks, next, err := h.items.Tasks(c.ctx(), c.token, filter)
	if err != nil {
		return err
	}
	views := make([]taskView, len(tasks))
	for i := range tasks {
		views[i] = viewTask(&tasks[i])
	}
	return replyPage(c, views, next, func(last int) (string, error) {
		filter.Limit = last + 1
		_, next, err := h.items.Tasks(c.ctx(), c.token, filter)
		return next, err
	})
}

func (h deskHandlers) claim(c *request) error {
	return c.noContent(h.items.Claim(c.ctx(), c.token, c.Param("id")))
}

func (h deskHandlers) release(c *request) error {
	return c.noContent(h.items.Release(c.ctx(), c.token, c.Param("id")))
}

func (h deskHandlers) complete(c *request) error {
	body, err := bind[completionBody](c)
	if err != nil {
		return err
	}
	return c.noContent(h.items.Complete(c.ctx(), c.token, c.Param("id"), body.Outcome, body.Note))
}
