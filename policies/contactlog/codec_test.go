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

// TestKindsOfContacts ties the numbers in stored logs to the ledger's words.
func TestKindsOfContacts(t *testing.T) {
	want := map[touch.ContactKind]Kind{
		touch.ContactUnknown:      Attempt,
		touch.ContactAttempt:      Attempt,
		touch.ContactFailed:       FailedAttempt,
		touch.ContactDelivered:    Delivered,
		touch.ContactConnected:    Connected,
		touch.ContactConversation: Conversation,
		"of a later version":      Attempt,
	}
	for word, number := range want {
		if got := KindOf(word); got != number {
			t.Errorf("%q has the number %d, want %d", word, got, number)
		}
	}
	kinds := touch.ContactKinds()
	if len(kinds) != int(Conversation)+1 {
		t.Errorf("%d words for %d numbers", len(kinds), Conversation+1)
	}
	for i, word := range kinds {
		if got := Kind(i).String(); got != string(word) {
			t.Errorf("number %d is called %q, want %q", i, got, word)
		}
	}
}
