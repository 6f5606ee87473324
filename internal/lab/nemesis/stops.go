package nemesis

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// call is one request without an answer worth keeping.
type call struct {
	method string
	path   string
	body   any
}

// killSwitch stops marketing by SMS for a while.
func (c *callers) killSwitch(ctx context.Context) {
	w := check.StopWindow{Kind: "stop", Category: touch.Marketing, Channel: touch.SMS}
	body := map[string]any{"category": w.Category, "channel": w.Channel, "owner": "nemesis", "reason": "trial"}
	begin := call{method: http.MethodPut, path: "/v1/stops/nemesis", body: body}
	c.stopForAWhile(ctx, w, begin, call{method: http.MethodDelete, path: "/v1/stops/nemesis"})
}

// pauseCampaign pauses a campaign for a while.
func (c *callers) pauseCampaign(ctx context.Context) {
	w := check.StopWindow{Kind: "pause", Campaign: "c1"}
	begin := call{method: http.MethodPost, path: "/v1/campaigns/c1:pause"}
	c.stopForAWhile(ctx, w, begin, call{method: http.MethodPost, path: "/v1/campaigns/c1:resume"})
}

// stopForAWhile begins a stop, waits, and ends it. Between the two no message
// that the window matches may leave.
func (c *callers) stopForAWhile(ctx context.Context, w check.StopWindow, begin, end call) {
	if !c.callUntilAnswered(ctx, w.Kind, begin) {
		return
	}
	w.From = c.system.now()
	loop.Sleep(ctx, c.system.o.Delay()+6*time.Second)
	w.Until = c.system.now()
	c.addStop(w)

	// The stop is ended also if the run ends meanwhile.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	c.callUntilAnswered(late, "end of "+w.Kind, end)
}

// cancelCampaign cancels a campaign for ever while its touches are under way.
func (c *callers) cancelCampaign(ctx context.Context, n int) {
	campaign := "doomed-" + strconv.Itoa(n)
	c.streamCampaign(ctx, campaign)
	loop.Sleep(ctx, time.Second)
	cancel := call{method: http.MethodPost, path: "/v1/campaigns/" + url.PathEscape(campaign) + ":cancel"}
	if c.callUntilAnswered(ctx, "cancel campaign", cancel) {
		c.addStop(check.StopWindow{Kind: "cancelled campaign", Campaign: campaign, From: c.system.now()})
	}
}

func (c *callers) callUntilAnswered(ctx context.Context, op string, r call) bool {
	return c.untilAnswered(ctx, Line{Op: op, What: r.path}, func(client *apiclient.Client) (any, error) {
		return nil, client.Do(ctx, r.method, r.path, r.body, nil)
	})
}

func (c *callers) addStop(w check.StopWindow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stops = append(c.stops, w)
}
