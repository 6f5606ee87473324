package contactlog

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

// TestEveryChannel packs and reads an entry of each channel and category, and
// asks for it by a mask.
func TestEveryChannel(t *testing.T) {
	for _, channel := range touch.Channels() {
		for _, category := range touch.Categories() {
			e := Entry{
				ID: touch.DispatchID(touch.NewID("caller", "key"), 0), At: time.UnixMilli(1e12).UTC(), Kind: Delivered,
				Channel: channel, Category: category, Subject: Hash("loan"),
			}
			back, rest, ok := readEntry(string(appendEntry(nil, &e)))
			if !ok || rest != "" || back.Channel != channel || back.Category != category || back.Kind != Delivered {
				t.Errorf("%s of %s reads back as %+v", channel, category, back)
			}
		}
		if mask := bits([]touch.Channel{channel}); mask != 1<<channel.LogCode() {
			t.Errorf("%s has the mask %b", channel, mask)
		}
	}
	if mask := bits(touch.Channels()); mask != 1<<(touch.NumChannels+1)-2 {
		t.Errorf("all channels have the mask %b", mask)
	}
}

// TestUnknownCode reads a log that holds a channel of a later version.
func TestUnknownCode(t *testing.T) {
	e := Entry{ID: touch.DispatchID(touch.NewID("caller", "key"), 0), At: time.UnixMilli(1e12), Channel: touch.SMS, Category: touch.Service}
	packed := appendEntry(nil, &e)
	packed[0] |= 15
	if _, _, ok := readEntry(string(packed)); ok {
		t.Error("an entry of an unknown channel was read")
	}
}
