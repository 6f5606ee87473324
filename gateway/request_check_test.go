package gateway

import (
	"testing"
	"time"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

// TestEveryChannel checks a request by each channel and category.
func TestEveryChannel(t *testing.T) {
	s := &Service{tags: validate.NewTags(), phones: &validate.Phones{}, maxFuture: time.Hour}
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			r := touch.Request{
				Key: "k", Customer: "c", Category: category,
				Plan:      []touch.Leg{{Channel: channel, Template: "offer"}},
				Addresses: map[touch.Channel]string{channel: "+8613800000000"},
			}
			if faults := s.checkRequest(&r, time.Now()); len(faults) > 0 {
				t.Errorf("%s of %s: %v", channel, category, faults)
			}
			r.Addresses[channel] = "not a number"
			if faults := s.checkRequest(&r, time.Now()); (len(faults) > 0) != channel.IsPhone() {
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
	faults := (&Service{tags: validate.NewTags(), phones: &validate.Phones{}, maxFuture: time.Hour}).checkRequest(&r, time.Now())
	const want = "category: must be one of marketing, service, transactional, collection; " +
		"plan[0].channel: must be one of sms, push, popup, inbox, ai_call, rm_task; " +
		"addresses.fax: must be one of sms, push, popup, inbox, ai_call, rm_task"
	if faults.Error() != want {
		t.Errorf("got %s", faults)
	}
}
