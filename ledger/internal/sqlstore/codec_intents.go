package sqlstore

import (
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/wire"
)

// packIntents returns a segment's intents as they are stored. Numbers and times
// are written as differences from the intent before: those are short.
func packIntents(is []ledger.Intent) []byte {
	if len(is) == 0 {
		return nil
	}
	w := wire.NewWriter(16 * len(is))
	w.Uint(uint64(len(is)))
	var last ledger.Intent
	for _, i := range is {
		w.Int(i.Seq - last.Seq)
		w.Int(i.Version)
		w.Uint(uint64(i.Leg))
		w.Uint(uint64(i.Attempt))
		w.Interned(i.Provider)
		w.Int(wire.Micros(i.At) - wire.Micros(last.At))
		last = i
	}
	return w.Bytes()
}

// unpackIntents reads what packIntents wrote.
func unpackIntents(b []byte) ([]ledger.Intent, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := wire.NewReader(b)
	is := make([]ledger.Intent, r.Count())
	var seq, at int64
	for i := range is {
		seq += r.Int()
		is[i] = ledger.Intent{
			Seq:      seq,
			Version:  r.Int(),
			Leg:      int(r.Uint()),
			Attempt:  int(r.Uint()),
			Provider: r.Interned(),
		}
		at += r.Int()
		is[i].At = wire.FromMicros(at)
	}
	return is, r.Err()
}
