package ruleset

import (
	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/jurisdiction"
)

// residence is where a customer lives, as far as that is known. It is read from
// the customer when a rule first asks.
type residence struct {
	read   bool
	places []string // canonical; none: nothing is known
}

// homes are the places where the customer lives.
func (f *facts) homes() []string {
	if f.residence.read {
		return f.residence.places
	}
	f.residence.read = true
	f.residence.places = f.residence.places[:0]
	if f.q.Customer == nil {
		return nil
	}
	for _, home := range f.q.Customer.Jurisdictions {
		place := jurisdiction.Canonical(home)
		if !jurisdiction.Known(place) && !f.vocabulary.Jurisdictions.Has(place) {
			// "usa" is no code: nobody can say where that is, so it may be
			// anywhere.
			f.residence.places = f.residence.places[:0]
			return nil
		}
		f.residence.places = append(f.residence.places, place)
	}
	return f.residence.places
}

// livesIn reports whether the customer lives in a place. Who lives in "us-ca"
// lives in "us". It is Unknown for one who may live there: of a customer in "us"
// nobody knows whether it is "us-fl". Where a part of the same country is known
// besides, that part counts.
func (f *facts) livesIn(place string) cond.Tri {
	homes := f.homes()
	if len(homes) == 0 {
		return cond.Unknown
	}
	value := cond.False
	for i, home := range homes {
		switch {
		case jurisdiction.Covers(place, home):
			return cond.True
		case jurisdiction.Covers(home, place) && !refined(homes, i):
			value = cond.Unknown
		}
	}
	return value
}

// refined reports whether another home lies within the i-th one.
func refined(homes []string, i int) bool {
	for j, other := range homes {
		if i != j && len(other) > len(homes[i]) && jurisdiction.Covers(homes[i], other) {
			return true
		}
	}
	return false
}

// Resident implements cond.Facts.
func (f *facts) Resident(place string) cond.Tri { return f.livesIn(jurisdiction.Canonical(place)) }

// binds reports whether a document that names jurisdictions binds this customer:
// one who lives, or may live, in one of them.
func (e *evaluation) binds(d *document) bool {
	for _, place := range d.jurisdictions {
		if e.livesIn(place) != cond.False {
			return true
		}
	}
	return false
}
