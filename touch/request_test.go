package touch_test

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestDigestOfMeaning(t *testing.T) {
	at := func(text string) *time.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return &instant
	}
	request := func() touch.Request {
		return touch.Request{
			Key: "k", Customer: "c", Category: touch.Service, NotBefore: at("2026-12-24T01:00:00Z"),
			Plan: []touch.Leg{{Channel: touch.SMS}, {Channel: touch.Push, Wait: touch.Duration(time.Hour)}},
		}
	}
	first := request()
	for name, c := range map[string]struct {
		change func(*touch.Request)
		same   bool
	}{
		"another zone":         {func(r *touch.Request) { r.NotBefore = at("2026-12-24T09:00:00+08:00") }, true},
		"another instant":      {func(r *touch.Request) { r.NotBefore = at("2026-12-24T09:00:00Z") }, false},
		"default without wait": {func(r *touch.Request) { r.Plan[0].Until = "sent" }, true},
		"default with wait":    {func(r *touch.Request) { r.Plan[1].Until = "delivered" }, true},
		"not the default":      {func(r *touch.Request) { r.Plan[1].Until = "sent" }, false},
		"an empty map":         {func(r *touch.Request) { r.Addresses = map[touch.Channel]string{} }, true},
		"another key":          {func(r *touch.Request) { r.Key = "l" }, false},
	} {
		r := request()
		c.change(&r)
		spelled := r.Plan[0].Until
		if same := r.Digest() == first.Digest(); same != c.same {
			t.Errorf("%s: the same is %v, want %v", name, same, c.same)
		}
		if r.Plan[0].Until != spelled {
			t.Errorf("%s: Digest changed the request", name)
		}
	}
}

func TestAddressKey(t *testing.T) {
	for address, want := range map[string]string{
		"+8613800000009":  "phone:+8613800000009",
		"8613800000009":   "phone:+8613800000009",
		"008613800000009": "phone:+8613800000009",
		"07700900001":     "phone:07700900001",
		"":                "phone:",
	} {
		for _, ch := range []touch.Channel{touch.SMS, touch.AICall} {
			if got := touch.AddressKey(ch, address); got != want {
				t.Errorf("%s %q: %s, want %s", ch, address, got, want)
			}
		}
	}
	if got := touch.AddressKey(touch.Push, "86138"); got != "push:86138" {
		t.Errorf("a device: %s", got)
	}
}
