package httpapi

import (
	"net/http"

	"touchgate.dev/gateway"
)

// The manager's desk: every route acts for the manager whom the token names.

func (a *api) mintDeskToken(c *call) error { return a.mint(c, gateway.AudienceDesk) }

func (a *api) tasks(c *call) error {
	cursor, limit, err := c.paging()
	if err != nil {
		return err
	}
	all, err := c.flag("all")
	if err != nil {
		return err
	}
	tasks, next, err := a.svc.Tasks(c.ctx(), c.token, gateway.TaskFilter{
		Queue: c.Query("queue"), Branch: c.Query("branch"), All: all, Cursor: cursor, Limit: limit,
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{viewTasks(tasks), next})
}

func (a *api) claimTask(c *call) error {
	return c.done(a.svc.Claim(c.ctx(), c.token, c.Param("id")))
}

func (a *api) releaseTask(c *call) error {
	return c.done(a.svc.Release(c.ctx(), c.token, c.Param("id")))
}

func (a *api) completeTask(c *call) error {
	body, err := bind(c, a.bodies.completion)
	if err != nil {
		return err
	}
	return c.done(a.svc.Complete(c.ctx(), c.token, c.Param("id"), body.Outcome, body.Note))
}
