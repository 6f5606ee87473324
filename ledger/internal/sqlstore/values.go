package sqlstore

import (
	"time"

	"touchgate.dev/ledger/internal/wire"
)

func micros(t time.Time) int64 { return wire.Micros(t) }

func fromMicros(v int64) time.Time { return wire.FromMicros(v) }

// flag is a bool as the ledger stores it.
func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}
