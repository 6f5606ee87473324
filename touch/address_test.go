package touch_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestAddressOn(t *testing.T) {
	type addresses = map[touch.Channel]string
	for _, c := range []struct {
		name              string
		channel           touch.Channel
		request, customer addresses
		want              string
	}{
		{"no address", touch.SMS, nil, nil, ""},
		{"request before customer", touch.SMS, addresses{touch.SMS: "r"}, addresses{touch.SMS: "c"}, "r"},
		{"customer", touch.SMS, nil, addresses{touch.SMS: "c"}, "c"},
		{"call, own number first", touch.AICall, addresses{touch.SMS: "r"}, addresses{touch.AICall: "c"}, "c"},
		{"call, number for texts", touch.AICall, addresses{touch.SMS: "r"}, addresses{touch.SMS: "c"}, "r"},
		{"task, number for texts", touch.RMTask, nil, addresses{touch.SMS: "c"}, "c"},
		{"text, number for calls", touch.SMS, nil, addresses{touch.AICall: "c"}, ""},
		{"push, number for texts", touch.Push, nil, addresses{touch.SMS: "c"}, ""},
		{"unknown channel", "fax", addresses{touch.SMS: "r"}, addresses{touch.SMS: "c"}, ""},
		{"unknown channel, own", "fax", addresses{"fax": "r"}, nil, "r"},
	} {
		r := &touch.Request{Addresses: c.request}
		customer := &touch.Customer{Addresses: c.customer}
		if got := touch.AddressOn(c.channel, r, customer); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAddressOfUnknownCustomer(t *testing.T) {
	if got := touch.AddressOn(touch.AICall, &touch.Request{}, nil); got != "" {
		t.Errorf("without a customer: got %q, want none", got)
	}

	var customer *touch.Customer
	if got := customer.AddressOn(touch.SMS); got != "" {
		t.Errorf("nil customer: got %q, want none", got)
	}
}
