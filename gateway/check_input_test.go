package gateway

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

// TestEveryChannel checks a request by each channel and category.
func TestEveryChannel(t *testing.T) {
	c := newChecker()
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			r := touch.Request{
				Key: "k", Customer: "c", Category: category,
				Plan:      []touch.Leg{{Channel: channel, Template: "offer"}},
				Addresses: map[touch.Channel]string{channel: "+8613800000000"},
			}
			if faults := c.request(&r, time.Now(), time.Hour); len(faults) > 0 {
				t.Errorf("%s of %s: %v", channel, category, faults)
			}
			r.Addresses[channel] = "not a number"
			if faults := c.request(&r, time.Now(), time.Hour); (len(faults) > 0) != channel.IsPhone() {
				t.Errorf("%s takes the address %q: %v", channel, r.Addresses[channel], faults)
			}
		}
	}
}

func TestUnknownChannelAndCategory(t *testing.T) {
	r := touch.Request{
		Key: "k", Customer: "c", Category: "fun", Plan: []touch.Leg{{Channel: "fax", Template: "offer"}},
		Addresses: map[touch.Channel]string{"fax": "1"},
	}
	faults := newChecker().request(&r, time.Now(), time.Hour)
	const want = "category: must be one of marketing, service, transactional, collection; " +
		"plan[0].channel: must be one of sms, push, popup, inbox, ai_call, rm_task; " +
		"addresses.fax: must be one of sms, push, popup, inbox, ai_call, rm_task"
	if faults.Error() != want {
		t.Errorf("got %s", faults)
	}
}
