package touch_test

import (
	"testing"

	"touchgate.dev/touch"
)

// TestStoredContactKinds fixes the words that the ledger stores and the
// numbers that contact logs store.
func TestStoredContactKinds(t *testing.T) {
	for i, want := range []string{"attempt", "failed", "delivered", "connected", "conversation"} {
		kind := touch.ContactKind(want)
		if got := touch.ContactKinds()[i]; got != kind {
			t.Errorf("kind %d is %q, want %q", i, got, want)
		}
		if got := kind.Rank(); int(got) != i || !kind.Valid() {
			t.Errorf("%q: rank %d, valid %v; want rank %d", want, got, kind.Valid(), i)
		}
	}
	for _, kind := range []touch.ContactKind{touch.ContactUnknown, "later"} {
		if kind.Rank() != touch.ContactAttempt.Rank() || kind.Valid() {
			t.Errorf("%q: rank %d, valid %v", kind, kind.Rank(), kind.Valid())
		}
	}
}
