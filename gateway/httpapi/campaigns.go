package httpapi

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// campaignHandlers serve campaigns: streams of their touches, counts, and
// pause, resume and cancel.
type campaignHandlers struct {
	intake *gateway.Service
	now    func() time.Time
}

// submit takes a campaign's touches in as a stream of NDJSON.
func (h campaignHandlers) submit(c *request) error {
	campaign := c.Param("campaign")
	caller := c.principal.Caller
	return stream(c, func(ctx context.Context, lines []line[touch.Request], report *chunkReport) error {
		for i := range lines {
			l := &lines[i]
			if l.err == nil && l.value.Campaign != "" && l.value.Campaign != campaign {
				l.err = touch.Errorf(touch.Invalid, "campaign", "does not match the path")
			}
			l.value.Campaign = campaign
		}
		good := splitBad(lines, report)
		requests := make([]touch.Request, len(good))
		for i := range good {
			requests[i] = good[i].value
		}

		answers, err := h.intake.Submit(ctx, caller, requests)
		if err != nil {
			return err
		}
		now := h.now()
		for i := range answers {
			report.count(&answers[i], good[i].number, now)
		}
		return nil
	})
}

// count adds the answer to the touch of a line.
func (r *chunkReport) count(a *gateway.Answer, lineNumber int, now time.Time) {
	switch {
	case a.Err != nil:
		r.fail(lineNumber, a.Err)
	case !a.New:
		r.Repeated++
	case a.Refused():
		r.Refused++
		if r.Reasons == nil {
			r.Reasons = make(map[string]int)
		}
		r.Reasons[a.Reason]++
	default:
		r.Accepted++
		if a.Deferred(now) {
			r.Deferred++
		}
	}
}

func (h campaignHandlers) get(c *request) error {
	v, err := h.intake.Campaign(c.ctx(), c.principal.Caller, c.Param("campaign"))
	if err != nil {
		return err
	}
	v.Counts = orEmpty(v.Counts)
	return c.reply(http.StatusOK, v)
}

// pause holds a campaign back. With ahead=true the campaign need not have any
// touch yet.
func (h campaignHandlers) pause(c *request) error {
	ahead, err := c.flag("ahead")
	if err != nil {
		return err
	}
	return h.set(c, ledger.CampaignPaused, ahead)
}

func (h campaignHandlers) resume(c *request) error { return h.set(c, ledger.CampaignRunning, false) }
func (h campaignHandlers) cancel(c *request) error { return h.set(c, ledger.CampaignCancelled, false) }

func (h campaignHandlers) set(c *request, status ledger.CampaignStatus, ahead bool) error {
	order := gateway.CampaignOrder{Campaign: c.Param("campaign"), Status: status, Ahead: ahead}
	binds, err := h.intake.SetCampaign(c.ctx(), c.principal, order)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"campaign": order.Campaign, "status": status, "binds": binds})
}
