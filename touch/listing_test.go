package touch_test

import (
	"testing"

	"touchgate.dev/touch"
)

// TestAddressKey fixes the keys under which lists in the ledger have addresses.
func TestAddressKey(t *testing.T) {
	for address, want := range map[string]string{
		"+8613800000009":  "phone:+8613800000009",
		"8613800000009":   "phone:+8613800000009",
		"008613800000009": "phone:+8613800000009",
		"07700900001":     "phone:07700900001",
		"":                "phone:",
	} {
		for _, channel := range []touch.Channel{touch.SMS, touch.AICall, touch.RMTask} {
			if got := touch.AddressKey(channel, address); got != want {
				t.Errorf("%s %q: got %s, want %s", channel, address, got, want)
			}
		}
	}

	for _, channel := range []touch.Channel{touch.Push, touch.Popup, touch.Inbox} {
		if got, want := touch.AddressKey(channel, "86138"), string(channel)+":86138"; got != want {
			t.Errorf("%s: got %s, want %s", channel, got, want)
		}
	}
}

func TestCustomerKey(t *testing.T) {
	if got, want := touch.CustomerKey("c1"), "customer:c1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
