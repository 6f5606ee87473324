package sqlstore

import (
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// packContacts returns the contacts as they are stored: nil for none, because
// most touches have none for most of their life.
func packContacts(cs []ledger.Contact) []byte {
	if len(cs) == 0 {
		return nil
	}
	w := wire.NewWriter(32)
	w.Uint(uint64(len(cs)))
	for _, c := range cs {
		w.Uint(uint64(c.Leg))
		w.Interned(string(c.Channel))
		w.Time(c.At)
		w.Interned(string(c.Kind))
		w.Interned(c.Reports.String())
	}
	return w.Bytes()
}

// unpackContacts reads what packContacts wrote.
func unpackContacts(b []byte) ([]ledger.Contact, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := wire.NewReader(b)
	cs := make([]ledger.Contact, r.Count())
	for i := range cs {
		cs[i] = ledger.Contact{
			Leg:     int(r.Uint()),
			Channel: touch.Channel(r.Interned()),
			At:      r.Time(),
			Kind:    touch.ContactKind(r.Interned()),
			Reports: ledger.ParseReports(r.Interned()),
		}
	}
	return cs, r.Err()
}
