package httpapi

import (
	"net/http"
	"strconv"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (a *api) getTouch(c *call) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	v, err := a.svc.Touch(c.ctx(), c.principal.Caller, id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, viewTouch(v))
}

func (a *api) listTouches(c *call) error {
	after, err := c.number("after", 0)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	views, next, err := a.svc.Touches(c.ctx(), ledger.TouchFilter{
		Caller: c.principal.Caller, Campaign: c.Query("campaign"), Customer: c.Query("customer"),
		State: touch.State(c.Query("state")), After: after, Limit: int(min(limit, 1001)),
	})
	if err != nil {
		return err
	}
	list := make([]touchView, len(views))
	for i := range views {
		list[i] = viewTouch(&views[i])
	}
	p := page{Items: list}
	if next != 0 {
		p.Next = strconv.FormatInt(next, 10)
	}
	return c.reply(http.StatusOK, p)
}

func (a *api) cancelTouch(c *call) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	progress, err := a.svc.Cancel(c.ctx(), c.principal, id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"id": id, "state": progress.State})
}

func (a *api) getCampaign(c *call) error {
	v, err := a.svc.Campaign(c.ctx(), c.principal.Caller, c.Param("campaign"))
	if err != nil {
		return err
	}
	v.Counts = items(v.Counts)
	return c.reply(http.StatusOK, v)
}

func (a *api) pauseCampaign(c *call) error  { return a.setCampaign(c, ledger.CampaignPaused) }
func (a *api) resumeCampaign(c *call) error { return a.setCampaign(c, ledger.CampaignRunning) }
func (a *api) cancelCampaign(c *call) error { return a.setCampaign(c, ledger.CampaignCancelled) }

func (a *api) setCampaign(c *call, status ledger.CampaignStatus) error {
	campaign := c.Param("campaign")
	if err := a.svc.SetCampaign(c.ctx(), c.principal, campaign, status); err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"campaign": campaign, "status": status})
}
