package sqlstore

import (
	"time"

	"touchgate.dev/ledger/internal/wire"
)

// micros returns a time as the ledger stores it: microseconds since 1970, 0 for
// the zero time.
func micros(t time.Time) int64 { return wire.Micros(t) }

// fromMicros returns a stored time.
func fromMicros(v int64) time.Time { return wire.FromMicros(v) }

// optMicros is micros of a time that may be absent, which is stored as 0.
func optMicros(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return micros(*t)
}

// flag returns a bool as the ledger stores it: 1 or 0.
func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}
