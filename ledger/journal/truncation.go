package journal

import (
	"encoding/hex"
	"fmt"
	"time"

	"touchgate.dev/touch"
)

// Truncation says that the journal's beginning was removed. An event of it
// stands in the journal itself, so that the chain binds what remains to the
// hash of what is gone.
type Truncation struct {
	Pos  int64  // of the last record that was removed; 0: nothing was removed
	Hash []byte // of that record: what the first remaining record's hash follows
}

// Event is the event that a truncation leaves in the journal. Position and
// hash are in its Reason: the stored format of an event has no other place for
// them. ParseTruncation is the only reader of that text.
func (t Truncation) Event(now time.Time) touch.Event {
	return touch.Event{Kind: touch.EventControl, At: now, Actor: "retention", Reason: t.reason()}
}

// truncationFormat is stored in journals: never change it.
const truncationFormat = "journal cut: records up to %d are removed, the last had the hash %s"

func (t Truncation) reason() string {
	return fmt.Sprintf(truncationFormat, t.Pos, hex.EncodeToString(t.Hash))
}

// ParseTruncation reads the event of a truncation; false for any other event.
func ParseTruncation(e *touch.Event) (Truncation, bool) {
	if e.Kind != touch.EventControl {
		return Truncation{}, false
	}
	var t Truncation
	var hash string
	if _, err := fmt.Sscanf(e.Reason, truncationFormat, &t.Pos, &hash); err != nil {
		return Truncation{}, false
	}
	var err error
	t.Hash, err = hex.DecodeString(hash)
	// Only the exact text counts: an owner could write something like it as
	// the reason of a kill switch.
	return t, err == nil && t.reason() == e.Reason
}
