package channels

import (
	"strings"
	"testing"

	"touchgate.dev/touch"
)

// TestEveryChannel configures a provider for each channel.
func TestEveryChannel(t *testing.T) {
	for _, channel := range touch.Channels() {
		cfg := ProviderConfig{Name: "vendor", Adapter: "any", Channel: channel}
		if faults := check("providers[0]", &cfg); len(faults) > 0 {
			t.Errorf("%s: %v", channel, faults)
		}
	}
}

func TestUnknownChannel(t *testing.T) {
	cfg := ProviderConfig{Name: "vendor", Adapter: "any", Channel: "fax"}
	faults := check("providers[0]", &cfg)
	if len(faults) != 1 || !strings.HasSuffix(faults[0].Error(), `channel: "fax" is not one of: sms, push, popup, inbox, ai_call, rm_task`) {
		t.Errorf("got %v", faults)
	}
}
